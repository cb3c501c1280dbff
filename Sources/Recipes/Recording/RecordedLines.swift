/// A recording as lines for the lab's six plots.
struct RecordedLines {
    struct Line {
        var points: [(time: Double, value: Double)]
        var isStepped = true
    }

    let run: RecordedRun

    init(_ run: RecordedRun) { self.run = run }

    var transactions: Line? {
        guard !run.requests.isEmpty else { return nil }
        let points = stride(from: 0, to: run.length, by: 60).map { start in
            (time: start + 30, value: run.requestCount(from: start, to: start + 60))
        }
        return Line(points: points, isStepped: false)
    }

    /// The mean of each interval, drawn from its begin to its end.
    var response: Line? { intervals { $0.mean.map { $0 * 1000 } } }

    var success: Line? {
        intervals { $0.requests > 0 ? 100 * Double($0.requests - $0.failures) / Double($0.requests) : nil }
    }

    private func intervals(_ value: (RecordedRun.Interval) -> Double?) -> Line? {
        let points = run.intervals.flatMap { interval in
            value(interval).map { [(time: interval.start, value: $0), (time: interval.end, value: $0)] } ?? []
        }
        return points.isEmpty ? nil : Line(points: points, isStepped: false)
    }

    var replicas: Line? { run.hasReplicas ? samples { Double($0.pods) } : nil }
    var cores: Line? { samples(\.cores.used) }
    var requestedCores: Line? {
        run.lackingColumns.contains("cpu_req_core") ? nil : samples { $0.cores.requested }
    }
    var memory: Line? { samples(\.memory.used) }

    private func samples(_ value: (RecordedRun.Sample) -> Double?) -> Line? {
        let points = run.samples.compactMap { sample in value(sample).map { (time: sample.time, value: $0) } }
        return points.isEmpty ? nil : Line(points: points)
    }
}
