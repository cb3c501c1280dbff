import LoadReport

/// CPU of a hit, of a miss, and of a pod without requests, by least squares.
struct CPUFit {
    /// Milliseconds.
    var hit, miss: Calibration.Estimate?
    /// Cores of a pod.
    var base: Calibration.Estimate?
    private(set) var residual = 0.0

    /// CPU seconds that pods used in a stretch, and for what.
    struct Point {
        var cpu: Double
        var podSeconds: Double
        var hits: Double
        var misses: Double
    }

    private static let leastRequests = 50.0

    /// - Parameter isExact: whether a point's error is that of the model, not of a clock: then the worst of them counts.
    private init?(_ points: [Point], isExact: Bool, source: String) {
        let rows = points.map { point in
            // What requests add to the error grows with their number.
            LeastSquares.Row(
                factors: [point.podSeconds, point.hits, point.misses], value: point.cpu,
                weight: 1 / (1 + point.hits + point.misses))
        }
        guard points.reduce(0, { $0 + $1.hits + $1.misses }) >= Self.leastRequests else { return nil }
        let found = LeastSquares.solve(rows, unknowns: 3)
        residual = found.residual
        func estimate(_ column: Int, _ scale: Double) -> Calibration.Estimate? {
            guard let value = found.values[column] else { return nil }
            var error = found.errors[column].map { 2 * $0 }
            if isExact, column > 0 {
                error = max(error ?? 0, Self.worst(points, values: found.values, column: column))
            }
            return Calibration.Estimate(value * scale, plusMinus: error.map { $0 * scale }, source: source)
        }
        base = estimate(0, 1)
        hit = estimate(1, 1000)
        miss = estimate(2, 1000)
        guard hit != nil || miss != nil else { return nil }
    }

    /// The largest difference between a point's own cost of a request and the fit's, where it has many such requests.
    private static func worst(_ points: [Point], values: [Double?], column: Int) -> Double {
        let differences = points.compactMap { point -> Double? in
            let factors = [point.podSeconds, point.hits, point.misses]
            let count = factors[column]
            guard count >= leastRequests, count >= 0.5 * (point.hits + point.misses) else { return nil }
            let rest = factors.indices.filter { $0 != column }.reduce(0) { $0 + factors[$1] * (values[$1] ?? 0) }
            return abs((point.cpu - rest) / count - (values[column] ?? 0))
        }
        return differences.max() ?? 0
    }

    /// From the counters of servers before and after runs of known hit rates.
    static func of(proofs: [RunProof]) -> CPUFit? {
        let points = proofs.compactMap { proof -> Point? in
            var sum = Point(cpu: 0, podSeconds: 0, hits: 0, misses: 0)
            for counter in proof.counters {
                guard let first = counter.first, let last = counter.last, let before = first.cpuSeconds,
                    let after = last.cpuSeconds, after >= before, last.time > first.time
                else { return nil }
                sum.cpu += after - before
                sum.podSeconds += last.time.seconds - first.time.seconds
                sum.hits += Double(last.hit) - Double(first.hit)
                sum.misses += Double(last.miss) - Double(first.miss)
            }
            return sum.podSeconds > 0 && sum.hits >= 0 && sum.misses >= 0 ? sum : nil
        }
        guard !points.isEmpty else { return nil }
        return CPUFit(points, isExact: true, source: "process_cpu_seconds_total of \(points.count) runs of loadtest")
    }

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

    /// From the monitor's use and the requests of the time that it spans: the lag is the one that fits best.
    static func ofMonitor(_ run: RecordedRun, part: ClosedRange<Double>) -> CPUFit? {
        let times = run.publicationTimes
        guard times.count >= 4, let resolution = run.resolution else { return nil }
        var best: CPUFit?
        for lag in stride(from: 0.0, through: min(60, 1.5 * resolution), by: 1) {
            var points: [Point] = []
            for (begin, end) in zip(times, times.dropFirst()) where end - begin < 1.5 * resolution {
                guard part.contains(begin - lag), part.contains(end),
                    let sample = run.samples.first(where: { $0.time >= end }), let used = sample.cores.used,
                    run.isSteady(from: begin - 2 * resolution, to: end)
                else { continue }
                points.append(
                    Point(
                        cpu: used * (end - begin), podSeconds: Double(sample.pods) * (end - begin), hits: 0,
                        misses: run.requestCount(from: begin - lag, to: end - lag)))
            }
            guard
                let fit = CPUFit(
                    points, isExact: false,
                    source: "the monitor's use at \(points.count) publications, \(Int(lag)) s late; requests of unknown kind "
                        + "count as misses")
            else { continue }
            // With more lag there are fewer points, so sums are no measure.
            let error = fit.residual / Double(points.count)
            if best.map({ error < $0.residual }) ?? true {
                best = fit
                best?.residual = error
            }
        }
        return best
    }
}

extension RecordedRun {
    /// Whether the number of pods did not change: a new pod is not in the sum of use at first.
    fileprivate func isSteady(from begin: Double, to end: Double) -> Bool {
        let seen = samples.filter { $0.time >= begin && $0.time <= end }.map(\.pods)
        return seen.min() == seen.max()
    }
}
