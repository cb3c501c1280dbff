/// The use that a monitor saw at moments at which all pods were in it.
struct MonitoredUse {
    private let samples: [RecordedRun.Sample]
    private let begin: Double
    /// Requests and hits until each second.
    private let requests, hits: [Double]
    /// Seconds from one sample to the next.
    let interval: Double
    private let changes: [Double]

    /// Cores of a pod without requests, where they are known.
    private let base: Double?
    private static let leastPoints = 5
    private static let leastPublications = 2
    /// A kubelet's sample is up to 20 s old when it is read, and some time passes until it is seen.
    static let mostLag = 30.0

    /// - Parameters:
    ///   - base: what pods use without requests; nil leaves it to the fit.
    ///   - kinds: which requests are hits; nil takes all as misses.
    init(_ run: RecordedRun, part: ClosedRange<Double>, base: Double?, kinds: LoggedKinds?) {
        self.base = base
        samples = run.samples.filter { part.contains($0.time) && $0.cores.used != nil && $0.pods > 0 }
        begin = part.lowerBound
        var counts = [Double](repeating: 0, count: Int(part.upperBound) + 2)
        var hits = counts
        for request in run.requests {
            let last = min(Int(request.start + request.seconds), counts.count - 2)
            for second in stride(from: max(0, Int(request.start)), through: last, by: 1) {
                let overlap =
                    min(request.start + request.seconds, Double(second + 1)) - max(request.start, Double(second))
                let count = request.count * max(0, overlap) / max(request.seconds, 1e-9)
                counts[second + 1] += count
                hits[second + 1] += count * (kinds?.share(second: second) ?? 0)
            }
        }
        for second in counts.indices.dropFirst() {
            counts[second] += counts[second - 1]
            hits[second] += hits[second - 1]
        }
        (requests, self.hits) = (counts, hits)
        let times = samples.map(\.time)
        interval = times.count > 1 ? (times[times.count - 1] - times[0]) / Double(times.count - 1) : 5
        changes = run.changes.map(\.time)
    }

    /// What was counted in a span, a second.
    private func rate(_ counted: [Double], from begin: Double, to end: Double) -> Double {
        func until(_ time: Double) -> Double {
            let index = max(0, min(Int(time), counted.count - 2))
            return counted[index] + (counted[index + 1] - counted[index]) * min(max(time - Double(index), 0), 1)
        }
        return (until(end) - until(begin)) / (end - begin)
    }

    /// A point is what was used in a second, on average over the span.
    func points(lag: Double, span: Double) -> [CPUFit.Point] {
        let points = samples.compactMap { sample -> CPUFit.Point? in
            let end = sample.time - lag
            // A new pod is not in the sum at first.
            let isSteady = !changes.contains { $0 <= sample.time && $0 > sample.time - 2 * span }
            guard end - span >= begin, isSteady else { return nil }
            return point(sample, from: end - span, to: end)
        }
        let loaded = points.count { $0.requests > 0 }
        return loaded >= Self.leastPoints ? points : []
    }

    private func point(_ sample: RecordedRun.Sample, from begin: Double, to end: Double) -> CPUFit.Point {
        let used = sample.cores.used ?? 0
        let hits = rate(hits, from: begin, to: end)
        var point = CPUFit.Point(
            cpu: used, podSeconds: Double(sample.pods), hits: hits, misses: rate(requests, from: begin, to: end) - hits,
            time: sample.time)
        if let base { (point.cpu, point.podSeconds) = (max(0, used - base * Double(sample.pods)), 0) }
        return point
    }

    /// A point is what metrics-server published, once, on average over the time since it published before.
    ///
    /// - Parameter phase: when it did, as seconds within the span.
    func publications(phase: Double, lag: Double, span: Double) -> [CPUFit.Point] {
        guard let last = samples.last else { return [] }
        var points: [CPUFit.Point] = []
        var index = 0
        for time in stride(from: phase, through: last.time, by: span) {
            // By then all nodes have been read, and nothing is read anew.
            let until = time + span - interval / 2
            while index + 1 < samples.count, samples[index + 1].time < until { index += 1 }
            let sample = samples[index]
            let end = time - lag
            // A new pod is not in the sum at first, and one that went is not in it any more.
            let isSteady = !changes.contains { $0 <= sample.time && $0 > time - span - Self.settling }
            guard sample.time >= time, sample.time < until, end - span >= begin, isSteady else { continue }
            points.append(point(sample, from: end - span, to: end))
        }
        return points.count { $0.requests > 0 } >= Self.leastPublications ? points : []
    }

    /// Until a new pod has been sampled twice.
    private static let settling = 20.0
}
