import Bytes

/// Reads a line of `SCORING_LOG=json`, as `ScoringLogRecord` writes it or as a JSON tool writes it again.
enum LoggedRecord {
    /// Whether a line can be one; a tool may put a space after colons and commas.
    static func begins(_ line: UnsafeRawBufferPointer) -> Bool {
        if line.hasPrefix(#"{"time":""#) || line.hasPrefix(#"{"time": ""#) { return true }
        return line.first == UInt8(ascii: "{") && line.contains(#""time":"#) && line.contains(#""request_id":"#)
            && line.contains(#""route":"#) && line.contains(#""status":"#)
    }

    /// - Parameter line: `{"time":"2026-11-21T07:26:00.123Z","request_id":"…","route":"/predict","status":200,…}`.
    /// - Returns: the request, with the look-up and the model added up as in the text log; nil for any other line.
    static func read(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        guard let (head, rest) = ordered(line) ?? reordered(line), line.last == UInt8(ascii: "}") else { return nil }
        var request = LoggedRequest(secondsSince1970: head.seconds, status: head.status, bodyBytes: nil)
        guard head.status < 400 else { return .record(request) }
        request.loggedRequestID = head.id
        let times = [number(after: #""cache_ms":"#, in: rest), number(after: #""score_ms":"#, in: rest)]
        guard !times.contains(.unreadable) else { return .recordWithoutTime(request) }
        let known = times.compactMap { if case .milliseconds(let time) = $0 { time } else { nil } }
        if !known.isEmpty { request.scoringMilliseconds = known.reduce(0, +) }
        return .record(request)
    }

    /// What every record has.
    private typealias Head = (seconds: Int, id: LoggedRequestID, status: Int)

    /// Reads the keys in our own order; the second is what follows them.
    private static func ordered(_ line: UnsafeRawBufferPointer) -> (Head, UnsafeRawBufferPointer)? {
        var scanner = ByteScanner(line)
        guard scanner.skip("{"), skip(#""time":"#, &scanner), scanner.skip("\""), let seconds = seconds(&scanner),
            skip(",", &scanner), skip(#""request_id":"#, &scanner), scanner.skip("\""),
            let id = requestID(&scanner), skip(",", &scanner), skip(#""route":"#, &scanner), scanner.skip("\""),
            scanner.take(before: UInt8(ascii: "\"")) != nil, skip(",", &scanner), skip(#""status":"#, &scanner),
            let status = scanner.decimal(digits: 3), status >= 100
        else { return nil }
        return ((seconds, id, status), scanner.rest)
    }

    /// Reads the keys in any order, as a tool that sorts them writes them.
    private static func reordered(_ line: UnsafeRawBufferPointer) -> (Head, UnsafeRawBufferPointer)? {
        guard var time = value(of: #""time":"#, in: line), time.skip("\""), let seconds = seconds(&time),
            var id = value(of: #""request_id":"#, in: line), id.skip("\""), let requestID = requestID(&id),
            var route = value(of: #""route":"#, in: line), route.skip("\""),
            var number = value(of: #""status":"#, in: line), let status = number.decimal(digits: 3), status >= 100
        else { return nil }
        return ((seconds, requestID, status), line)
    }

    /// Where a key's value begins; nil if the key is not there.
    private static func value(of key: StaticString, in line: UnsafeRawBufferPointer) -> ByteScanner? {
        var start = 0
        while let found = line.position(of: key.utf8Start[0], from: start) {
            start = found + 1
            var scanner = ByteScanner(line, from: found)
            // In a text the quote would be an escape's.
            if found > 0, line[found - 1] != UInt8(ascii: "\\"), skip(key, &scanner) { return scanner }
        }
        return nil
    }

    /// Skips what stands there, and a space after it.
    private static func skip(_ text: StaticString, _ scanner: inout ByteScanner) -> Bool {
        guard scanner.skip(text) else { return false }
        _ = scanner.skip(.space)
        return true
    }

    private static func seconds(_ scanner: inout ByteScanner) -> Int? {
        let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
        guard let year = scanner.decimal(digits: 4), scanner.skip(dash), let month = scanner.decimal(digits: 2),
            scanner.skip(dash), let day = scanner.decimal(digits: 2), scanner.skip(UInt8(ascii: "T")),
            let hour = scanner.decimal(digits: 2), scanner.skip(colon), let minute = scanner.decimal(digits: 2),
            scanner.skip(colon), let second = scanner.decimal(digits: 2), scanner.skip(UInt8(ascii: ".")),
            scanner.decimal(digits: 3) != nil, scanner.skip("Z\"")
        else { return nil }
        return UTCTimestamp.secondsSince1970(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private static func requestID(_ scanner: inout ByteScanner) -> LoggedRequestID? {
        guard let text = scanner.take(before: UInt8(ascii: "\"")) else { return nil }
        guard text.position(of: UInt8(ascii: "\\")) != nil else {
            guard 1...RequestID.maximumCount ~= text.count, RequestID.allows(text) else { return nil }
            return LoggedRequestID(text)
        }
        // Only X is written as an escape, of the bytes that an id may have.
        let plain = String(decoding: text, as: UTF8.self).replacing("\\u0058", with: "X")
        return plain.contains("\\") || plain.utf8.count > RequestID.maximumCount ? nil : LoggedRequestID(plain)
    }

    /// What stands after a time's key.
    private enum Time: Equatable { case missing, unreadable, milliseconds(Double) }

    /// Reads any JSON number from 0 to 10^9, or null: tools write 0.0030 as 0.003, and 0.00001 as 1e-05.
    private static func number(after key: StaticString, in line: UnsafeRawBufferPointer) -> Time {
        guard let rest = value(of: key, in: line)?.rest else { return .missing }
        var decimal = ByteScanner(rest)
        if let whole = decimal.decimal(), decimal.skip(UInt8(ascii: ".")), let fraction = decimal.decimal(digits: 4),
            whole <= 1_000_000_000, decimal.skip(UInt8(ascii: ",")) || decimal.skip(UInt8(ascii: "}"))
        {
            return .milliseconds(Double(whole * 10_000 + fraction) / 10_000)
        }
        let text = rest.part(0..<rest.countWhile { $0.isNumberPart })
        if text.isEmpty, rest.hasPrefix("null") { return .missing }
        guard 1...32 ~= text.count, text.first?.isDigit == true, text.last?.isDigit == true,
            let time = Double(String(decoding: text, as: UTF8.self)), time <= 1_000_000_000,
            let next = rest.dropping(text.count).trimmed.first, next == UInt8(ascii: ",") || next == UInt8(ascii: "}")
        else { return .unreadable }
        return .milliseconds(time)
    }
}

extension UInt8 {
    fileprivate var isNumberPart: Bool {
        isDigit || self == UInt8(ascii: ".") || self == UInt8(ascii: "-") || self == UInt8(ascii: "+")
            || self | 0x20 == UInt8(ascii: "e")
    }
}
