import Files
import Foundation
import LatencyAnalyzer

/// siege's log: one row a run, written when the run ends, with the local date of the machine that siege ran on.
///
/// The format's source is `src/log.c` of siege 4; times are seconds, and marks (`**** text ****`) are passed over.
enum SiegeLog {
    static func read(_ file: InputFile, in zone: TimeZone) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var total = Total()
        let losses = try RecordReader.readTable(file.text) { columns, row in
            if row.first?.trimmed.hasPrefix("****") == true { return true }
            // siege repeats the header in a log of another user.
            if columns.text("Trans", in: row) == "Trans" { return true }
            return total.add(row, columns, in: zone)
        }
        guard let times = total.times else { throw UnreadableFile("no rows") }
        var run = LoadRun(name: file.runName, tool: "siege")
        run.sources = [file.relativePath]
        run.times = times
        run.set(total.series, of: .statistics)
        run.intervals = total.intervals
        (run.calls, run.failures) = (total.calls, total.failures)
        if total.seconds > 0 { run.achievedRate = Double(total.calls - total.failures) / total.seconds }
        // The column's mean would count a phase with few answers as much as one with many. A sum of nothing but 0.00 s
        // says that the answers were too fast for siege's clock, and no more.
        if total.weightedSeconds > 0 { run.meanMilliseconds = total.weightedSeconds * 1000 / Double(total.answered) }
        return (run, losses)
    }

    private struct Total {
        var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        var times: ClosedRange<Instant>?
        var (calls, failures, answered) = (0, 0, 0)
        var (seconds, weightedSeconds) = (0.0, 0.0)
        var intervals: [LoadInterval] = []

        mutating func add(_ row: [String], _ columns: ColumnNames, in zone: TimeZone) -> Bool {
            guard let end = columns.text("Date & Time", in: row).flatMap({ Instant(local: $0, in: zone) }),
                let elapsed = columns.number("Elap Time", in: row), (0...1e7).contains(elapsed),
                let okay = columns.count("OKAY", in: row), let failed = columns.count("Failed", in: row)
            else { return false }
            // Where nothing was answered siege writes "-nan".
            guard let response = okay > 0 ? columns.number("Resp Time", in: row) : 0 else { return false }
            let start = end.advanced(by: -elapsed)
            times.cover(start...end)
            calls += okay + failed
            failures += failed
            answered += okay
            seconds += elapsed
            weightedSeconds += response * Double(okay)
            intervals.append(
                LoadInterval(
                    start: start.seconds, seconds: elapsed, requests: okay + failed, failures: failed,
                    meanMilliseconds: okay > 0 ? response * 1000 : nil))
            spread(okay + failed, failures: failed, from: start.second, seconds: max(Int(elapsed.rounded()), 1))
            return true
        }

        /// A row has only sums, so its calls are spread evenly over its time.
        private mutating func spread(_ calls: Int, failures: Int, from start: Int, seconds: Int) {
            let parts = min(seconds, LoadSlot.maximumCount)
            for part in 0..<parts {
                series.update(at: start + part * seconds / parts) { slot in
                    slot.calls += calls * (part + 1) / parts - calls * part / parts
                    slot.failures += failures * (part + 1) / parts - failures * part / parts
                }
            }
        }
    }
}
