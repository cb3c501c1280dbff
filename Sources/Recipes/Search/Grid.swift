import Foundation
import Simulation

extension SearchSpace {
    /// Numbers that a search may not leave, where a person asked for them.
    package struct Wanted: Sendable {
        /// Millicores.
        package var requests, limits: [Int]
        package var least, most, targets: [Int]

        package init(
            requests: [Int] = [], limits: [Int] = [], least: [Int] = [], most: [Int] = [], targets: [Int] = []
        ) {
            self.requests = requests
            self.limits = limits
            self.least = least
            self.most = most
            self.targets = targets
        }

        /// Whether a recipe has none but these numbers.
        func allow(_ candidate: Candidate) -> Bool {
            func has(_ list: [Int], _ number: Int) -> Bool { list.isEmpty || list.contains(number) }
            return has(requests, candidate.request) && has(limits, candidate.limit) && has(least, candidate.least)
                && has(most, candidate.most) && (candidate.isFixed || has(targets, candidate.target))
        }
    }

    /// The recipes that can be proposed, and for each reason that leaves some out an example and how many.
    package struct Grid: Sendable {
        package var candidates: [Candidate]
        package var leftOut: [(example: Candidate, obstacle: Obstacle, count: Int)]
    }

    /// All combinations around today's numbers and the replicas that the load's height needs.
    ///
    /// - Parameter isFine: steps of half the size, for checks of the search itself.
    package func grid(_ wanted: Wanted = Wanted(), isFine: Bool = false) -> Grid {
        let peak = LoadShape(self).peak
        var all: [Candidate] = []
        for request in wanted.requests.isEmpty ? requests(isFine) : wanted.requests {
            let need = max(1, Int((peak * 1000 / Double(request)).rounded(.up)))
            for limit in wanted.limits.isEmpty ? limits(request) : wanted.limits {
                for (least, most) in replicas(need: need, request: request, wanted: wanted, isFine: isFine) {
                    all += candidates(request, limit, least, most, wanted: wanted, isFine: isFine)
                }
            }
        }
        return sorted(out: all)
    }

    private func candidates(
        _ request: Int, _ limit: Int, _ least: Int, _ most: Int, wanted: Wanted, isFine: Bool
    ) -> [Candidate] {
        // Neither target nor pace matters where nothing changes.
        if least == most {
            return [Candidate(request: request, limit: limit, least: least, most: most, target: 80, pace: .today)]
        }
        let targets = isFine ? [30, 40, 50, 60, 75] : [30, 45, 60, 75]
        let paces: [Candidate.Pace] = [.today, .quick]
        return (wanted.targets.isEmpty ? targets : wanted.targets).flatMap { target in
            paces.map {
                Candidate(request: request, limit: limit, least: least, most: most, target: target, pace: $0)
            }
        }
    }

    private func sorted(out all: [Candidate]) -> Grid {
        var grid = Grid(candidates: [], leftOut: [])
        var seen: Set<Candidate> = []
        for candidate in all where seen.insert(candidate).inserted {
            guard let obstacle = obstacle(to: candidate) else {
                grid.candidates.append(candidate)
                continue
            }
            if let index = grid.leftOut.firstIndex(where: { $0.obstacle == obstacle }) {
                grid.leftOut[index].count += 1
            } else {
                grid.leftOut.append((candidate, obstacle, 1))
            }
        }
        return grid
    }

    private func requests(_ isFine: Bool) -> [Int] {
        let today = max(10, Int((recipe.monitored.cpuRequest * 1000).rounded()))
        let factors = isFine ? [0.5, 0.75, 1, 1.5, 2] : [0.5, 1, 1.5, 2]
        return Self.unique(factors.map { Int((Double(today) * $0 / 10).rounded()) * 10 }.filter { $0 > 0 })
    }

    /// As much as the request, twice that, what is in the manifests, and their ratio.
    private func limits(_ request: Int) -> [Int] {
        let today = recipe.monitored
        let ratio = today.cpuRequest > 0 ? today.cpuLimit / today.cpuRequest : 0
        let most = Int((scenario.nodes.map(\.cores).max() ?? 0) * 1000)
        return Self.unique(
            [request, 2 * request, Int((Double(request) * ratio / 10).rounded()) * 10, Int(today.cpuLimit * 1000)]
                .filter { $0 >= request }.map { min($0, most) })
    }

    private func replicas(need: Int, request: Int, wanted: Wanted, isFine: Bool) -> [(Int, Int)] {
        let parts =
            isFine ? [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1, 1.25] : [0.125, 0.25, 0.5, 0.75, 1, 1.25]
        let counts = Self.unique(parts.map { max(1, Int((Double(need) * $0).rounded())) })
        let today = Candidate(recipe)
        let least = Self.unique([1, today?.least ?? 1] + counts.filter { Double($0) <= 0.8 * Double(need) })
        let most = Self.unique([today?.most ?? 1] + counts.filter { $0 > 1 })
        let lows = wanted.least.isEmpty ? least : wanted.least
        let highs = wanted.most.isEmpty ? most : wanted.most
        let ranges = lows.flatMap { low in highs.filter { $0 > low }.map { (low, $0) } }
        let isAsked = !wanted.least.isEmpty || !wanted.most.isEmpty
        let fixed = Self.unique(isAsked ? wanted.least + wanted.most : counts + [1]).filter { count in
            [wanted.least, wanted.most].allSatisfy { $0.isEmpty || $0.contains(count) }
        }
        return fixed.map { ($0, $0) } + ranges
    }

    private static func unique(_ values: [Int]) -> [Int] { Array(Set(values)).sorted() }
}
