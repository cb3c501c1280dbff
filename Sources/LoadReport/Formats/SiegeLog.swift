import Files
import Foundation
import LatencyAnalyzer

/// siege's log: one row per run, written when the run ends, with the local date of the machine that siege ran on.
///
/// The format's source is `src/log.c` of siege 4; times are seconds, and marks (`**** text ****`) are passed over.
enum SiegeLog {
    static let titles = [
        "Date & Time", "Trans", "Elap Time", "Data Trans", "Resp Time", "Trans Rate", "Throughput", "Concurrent",
        "OKAY",
        "Failed",
    ]

    // siege prints them with two digits after the point, or after the comma where the locale has one.
    private static let decimals: Set = ["Elap Time", "Resp Time", "Trans Rate", "Throughput", "Concurrent"]

    /// Whether a line is a row of a log that has lost its titles.
    static func isRow(_ line: Substring) -> Bool {
        guard line.prefixMatch(of: #/\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, *\d+,/#) != nil else { return false }
        let row = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return cells(row, ColumnNames(titles))?.count == titles.count
    }

    static func read(
        _ file: InputFile, _ layout: TableLayout, in zone: TimeZone
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var total = Total(clock: ZonedClock(zone: zone))
        var wasAborted = false
        let losses = try RecordReader.readTable(
            file.text, layout,
            { row, columns in
                if row.first?.trimmed.hasPrefix("****") == true {
                    wasAborted = wasAborted || row.joined().contains("siege aborted")
                    return nil
                }
                return cells(row, columns)
            },
            { columns, row in
                // siege repeats the titles in a log of another user.
                columns.text("Trans", in: row) == "Trans" || total.add(row, columns)
            })
        guard let times = total.times else { throw UnreadableFile("no rows\(losses.suffix)") }
        var run = LoadRun(name: file.runName, tool: "siege")
        run.sources = [file.relativePath]
        run.times = times
        run.set(total.series, of: .statistics)
        run.intervals = total.intervals
        run.parts = total.intervals.map { interval in
            RunPart(
                seconds: interval.seconds, answered: interval.requests - interval.failures, failed: interval.failures,
                meanMilliseconds: interval.meanMilliseconds)
        }
        (run.calls, run.failures) = (total.calls, total.failures)
        run.set(RequestTally(kind: .siegeLog, requests: total.calls, failures: total.failures))
        if wasAborted { run.gaps.append("\(file.relativePath): siege was aborted after too many failures") }
        if total.seconds > 0 { run.achievedRate = Double(total.calls - total.failures) / total.seconds }
        // The column's mean would weigh a phase with few responses as much as one with many. A sum of only 0.00 s means
        // just that the responses were too fast for siege's clock.
        if total.weightedSeconds > 0 { run.meanMilliseconds = total.weightedSeconds * 1000 / Double(total.answered) }
        return (run, losses)
    }

    /// A row with the decimal commas of siege's locale restored: `59,41` has become two cells.
    ///
    /// Numbers are padded to their column's width, and the two digits after a comma are not, so nothing else looks so.
    private static func cells(_ row: [String], _ columns: ColumnNames) -> [String]? {
        guard row.count > columns.count else { return row }
        let places = Set(decimals.compactMap(columns.place))
        var cells: [String] = []
        for cell in row {
            let isFraction = cell.wholeMatch(of: #/\d\d/#) != nil
            if isFraction, let last = cells.last, places.contains(cells.count - 1), !last.contains(".") {
                cells[cells.count - 1] = "\(last).\(cell)"
            } else {
                cells.append(cell)
            }
        }
        return cells.count == columns.count ? cells : row
    }

    private struct Total {
        private var clock: ZonedClock
        private(set) var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        private(set) var times: ClosedRange<Instant>?
        private(set) var (calls, failures, answered) = (0, 0, 0)
        private(set) var (seconds, weightedSeconds) = (0.0, 0.0)
        private(set) var intervals: [LoadInterval] = []

        init(clock: ZonedClock) { self.clock = clock }

        mutating func add(_ row: [String], _ columns: ColumnNames) -> Bool {
            guard let elapsed = columns.number("Elap Time", in: row), (0...1e7).contains(elapsed),
                let hits = columns.count("Trans", in: row), let okay = columns.count("OKAY", in: row),
                let failed = columns.count("Failed", in: row)
            else { return false }
            // Without any response siege writes "-nan" or "inf".
            guard let response = okay > 0 ? columns.number("Resp Time", in: row) : 0 else { return false }
            guard let end = columns.text("Date & Time", in: row).flatMap({ clock.end($0, lasting: elapsed) })
            else { return false }
            let start = end.advanced(by: -elapsed)
            times.cover(start...end)
            // Hits that were not okay failed, too.
            let lost = failed + max(hits - okay, 0)
            calls += okay + lost
            failures += lost
            answered += okay
            seconds += elapsed
            weightedSeconds += response * Double(okay)
            intervals.append(
                LoadInterval(
                    start: start.seconds, seconds: elapsed, requests: okay + lost, failures: lost,
                    meanMilliseconds: okay > 0 ? response * 1000 : nil))
            spread(okay + lost, failures: lost, from: start.second, seconds: max(Int(elapsed.rounded()), 1))
            return true
        }

        /// A row has only sums, so its calls are assumed to be spread evenly over its time.
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
