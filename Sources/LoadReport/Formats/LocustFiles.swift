import Files
import Foundation
import LatencyAnalyzer

/// Locust's CSV files (`--csv`, or downloads from its page).
///
/// The columns' source is `stats.py` of Locust 0.14.6, 1.0, 1.4, 2.0, 2.20 and 2.47; until 0.14 they had other titles, and
/// the history had no users.
enum LocustFiles {
    private static let requests = ["Request Count", "# requests"]
    private static let failures = ["Failure Count", "# failures"]
    private static let failureRates = ["Failures/s", "Requests Failed/s"]
    // The order that all versions have.
    private static let order = [
        ["Request Count", "# requests"], ["Failure Count", "# failures"], ["Median Response Time"],
        ["Average Response Time"], ["Min Response Time"], ["Max Response Time"], ["Average Content Size"],
        ["Requests/s"], ["Failures/s", "Requests Failed/s"],
    ]

    /// `*_stats_history.csv`: totals so far, second by second; percentiles are those of the last ten seconds.
    static func readHistory(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        var last = (calls: 0, failures: 0)
        var most = 0
        var times: ClosedRange<Instant>?
        var means = HistoryMeans()
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let time = columns.number("Timestamp", in: row).flatMap(Instant.init(seconds:)),
                let calls = columns.count(["Total Request Count"] + requests, in: row),
                let failures = columns.count(["Total Failure Count"] + failures, in: row), failures <= calls
            else { return false }
            // With --csv-full-history each name has rows of its own in addition to the sum's.
            guard columns.isSum(row) else { return true }
            let slot = LoadSlot(row, columns, calls: calls, failures: failures, after: last)
            last = (calls, failures)
            means.add(
                at: time, calls: calls, failures: failures,
                mean: columns.number("Total Average Response Time", in: row), percentiles: slot.milliseconds)
            most = max(most, failures)
            series.update(at: time.second) { $0.add(slot) }
            times.cover(time...time)
            return true
        }
        guard let times else { throw UnreadableFile("no rows\(losses.suffix)") }
        var run = LoadRun(name: file.runName, tool: "locust")
        run.sources = [file.relativePath]
        run.times = times
        run.set(series, of: .statistics)
        (run.intervals, run.parts) = (means.intervals, means.parts)
        run.calls = last.calls
        run.failures = last.failures
        run.set(RequestTally(kind: .locustHistory, requests: last.calls, failures: most))
        let seconds = times.upperBound.seconds - times.lowerBound.seconds
        if seconds > 0 { run.achievedRate = Double(last.calls - last.failures) / seconds }
        return (run, losses)
    }

    /// `*_stats.csv`: the whole run; the row of the sum is used.
    static func readStatistics(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var run: LoadRun?
        var (sum, parts) = ((calls: 0, failures: 0), (calls: 0, failures: 0))
        var (isOrdered, isConsistent) = (true, true)
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let calls = columns.count(requests, in: row), let failures = columns.count(failures, in: row),
                failures <= calls
            else { return false }
            isOrdered = columns.areInOrder(order.compactMap { titles in titles.first { columns.place($0) != nil } })
            isConsistent = isConsistent && isPlausible(row, columns, calls: calls, failures: failures)
            guard columns.isSum(row) else {
                parts = (parts.calls + calls, parts.failures + failures)
                return true
            }
            // A second sum is another run's.
            guard run == nil else { throw RecordReader.Misfit(reason: "it is a second row of the sum") }
            sum = (calls, failures)
            run = statistics(of: file, row, columns, calls: calls, failures: failures)
            return true
        }
        guard var run else { throw UnreadableFile("no row of the sum, \"Aggregated\"\(losses.suffix)") }
        run.set(
            RequestTally(
                kind: .locustStatistics, requests: sum.calls, failures: max(sum.failures, parts.failures),
                isConfirmed: sum == parts && isOrdered && isConsistent && losses.count == 0))
        if sum != parts {
            run.gaps.append(
                "\(file.relativePath): the sum has \(sum.calls.grouped) requests and \(sum.failures.grouped) failures, "
                    + "its rows \(parts.calls.grouped) and \(parts.failures.grouped)")
        }
        if !isConsistent { run.gaps.append("\(file.relativePath): a row's columns contradict each other") }
        return (run, losses)
    }

    private static func statistics(
        of file: InputFile, _ row: [String], _ columns: ColumnNames, calls: Int, failures: Int
    ) -> LoadRun {
        var found = LoadRun(name: file.runName, tool: "locust")
        found.sources = [file.relativePath]
        found.detail = .statistics
        (found.calls, found.failures) = (calls, failures)
        let rate = columns.number("Requests/s", in: row) ?? 0
        found.achievedRate = max(rate - (columns.number(failureRates, in: row) ?? 0), 0)
        let values = LatencyHistogram.percentiles.compactMap { percentile in
            let title = percentile == percentile.rounded() ? "\(Int(percentile))%" : "\(percentile)%"
            return columns.number(title, in: row).map { (percentile, $0) }
        }
        found.percentiles = Percentiles(
            count: calls, values: Dictionary(uniqueKeysWithValues: values),
            longest: columns.number("Max Response Time", in: row))
        found.meanMilliseconds = columns.number("Average Response Time", in: row)
        return found
    }

    /// Whether a row's own columns confirm its failures: their rate must be their share of the requests' rate, and the
    /// response times must be in order.
    private static func isPlausible(_ row: [String], _ columns: ColumnNames, calls: Int, failures: Int) -> Bool {
        guard let rate = columns.number("Requests/s", in: row), let failureRate = columns.number(failureRates, in: row)
        else { return false }
        // Rates are rounded to two digits until 1.4.
        guard abs(failureRate * Double(calls) - rate * Double(failures)) <= 0.02 * Double(max(calls, 1)) * max(rate, 1)
        else { return false }
        guard failures == 0 || failureRate > 0 || rate < 0.01, failures > 0 || failureRate == 0 else { return false }
        guard let least = columns.number("Min Response Time", in: row),
            let mean = columns.number("Average Response Time", in: row),
            let most = columns.number("Max Response Time", in: row)
        else { return false }
        return least <= mean + 1 && mean <= most + 1
    }

    private static let maximumErrorCount = 20

    /// `*_failures.csv`: what failed, and how often.
    static func readFailures(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var run = LoadRun(name: file.runName, tool: "locust")
        run.sources = [file.relativePath]
        var sum = 0
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let error = columns.text("Error", in: row), let count = columns.count("Occurrences", in: row) else {
                return false
            }
            sum += count
            let call = [columns.text("Method", in: row), columns.text("Name", in: row)].compactMap(\.self)
            guard run.errors.count < maximumErrorCount else { return true }
            run.errors.append(("\(call.joined(separator: " ")): \(error)".oneLine, count))
            return true
        }
        run.set(RequestTally(kind: .locustFailures, requests: nil, failures: sum))
        return (run, losses)
    }
}

extension ColumnNames {
    /// The first of these columns that is there, as a count.
    fileprivate func count(_ titles: [String], in row: [String]) -> Int? {
        titles.first { place($0) != nil }.flatMap { count($0, in: row) }
    }

    /// The first of these columns that is there, as a number.
    fileprivate func number(_ titles: [String], in row: [String]) -> Double? {
        titles.first { place($0) != nil }.flatMap { number($0, in: row) }
    }

    /// Whether a row is the sum of the others; until 0.12 it was called "Total".
    fileprivate func isSum(_ row: [String]) -> Bool {
        let method = text("Type", in: row) ?? text("Method", in: row) ?? ""
        return ["Aggregated", "Total"].contains(text("Name", in: row) ?? "") && ["", "None"].contains(method)
    }
}

extension LoadSlot {
    /// A row of totals so far, less those before it.
    fileprivate init(
        _ row: [String], _ columns: ColumnNames, calls: Int, failures: Int, after last: (calls: Int, failures: Int)
    ) {
        self.init()
        // Locust's "reset statistics" starts again at zero.
        self.calls = calls - (calls < last.calls ? 0 : last.calls)
        self.failures = failures - (failures < last.failures ? 0 : last.failures)
        users = columns.count("User Count", in: row) ?? 0
        for percentile in Self.percentiles {
            milliseconds[percentile] = columns.number("\(Int(percentile))%", in: row)
        }
    }
}
