import Foundation

/// One call as its client recorded it.
struct ClientRecord {
    var client: String
    var time: Instant
    /// The record's number or name in the client's set.
    var record: String?
    var payloadBytes: Int?
    var isSuccess: Bool
    var attempts: Int?
    /// The response, or why there was none.
    var response: String?
    /// From the first attempt to the response.
    var totalMilliseconds: Double?
    /// The time of the attempt that got the response.
    var serviceMilliseconds: Double?
}

/// Turns the rows of a client's file into records.
///
/// `timing.csv` and the messages of the throughput tool, whose source is `TimingLog.cs`, `JobExecutionEngine.cs` and
/// `EventHubUtility.cs` of grecoe/CloudAI; times of calls are seconds. A column `Client` may be anywhere. Where a
/// response holds commas, the tool does not quote it.
struct ClientRecordRows {
    let format: FileFormat
    /// The client whose records these are, if there is no such column.
    let client: String
    let zone: TimeZone
    private var clock: LocalClock

    init(_ format: FileFormat, of file: InputFile, in zone: TimeZone) {
        self.format = format
        self.zone = zone
        client = file.runName
        clock = LocalClock(lastTime: file.lastChange, zone: zone)
    }

    /// - Returns: the row's record, unless the row is a message, a repeated title or broken.
    mutating func record(_ row: [String], _ columns: ColumnNames) -> Reading {
        format == .throughputTiming ? timing(row, columns) : message(row, columns)
    }

    /// The kind of a row.
    enum Reading {
        case record(ClientRecord)
        /// A title again, or a client's message about itself.
        case other
        case broken
    }

    private mutating func timing(_ row: [String], _ columns: ColumnNames) -> Reading {
        guard let success = columns.text("Success", in: row), let isSuccess = Self.truths[success.lowercased()],
            let time = columns.text("Time", in: row).flatMap({ clock.instant($0) }),
            let total = columns.number("TotalTime", in: row), total >= 0
        else { return .broken }
        return .record(
            ClientRecord(
                client: columns.text("Client", in: row) ?? client, time: time, record: columns.text("Record", in: row),
                payloadBytes: columns.count("PayloadSize", in: row), isSuccess: isSuccess,
                attempts: columns.count("Attempts", in: row), response: columns.text("Response", in: row),
                totalMilliseconds: total * 1000,
                serviceMilliseconds: columns.number("AiTime", in: row).map { $0 * 1000 }))
    }

    private static let truths = ["1": true, "true": true, "0": false, "false": false]

    private func message(_ row: [String], _ columns: ColumnNames) -> Reading {
        guard let client = columns.text("Client", in: row) else { return .broken }
        let names =
            columns.place("AILatency") == nil
            ? ("SentTime", "Latency", "SentState", "Error") : ("Time", "AILatency", "State", "SendError")
        guard let state = columns.count(names.2, in: row) else {
            // Each message of the tool has titles of its own.
            return columns.text(names.2, in: row) == names.2 ? .other : .broken
        }
        guard let text = columns.text(names.0, in: row),
            let time = Instant(rfc3339: text) ?? Instant(local: text, in: .gmt), state <= 2
        else { return .broken }
        guard state < 2 else { return .other }
        let latency = columns.number(names.1, in: row).flatMap { $0 >= 0 ? $0 * 1000 : nil }
        return .record(
            ClientRecord(
                client: client, time: time, isSuccess: state == 1, response: columns.text(names.3, in: row),
                totalMilliseconds: latency, serviceMilliseconds: latency))
    }

    /// The row, with the commas of its response restored.
    func cells(_ row: [String], _ columns: ColumnNames) -> [String] {
        guard format == .throughputTiming, row.count > columns.count, let place = columns.place("Response") else {
            return row
        }
        let end = row.count - (columns.count - place - 1)
        return row[..<place] + [row[place..<end].joined(separator: ",")] + row[end...]
    }
}

/// Times of day, `07:26:00:123`, as points in time: the last one is taken as the time of the file's last change.
///
/// The throughput tool writes no date. Records are in order, except for threads that finish together.
struct LocalClock {
    private let midnight: Double
    private let endOfDay: Double

    init(lastTime: Instant, zone: TimeZone) {
        let offset = Double(zone.secondsFromGMT(for: Date(timeIntervalSince1970: lastTime.seconds)))
        let local = lastTime.seconds + offset
        midnight = (local / 86_400).rounded(.down) * 86_400 - offset
        endOfDay = lastTime.seconds
    }

    /// The time's point in the 24 hours before the file's last change; RFC 3339 is taken as it is.
    func instant(_ text: String) -> Instant? {
        if let instant = Instant(rfc3339: text) { return instant }
        guard let match = text.wholeMatch(of: #/(\d\d):(\d\d):(\d\d)[:.,](\d{3})/#), let hours = Double(match.1),
            let minutes = Double(match.2), let seconds = Double(match.3), let milliseconds = Double(match.4)
        else { return nil }
        let time = midnight + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
        // A second's grace: the file's date may be rounded.
        return Instant(seconds: time > endOfDay + 1 ? time - 86_400 : time)
    }
}
