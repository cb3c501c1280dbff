import Files
import Foundation

/// JMeter's results (JTL) as CSV, from `jmeter -l` or Azure Load Testing: a row per request, times in ms since 1970.
///
/// The columns' source is `CSVSaveService.java` of JMeter 5.6; which of them are present is configurable. A transaction
/// controller has a row of its own in addition to its requests' rows, which is skipped.
enum JMeterFile {
    static func read(
        _ file: InputFile, _ layout: TableLayout, in zone: TimeZone
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var sums = RequestSums()
        var errors: [String: Int] = [:]
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let time = columns.text("timeStamp", in: row).flatMap({ instant($0, in: zone) }),
                let elapsed = columns.number("elapsed", in: row), elapsed >= 0,
                let isSuccess = columns.text("success", in: row).flatMap({ Bool($0.lowercased()) })
            else { return false }
            let message = columns.text("responseMessage", in: row) ?? ""
            guard !message.hasPrefix("Number of samples in transaction") else { return true }
            sums.add(at: time, isSuccess: isSuccess, milliseconds: isSuccess ? elapsed : nil)
            if let users = columns.count("allThreads", in: row) { sums.set(users: users, at: time) }
            if !isSuccess {
                let parts = [columns.text("label", in: row), columns.text("responseCode", in: row), message]
                let text = parts.compactMap(\.self).joined(separator: " ").oneLine
                if errors[text] != nil || errors.count < 20 { errors[text, default: 0] += 1 }
            }
            return true
        }
        var run = try sums.run(named: file.runName, tool: "jmeter", of: file, .jmeter)
        run.errors = errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        return (run, losses)
    }

    /// Milliseconds since 1970, or a local time in the usual setting of `timestamp_format`.
    private static func instant(_ text: String, in zone: TimeZone) -> Instant? {
        if let instant = Instant(epochOrText: text) { return instant }
        let clock = text.replacing("/", with: "-").replacing("T", with: " ")
        return Instant(local: clock.prefix(19), in: zone)
    }
}
