import Files
import Foundation
import LatencyAnalyzer

/// The summaries of the throughput tool, and of Locust's saturation shape in the same columns.
///
/// Their source is `HistoryLog.cs` and `ClientScalingLog.cs` of grecoe/CloudAI; further columns are passed over.
enum ThroughputFiles {
    /// `history.csv`: one row a test; times are seconds, and rows have no date.
    static func readHistory(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var run = LoadRun(name: file.runName, tool: "throughput tool")
        run.sources = [file.relativePath]
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let users = columns.count("ThreadCount", in: row), let rate = columns.number("RPS", in: row),
                let failures = columns.count("Failures", in: row), rate >= 0
            else { return false }
            // A search has some hundred steps; a page shows no more.
            guard run.steps.count < 10_000 else { return true }
            run.steps.append(LoadStep(users: users, rate: rate, failures: failures))
            return true
        }
        guard !run.steps.isEmpty else { throw UnreadableFile("no rows") }
        return (run, losses)
    }

    /// `scaling.csv`: when the number of users changed.
    static func readScaling(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        var times: ClosedRange<Instant>?
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let time = columns.text("Time", in: row).flatMap({ Instant(rfc3339: $0) }),
                let users = columns.count("Scale", in: row)
            else { return false }
            series.update(at: time.second) { $0.users = max($0.users, users) }
            times.cover(time...time)
            return true
        }
        guard let times else { throw UnreadableFile("no rows") }
        var run = LoadRun(name: file.runName, tool: "throughput tool")
        run.sources = [file.relativePath]
        run.times = times
        run.set(series, of: .summary)
        return (run, losses)
    }
}

extension LoadRun {
    /// The result of a search's steps: the last number of users that ran without failures after the first failures.
    ///
    /// The rule is the throughput tool's own: up until calls fail, then down until they do not.
    var saturationOfSteps: (users: Int, rate: Double)? {
        guard let first = steps.firstIndex(where: { $0.failures > 0 }) else { return nil }
        let clean = steps[first...].filter { $0.failures == 0 }
        guard let users = clean.last?.users else { return nil }
        let rates = clean.filter { $0.users == users }.map(\.rate)
        return rates.median.map { (users, $0) }
    }
}

extension [Double] {
    /// The middle value, or the mean of the two middle ones; nil without any.
    var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
