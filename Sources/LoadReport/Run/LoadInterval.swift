/// A stretch of a run and the mean of its response times: a row of siege's log, or some rows of Locust's history.
package struct LoadInterval: Sendable, Equatable {
    /// Since 1970.
    package var start: Double
    package var seconds: Double
    /// Failed ones included.
    package var requests: Int
    package var failures: Int
    /// nil if nothing was answered.
    package var meanMilliseconds: Double?

    package init(start: Double, seconds: Double, requests: Int, failures: Int, meanMilliseconds: Double?) {
        self.start = start
        self.seconds = seconds
        self.requests = requests
        self.failures = failures
        self.meanMilliseconds = meanMilliseconds
    }
}

/// The means of stretches of at least ten seconds, from the mean of all requests so far in each row of a history.
struct HistoryMeans {
    private static let leastSeconds = 10.0
    private(set) var intervals: [LoadInterval] = []
    private(set) var parts: [RunPart] = []
    private var last: (time: Double, calls: Int, failures: Int, sum: Double)?

    /// - Parameter percentiles: in ms, of the last ten seconds.
    mutating func add(
        at time: Instant, calls: Int, failures: Int, mean: Double?, percentiles: [Double: Double] = [:]
    ) {
        guard let mean else { return }
        let row = (time: time.seconds, calls: calls, failures: failures, sum: mean * Double(calls))
        // "Reset statistics" starts again at zero.
        guard let last, calls >= last.calls else {
            self.last = row
            return
        }
        guard row.time - last.time >= Self.leastSeconds else { return }
        let requests = calls - last.calls
        intervals.append(
            LoadInterval(
                start: last.time, seconds: row.time - last.time, requests: requests, failures: failures - last.failures,
                meanMilliseconds: requests > 0 ? (row.sum - last.sum) / Double(requests) : nil))
        let answered = max(requests - (failures - last.failures), 0)
        parts.append(
            RunPart(
                seconds: row.time - last.time, answered: answered, failed: failures - last.failures,
                latencies: LatencyCounts(Percentiles(count: answered, values: percentiles)),
                meanMilliseconds: intervals.last?.meanMilliseconds))
        self.last = row
    }
}
