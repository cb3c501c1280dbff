import Foundation
import LoadReport

/// CPU of a hit, of a miss, and of a pod without requests, by least squares.
struct CPUFit {
    /// Milliseconds.
    var hit, miss: Calibration.Estimate?
    /// By which a request costs more than those that come within `shared` seconds after it.
    var wakeUp: Calibration.Estimate?
    var shared = 0.0
    /// Cores of a pod.
    var base: Calibration.Estimate?
    private(set) var residual = 0.0
    /// The largest difference between a point's CPU and the fit's, as a share.
    private var misfit = 0.0

    /// CPU seconds that pods used in a stretch, and for what.
    struct Point {
        var cpu: Double
        var podSeconds: Double
        var hits: Double
        var misses: Double
        var wakeUps = 0.0

        /// Fewer than the requests where some share one: after each, a pod takes what comes within `shared` seconds along.
        func sharing(_ shared: Double) -> Point {
            var point = self
            point.wakeUps = (hits + misses) / (1 + (hits + misses) / podSeconds * shared)
            return point
        }
    }

    private static let leastRequests = 50.0
    /// Of the CPU that a process counts, whatever the fit says; of what others publish of it, whose errors hang together.
    private static let leastError = (exact: 0.01, published: 0.02)
    /// Rejections cost something too: with a larger share of them a run tells little.
    private static let mostRejected = 0.05

    /// - Parameter isExact: whether a point's error is that of the model, not of a clock: then the worst of them counts.
    private init?(_ points: [Point], isExact: Bool, source: String) {
        let rows = points.map { point in
            // What requests add to the error grows with their number; where the model itself is what errs, it errs by a share.
            LeastSquares.Row(
                factors: point.factors, value: point.cpu,
                weight: isExact ? pow(max(point.cpu, 0.01), -2) : 1 / (1 + point.hits + point.misses))
        }
        guard points.contains(where: { $0.hits + $0.misses > 0 }) else { return nil }
        var found = LeastSquares.solve(rows, unknowns: 4)
        // A base that may as well be zero takes CPU from the requests, or gives them some: without an idle stretch a few
        // points of about the same rate tell the sum only.
        let isSure = found.values[0].map { base in found.errors[0].map { 2 * $0 < base } ?? false } ?? false
        if !isSure {
            found = LeastSquares.solve(
                rows.map {
                    LeastSquares.Row(factors: [0] + $0.factors.dropFirst(), value: $0.value, weight: $0.weight)
                },
                unknowns: 4)
        }
        residual = found.residual
        func estimate(_ column: Int, _ scale: Double) -> Calibration.Estimate? {
            guard let value = found.values[column] else { return nil }
            var error = found.errors[column].map { 2 * $0 }
            if isExact, column > 0, let known = error {
                error = max(
                    known, Self.worst(points, values: found.values, column: column), Self.leastError.exact * value)
            } else if column > 0 {
                error = error.map { max($0, Self.leastError.published * value) }
            }
            return Calibration.Estimate(value * scale, plusMinus: error.map { $0 * scale }, source: source)
        }
        base = estimate(0, 1)
        hit = estimate(1, 1000)
        miss = estimate(2, 1000)
        wakeUp = estimate(3, 1000)
        misfit = isExact ? Self.misfit(points, values: found.values) : 0
        // Requests without CPU: what was used was not theirs.
        guard (hit?.value ?? 0) + (miss?.value ?? 0) > 0 else { return nil }
    }

    /// The largest difference between a point's own cost of a request and the fit's, where it has many such requests.
    private static func worst(_ points: [Point], values: [Double?], column: Int) -> Double {
        let differences = points.compactMap { point -> Double? in
            let factors = point.factors
            let count = factors[column]
            guard count >= leastRequests, count >= 0.5 * (point.hits + point.misses) else { return nil }
            let rest = factors.indices.filter { $0 != column }.reduce(0) { $0 + factors[$1] * (values[$1] ?? 0) }
            return abs((point.cpu - rest) / count - (values[column] ?? 0))
        }
        return differences.max() ?? 0
    }

    private static func misfit(_ points: [Point], values: [Double?]) -> Double {
        let shares = points.map { point in
            abs(1 - zip(point.factors, values).reduce(0) { $0 + $1.0 * ($1.1 ?? 0) } / max(point.cpu, 0.01))
        }
        return shares.max() ?? 0
    }

    /// From the counters of servers before and after runs. CPU and requests are counted by the same process, so a run counts
    /// whatever its verdict is.
    static func of(proofs: [RunProof]) -> CPUFit? {
        let points = proofs.compactMap { proof -> Point? in
            var sum = Point(cpu: 0, podSeconds: 0, hits: 0, misses: 0)
            var rejected = 0.0
            for counter in proof.counters {
                guard let first = counter.first, let last = counter.last, let before = first.cpuSeconds,
                    let after = last.cpuSeconds, after >= before, last.time > first.time
                else { return nil }
                sum.cpu += after - before
                sum.podSeconds += last.time.seconds - first.time.seconds
                sum.hits += Double(last.hit) - Double(first.hit)
                sum.misses +=
                    Double(last.miss) - Double(first.miss) + Double(last.bypass ?? 0) - Double(first.bypass ?? 0)
                rejected += Double(last.refused ?? 0) - Double(first.refused ?? 0)
            }
            guard sum.podSeconds > 0, sum.hits >= 0, sum.misses >= 0 else { return nil }
            return rejected <= mostRejected * (sum.hits + sum.misses) ? sum : nil
        }
        guard !points.isEmpty else { return nil }
        return best(points, source: "process_cpu_seconds_total of \(points.count) runs")
    }

    /// With a cost of wake-ups, where there are enough runs to tell it and it explains what a cost a request does not.
    private static func best(_ points: [Point], source: String) -> CPUFit? {
        let plain = CPUFit(points, isExact: true, source: source)
        guard let plain, plain.misfit > worthwhileMisfit, points.count >= leastRunsForWakeUps else { return plain }
        let times = (0...16).map { 0.0005 * pow(1.5, Double($0)) }
        let fits = times.compactMap { shared -> CPUFit? in
            var fit = CPUFit(points.map { $0.sharing(shared) }, isExact: true, source: source)
            fit?.shared = shared
            return fit
        }
        guard let found = fits.min(by: { $0.residual < $1.residual }), found.residual < plain.residual / 2,
            (found.wakeUp?.value ?? 0) > 0
        else { return plain }
        return found
    }

    private static let worthwhileMisfit = 0.1
    private static let leastRunsForWakeUps = 6

    /// From a recording of each pod's CPU counter, with the requests of its scoring log.
    static func ofCounters(_ run: RecordedRun, part: ClosedRange<Double>) -> CPUFit? {
        let byPod = Dictionary(grouping: run.publications.filter { $0.cpuSeconds != nil }, by: \.pod)
        let logged = Dictionary(run.podRequests.map { ($0.pod, $0.seconds) }, uniquingKeysWith: { first, _ in first })
        guard !byPod.isEmpty, byPod.keys.allSatisfy({ logged[$0] != nil }) || byPod.count == 1 else { return nil }
        var points: [Point] = []
        for (pod, values) in byPod.sorted(by: { $0.key < $1.key }) {
            let sorted = values.sorted { $0.stamp < $1.stamp }
            for (one, next) in zip(sorted, sorted.dropFirst()) where next.stamp > one.stamp {
                guard part.contains(one.stamp), part.contains(next.stamp), let before = one.cpuSeconds,
                    let after = next.cpuSeconds, after >= before
                else { continue }
                let count =
                    logged[pod].map { requests(in: $0, from: one.stamp, to: next.stamp) }
                    ?? run.requestCount(from: one.stamp, to: next.stamp)
                points.append(
                    Point(cpu: after - before, podSeconds: next.stamp - one.stamp, hits: 0, misses: count))
            }
        }
        // One alone tells no error.
        guard points.count > 1, points.reduce(0, { $0 + $1.misses }) >= leastRequests else { return nil }
        return CPUFit(
            points, isExact: false,
            source: "each pod's CPU counter at \(points.count) publications; requests of unknown kind count as misses")
    }

    private static func requests(in seconds: [Int: Int], from begin: Double, to end: Double) -> Double {
        var sum = 0.0
        for second in Int(begin.rounded(.down))...Int(end.rounded(.down)) {
            let overlap = min(end, Double(second + 1)) - max(begin, Double(second))
            sum += Double(seconds[second] ?? 0) * max(0, overlap)
        }
        return sum
    }

    /// From the monitor's use and the requests of the time that it spans: lag and span are those that fit best.
    static func ofMonitor(_ run: RecordedRun, part: ClosedRange<Double>, base: Double?) -> CPUFit? {
        let series = MonitoredUse(run, part: part, base: base)
        var best: (fit: CPUFit, error: Double)?
        for span in run.resolution.map({ [$0] }) ?? [15.0, 30, 60] {
            let phase = run.scrapePhase(resolution: span)
            for lag in stride(from: 0.0, through: phase == nil ? span * 1.25 : MonitoredUse.mostLag, by: 1) {
                let points =
                    phase.map { series.publications(phase: $0, lag: lag, span: span) }
                    ?? series.points(lag: lag, span: span)
                let what = phase == nil ? "moments" : "publications"
                guard
                    let fit = CPUFit(
                        points, isExact: false,
                        source:
                            "the monitor's use at \(points.count) \(what), a mean over \(Int(span)) s that is \(Int(lag)) s "
                            + "late; requests of unknown kind count as misses")
                else { continue }
                let error = fit.residual / Double(points.count)
                if best.map({ error < $0.error }) ?? true {
                    best = (phase == nil ? fit.widened(by: (span / series.interval).squareRoot()) : fit, error)
                }
            }
        }
        return best?.fit
    }

    /// What follows from points that share most of their time is less sure than their number says.
    private func widened(by factor: Double) -> CPUFit {
        var fit = self
        for key in [\CPUFit.hit, \CPUFit.miss, \CPUFit.base] {
            fit[keyPath: key]?.plusMinus? *= max(1, factor)
        }
        return fit
    }
}

extension CPUFit.Point {
    /// In the order of the unknowns.
    fileprivate var factors: [Double] { [podSeconds, hits, misses, wakeUps] }
}
