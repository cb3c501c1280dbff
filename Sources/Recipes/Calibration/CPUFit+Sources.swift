import Foundation
import LoadReport

/// Where the CPU and the requests are known from, the best first.
extension CPUFit {
    /// Rejections cost something too: with a larger share of them a run shows little.
    private static let mostRejected = 0.05
    private static let worthwhileMisfit = 0.1
    private static let leastRunsForWakeUps = 6
    /// Seconds within which errors hang together: what one publication has too little, the next has too much.
    private static let block = 30.0

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
            return rejected <= mostRejected * sum.requests ? sum : nil
        }
        guard !points.isEmpty else { return nil }
        return best(points, source: "process_cpu_seconds_total of \(points.count) runs", hitTime: nil)
    }

    /// From `/metrics` that were saved before and after a load.
    static func of(spans: [RecordedRun.CounterSpan], part: ClosedRange<Double>) -> CPUFit? {
        let within = spans.filter {
            part.lowerBound <= $0.begin + 1 && $0.end <= part.upperBound + 1
                && $0.rejected <= mostRejected * ($0.hits + $0.misses)
        }
        let points = within.map { span in
            Point(
                cpu: span.cpuSeconds, podSeconds: span.end - span.begin, hits: span.hits, misses: span.misses,
                time: span.begin)
        }
        guard points.reduce(0, { $0 + $1.requests }) >= leastRequests else { return nil }
        let source = "process_cpu_seconds_total between \(points.count + 1) saved /metrics"
        var fit = best(points, source: source, hitTime: within.compactMap(\.hitTime).max().map { $0 * 1000 })
        // One pair does not tell how much of it the server needs without requests: what it did at most before the first one.
        if points.count == 1, fit?.miss?.plusMinus == nil, let idle = within[0].mostBase, let cost = fit?.miss?.value {
            let most = idle * points[0].podSeconds / max(points[0].misses, 1) * 1000
            fit?.miss?.plusMinus = max(most, leastError.exact * cost)
        }
        return fit
    }

    /// With a cost of wake-ups, where there are enough runs to tell it and it explains what a cost a request does not.
    private static func best(_ points: [Point], source: String, hitTime: Double?) -> CPUFit? {
        let plain = apart(points, isExact: true, source: source, hitTime: hitTime)
        guard let plain, plain.mixture == nil, plain.misfit > worthwhileMisfit, points.count >= leastRunsForWakeUps
        else {
            return plain
        }
        let times = (0...16).map { 0.0005 * pow(1.5, Double($0)) }
        let fits = times.compactMap { shared -> CPUFit? in
            var fit = CPUFit(points.map { $0.sharing(shared) }, isExact: true, source: source)
            fit?.shared = shared
            return fit
        }
        guard var found = fits.min(by: { $0.residual < $1.residual }), found.residual < plain.residual / 2,
            (found.wakeUp?.value ?? 0) > 0
        else { return plain }
        found.hitShare = plain.hitShare
        return found
    }

    /// From a recording of each pod's CPU counter, with the requests of its scoring log.
    static func ofCounters(_ run: RecordedRun, part: ClosedRange<Double>, kinds: LoggedKinds?) -> CPUFit? {
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
                var point = Point(cpu: after - before, podSeconds: next.stamp - one.stamp, hits: 0, misses: 0)
                // Pods that are read together are of one time.
                point.time = (next.time / 5).rounded() * 5
                point.add(
                    logged[pod], of: kinds, pod: pod, from: one.stamp, to: next.stamp,
                    otherwise: run.requestCount(from: one.stamp, to: next.stamp))
                points.append(point)
            }
        }
        // One alone shows no error.
        guard points.count > 1, points.reduce(0, { $0 + $1.requests }) >= leastRequests else { return nil }
        return apart(
            points, isExact: false, block: block,
            source: "each pod's CPU counter at \(points.count) publications\(text(of: kinds))", hitTime: kinds?.hitTime)
    }

    private static func text(of kinds: LoggedKinds?) -> String {
        kinds.map { "; hits are what took less than \(fixed($0.threshold, 1)) ms in the scoring log" }
            ?? "; requests of unknown kind count as misses"
    }

    /// From the monitor's use and the requests of the time that it spans: lag and span are those that fit best.
    static func ofMonitor(
        _ run: RecordedRun, part: ClosedRange<Double>, base: Double?, kinds: LoggedKinds?
    ) -> CPUFit? {
        let series = MonitoredUse(run, part: part, base: base, kinds: kinds)
        var best: (points: [Point], span: Double, source: String, error: Double)?
        for span in run.resolution.map({ [$0] }) ?? [15.0, 30, 60] {
            let phase = run.scrapePhase(resolution: span)
            for lag in stride(from: 0.0, through: phase == nil ? span * 1.25 : MonitoredUse.mostLag, by: 1) {
                let points =
                    phase.map { series.publications(phase: $0, lag: lag, span: span) }
                    ?? series.points(lag: lag, span: span)
                let what = phase == nil ? "moments" : "publications"
                let source =
                    "the monitor's use at \(points.count) \(what), a mean over \(Int(span)) s that is \(Int(lag)) s "
                    + "late\(text(of: kinds))"
                // The lag is that of all requests, whatever their kinds.
                guard let fit = CPUFit(points.map(\.merged), isExact: false, block: .infinity, source: source) else {
                    continue
                }
                let error = fit.residual / Double(points.count)
                if best.map({ error < $0.error }) ?? true { best = (points, span, source, error) }
            }
        }
        guard let best else { return nil }
        let isPublished = run.scrapePhase(resolution: best.span) != nil
        let fit = apart(
            best.points, isExact: false, block: isPublished ? block : 2 * best.span, source: best.source,
            hitTime: kinds?.hitTime)
        return isPublished ? fit : fit?.widened(by: (best.span / series.interval).squareRoot())
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
    /// Adds the requests of a stretch: those of a pod's log, or a number.
    fileprivate mutating func add(
        _ seconds: [Int: Int]?, of kinds: LoggedKinds?, pod: String, from begin: Double, to end: Double,
        otherwise count: Double
    ) {
        guard let seconds else {
            let share = kinds?.share ?? 0
            (hits, misses) = (hits + share * count, misses + (1 - share) * count)
            return
        }
        for second in Int(begin.rounded(.down))...Int(end.rounded(.down)) {
            let overlap = min(end, Double(second + 1)) - max(begin, Double(second))
            let count = Double(seconds[second] ?? 0) * max(0, overlap)
            let share = kinds?.share(second: second, pod: pod) ?? 0
            (hits, misses) = (hits + share * count, misses + (1 - share) * count)
        }
    }
}
