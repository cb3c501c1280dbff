/// The use that a monitor saw at moments at which all pods were in it.
struct MonitoredUse {
    private let samples: [RecordedRun.Sample]
    private let begin: Double
    /// Requests until each second.
    private let requests: [Double]
    /// Seconds from one sample to the next.
    let interval: Double
    private let changes: [Double]

    /// Cores of a pod without requests, where they are known.
    private let base: Double?
    private static let leastPoints = 5
    private static let leastPublications = 2
    /// A kubelet's sample is up to 20 s old when it is read, and some time passes until it is seen.
    static let mostLag = 30.0

    /// - Parameter base: what pods use without requests; nil leaves it to the fit.
    init(_ run: RecordedRun, part: ClosedRange<Double>, base: Double?) {
        self.base = base
        samples = run.samples.filter { part.contains($0.time) && $0.cores.used != nil && $0.pods > 0 }
        begin = part.lowerBound
        var counts = [Double](repeating: 0, count: Int(part.upperBound) + 2)
        for request in run.requests {
            let last = min(Int(request.start + request.seconds), counts.count - 2)
            for second in stride(from: max(0, Int(request.start)), through: last, by: 1) {
                let overlap =
                    min(request.start + request.seconds, Double(second + 1)) - max(request.start, Double(second))
                counts[second + 1] += request.count * max(0, overlap) / max(request.seconds, 1e-9)
            }
        }
        for second in counts.indices.dropFirst() { counts[second] += counts[second - 1] }
        requests = counts
        let times = samples.map(\.time)
        interval = times.count > 1 ? (times[times.count - 1] - times[0]) / Double(times.count - 1) : 5
        changes = run.changes.map(\.time)
    }

    private func requests(until time: Double) -> Double {
        let index = max(0, min(Int(time), requests.count - 2))
        return requests[index] + (requests[index + 1] - requests[index]) * min(max(time - Double(index), 0), 1)
    }

    /// A point is what was used in a second, on average over the span.
    func points(lag: Double, span: Double) -> [CPUFit.Point] {
        let points = samples.compactMap { sample -> CPUFit.Point? in
            let end = sample.time - lag
            // A new pod is not in the sum at first.
            let isSteady = !changes.contains { $0 <= sample.time && $0 > sample.time - 2 * span }
            guard end - span >= begin, isSteady else { return nil }
            let count = requests(until: end) - requests(until: end - span)
            return point(sample, requests: count / span)
        }
        let loaded = points.count { $0.misses > 0 }
        return loaded >= Self.leastPoints ? points : []
    }

    private func point(_ sample: RecordedRun.Sample, requests: Double) -> CPUFit.Point {
        let used = sample.cores.used ?? 0
        guard let base else {
            return CPUFit.Point(cpu: used, podSeconds: Double(sample.pods), hits: 0, misses: requests)
        }
        return CPUFit.Point(
            cpu: max(0, used - base * Double(sample.pods)), podSeconds: 0, hits: 0, misses: requests)
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
            points.append(point(sample, requests: (requests(until: end) - requests(until: end - span)) / span))
        }
        return points.count { $0.misses > 0 } >= Self.leastPublications ? points : []
    }

    /// Until a new pod has been sampled twice.
    private static let settling = 20.0
}
