import Foundation

extension Objective {
    func median(_ evaluation: Evaluation) -> Double { evaluation.median(value) }

    /// Indices of those that no other beats in both cost and latency, of evaluations in the order of cost.
    package func front(_ evaluations: [Evaluation]) -> [Int] {
        var best = Double.infinity
        let front = evaluations.indices.filter { index in
            let latency = median(evaluations[index])
            guard latency < best else { return false }
            best = latency
            return true
        }
        // Where all leave more than a twentieth of the requests unserved, the one that serves the most.
        let served = evaluations.indices.min { evaluations[$0].median(\.unserved) < evaluations[$1].median(\.unserved) }
        return front.isEmpty ? [served].compactMap(\.self) : front
    }

    /// Those that no other beats by more than the margins in both.
    ///
    /// - Parameter isAllowed: what may be chosen: today's recipe, where it may not, drops nothing that was asked for.
    func survivors(
        _ evaluations: [Evaluation], today: Candidate?, margins: (cost: Double, latency: Double),
        where isAllowed: (Candidate) -> Bool
    ) -> [Candidate] {
        let points = evaluations.map { (cost: $0.median(\.cost), latency: median($0)) }
        let rivals = evaluations.indices.filter { isAllowed(evaluations[$0].candidate) }.map { points[$0] }
        return evaluations.indices.filter { index in
            let point = points[index]
            if evaluations[index].candidate == today { return true }
            return !rivals.contains {
                $0.cost <= margins.cost * point.cost
                    && ($0.latency <= margins.latency * point.latency
                        || point.latency == .infinity && $0.latency < .infinity)
            }
        }.map { evaluations[$0].candidate }
    }

    /// The cheapest one that keeps the objective with every seed; without one, the knee of the front.
    ///
    /// - Parameter isAllowed: what may be chosen.
    func choice(
        of front: [Int], among evaluations: [Evaluation], where isAllowed: (Candidate) -> Bool
    ) -> (index: Int?, isKept: Bool) {
        let allowed = evaluations.indices.filter { isAllowed(evaluations[$0].candidate) }
        let fastest = allowed.min {
            (median(evaluations[$0]), evaluations[$0].median(\.unserved))
                < (median(evaluations[$1]), evaluations[$1].median(\.unserved))
        }
        guard let most else {
            let best = self.front(allowed.map { evaluations[$0] }).map { allowed[$0] }
            guard let knee = knee(of: best, among: evaluations) else { return (fastest, false) }
            return (cheapest(asFastAs: evaluations[knee], of: allowed, among: evaluations) ?? knee, true)
        }
        let keeping = allowed.first { evaluations[$0].runs.allSatisfy { value($0) <= most } }
        return keeping.map { ($0, true) } ?? (fastest, false)
    }

    /// What costs less for a latency that differs by the noise only.
    private func cheapest(asFastAs knee: Evaluation, of allowed: [Int], among evaluations: [Evaluation]) -> Int? {
        let range = knee.range(value)
        let most = max(range.most.isFinite ? range.most : range.median, range.median * Self.noise)
        return allowed.first { median(evaluations[$0]) <= most }
    }

    private static let noise = 1.02

    /// Where the front turns: the point farthest below the line between its ends, latency by its logarithm.
    private func knee(of front: [Int], among evaluations: [Evaluation]) -> Int? {
        let points = front.map {
            (index: $0, cost: evaluations[$0].median(\.cost), latency: log(max(median(evaluations[$0]), 1e-6)))
        }
        .filter { $0.latency.isFinite }
        guard let first = points.first, let last = points.last, points.count > 2, last.cost > first.cost else {
            return points.last?.index
        }
        let fall = first.latency - last.latency
        func depth(_ point: (index: Int, cost: Double, latency: Double)) -> Double {
            let x = (point.cost - first.cost) / (last.cost - first.cost)
            let y = fall > 0 ? (point.latency - last.latency) / fall : 0
            return 1 - x - y
        }
        return points.max { depth($0) < depth($1) }?.index
    }
}

extension Candidate {
    /// Whether a pod lives on what it reserves: with a target above that, or a limit far above it, it needs what the other pods
    /// of a node happen to leave, and a search for low cost would reserve next to nothing.
    var isReserved: Bool { (isFixed || target <= 90) && limit <= 4 * request }

    /// With one number changed to the next smaller or larger value.
    var neighbours: [(name: String, candidate: Candidate)] {
        func with(_ name: String, _ change: (inout Candidate) -> Void) -> (name: String, candidate: Candidate)? {
            var changed = self
            change(&changed)
            guard changed != self, changed.least >= 1, changed.most >= changed.least, changed.request > 0,
                changed.limit == 0 || changed.limit >= changed.request
            else { return nil }
            return (name, changed)
        }
        func step(_ value: Int, _ factor: Double) -> Int { max(10, Int((Double(value) * factor / 10).rounded()) * 10) }
        if isFixed {
            return [
                with("one pod fewer") { ($0.least, $0.most) = (least - 1, least - 1) },
                with("one pod more") { ($0.least, $0.most) = (least + 1, least + 1) },
                with("request smaller") { $0.request = step(request, 0.75) },
                with("request larger") { $0.request = step(request, 1.25) },
                with("limit smaller") { $0.limit = step(limit, 0.75) },
                with("limit larger") { $0.limit = limit == 0 ? 0 : step(limit, 1.25) },
            ].compactMap(\.self)
        }
        return [
            with("min smaller") { $0.least -= 1 }, with("min larger") { $0.least += 1 },
            with("max smaller") { $0.most -= 1 }, with("max larger") { $0.most += 1 },
            with("target smaller") { $0.target = max(5, target - 10) }, with("target larger") { $0.target += 10 },
            with("request smaller") { $0.request = step(request, 0.75) },
            with("request larger") { $0.request = step(request, 1.25) },
            with("limit smaller") { $0.limit = limit == 0 ? 0 : step(limit, 0.75) },
            with("limit larger") { $0.limit = limit == 0 ? 0 : step(limit, 1.25) },
            with("the other pace") { $0.pace = pace == .quick ? .today : .quick },
        ].compactMap(\.self)
    }
}
