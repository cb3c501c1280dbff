import Files
import Foundation
import LatencyAnalyzer

/// Locust's CSV files (`--csv`); the columns' source is Locust 2.47's `stats.py`.
enum LocustFiles {
    /// `*_stats_history.csv`: totals so far, second by second; percentiles are those of the last ten seconds.
    static func readHistory(_ file: InputFile) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        var last = (calls: 0, failures: 0)
        var times: ClosedRange<Instant>?
        var means = HistoryMeans()
        let losses = try RecordReader.readTable(file.text) { columns, row in
            guard let time = columns.number("Timestamp", in: row).flatMap(Instant.init(seconds:)),
                let calls = columns.count("Total Request Count", in: row),
                let failures = columns.count("Total Failure Count", in: row)
            else { return false }
            // With --csv-full-history each name has rows of its own beside the sum's.
            guard columns.text("Name", in: row) == "Aggregated" else { return true }
            let slot = LoadSlot(row, columns, calls: calls, failures: failures, after: last)
            last = (calls, failures)
            means.add(
                at: time, calls: calls, failures: failures, mean: columns.number("Total Average Response Time", in: row)
            )
            series.update(at: time.second) { $0.add(slot) }
            times.cover(time...time)
            return true
        }
        guard let times else { throw UnreadableFile("no rows") }
        var run = LoadRun(name: file.runName, tool: "locust")
        run.sources = [file.relativePath]
        run.times = times
        run.set(series, of: .statistics)
        run.intervals = means.intervals
        run.calls = last.calls
        run.failures = last.failures
        let seconds = times.upperBound.seconds - times.lowerBound.seconds
        if seconds > 0 { run.achievedRate = Double(last.calls - last.failures) / seconds }
        return (run, losses)
    }

    /// `*_stats.csv`: the whole run, of which the row of the sum is taken.
    static func readStatistics(_ file: InputFile) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var run: LoadRun?
        let losses = try RecordReader.readTable(file.text) { columns, row in
            guard let calls = columns.count("Request Count", in: row),
                let failures = columns.count("Failure Count", in: row)
            else { return false }
            guard columns.text("Name", in: row) == "Aggregated" else { return true }
            var found = LoadRun(name: file.runName, tool: "locust")
            found.sources = [file.relativePath]
            found.detail = .statistics
            (found.calls, found.failures) = (calls, failures)
            let rate = columns.number("Requests/s", in: row) ?? 0
            found.achievedRate = max(rate - (columns.number("Failures/s", in: row) ?? 0), 0)
            let values = LatencyHistogram.percentiles.compactMap { percentile in
                let title = percentile == percentile.rounded() ? "\(Int(percentile))%" : "\(percentile)%"
                return columns.number(title, in: row).map { (percentile, $0) }
            }
            found.percentiles = Percentiles(
                count: calls, values: Dictionary(uniqueKeysWithValues: values),
                longest: columns.number("Max Response Time", in: row))
            found.meanMilliseconds = columns.number("Average Response Time", in: row)
            run = found
            return true
        }
        guard let run else { throw UnreadableFile("no row of the sum, \"Aggregated\"") }
        return (run, losses)
    }

    private static let maximumErrorCount = 20

    /// `*_failures.csv`: what failed, and how often.
    static func readFailures(_ file: InputFile) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var run = LoadRun(name: file.runName, tool: "locust")
        run.sources = [file.relativePath]
        let losses = try RecordReader.readTable(file.text) { columns, row in
            guard let error = columns.text("Error", in: row), let count = columns.count("Occurrences", in: row) else {
                return false
            }
            let call = [columns.text("Method", in: row), columns.text("Name", in: row)].compactMap(\.self)
            guard run.errors.count < maximumErrorCount else { return true }
            run.errors.append(("\(call.joined(separator: " ")): \(error)".oneLine, count))
            return true
        }
        return (run, losses)
    }
}

/// The means of stretches of at least ten seconds, from the mean of all requests so far in each row.
private struct HistoryMeans {
    private static let leastSeconds = 10.0
    private(set) var intervals: [LoadInterval] = []
    private var last: (time: Double, calls: Int, failures: Int, sum: Double)?

    mutating func add(at time: Instant, calls: Int, failures: Int, mean: Double?) {
        guard let mean else { return }
        let row = (time: time.seconds, calls: calls, failures: failures, sum: mean * Double(calls))
        // "Reset statistics" begins anew.
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
        self.last = row
    }
}

extension LoadSlot {
    /// A row of totals so far, less those before it.
    fileprivate init(
        _ row: [String], _ columns: ColumnNames, calls: Int, failures: Int, after last: (calls: Int, failures: Int)
    ) {
        self.init()
        // Locust's "reset statistics" begins anew.
        self.calls = calls - (calls < last.calls ? 0 : last.calls)
        self.failures = failures - (failures < last.failures ? 0 : last.failures)
        users = columns.count("User Count", in: row) ?? 0
        for percentile in Self.percentiles {
            milliseconds[percentile] = columns.number("\(Int(percentile))%", in: row)
        }
    }
}
