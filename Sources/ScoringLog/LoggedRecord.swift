import Bytes

/// Reads a line of `SCORING_LOG=json`, exactly as `ScoringLogRecord` writes it.
enum LoggedRecord {
    /// - Parameter line: `{"time":"2026-11-21T07:26:00.123Z","request_id":"…","route":"/predict","status":200,…}`.
    /// - Returns: the request, with the look-up and the model added up as in the text log; nil for any other line.
    static func read(_ line: UnsafeRawBufferPointer) -> LoggedRequest? {
        var scanner = ByteScanner(line)
        guard scanner.skip(#"{"time":""#), let seconds = seconds(&scanner), scanner.skip(#","request_id":""#),
            let id = requestID(&scanner), scanner.skip(#","route":""#),
            scanner.take(before: UInt8(ascii: "\"")) != nil, scanner.skip(#","status":"#),
            let status = scanner.decimal(digits: 3), status >= 100, line.last == UInt8(ascii: "}")
        else { return nil }
        var request = LoggedRequest(secondsSince1970: seconds, status: status, bodyBytes: nil)
        guard status < 400 else { return request }
        request.loggedRequestID = id
        let times = [number(after: #","cache_ms":"#, in: line), number(after: #","score_ms":"#, in: line)]
        let known = times.compactMap(\.self)
        if !known.isEmpty { request.scoringMilliseconds = known.reduce(0, +) }
        return request
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

    private static func number(after key: StaticString, in line: UnsafeRawBufferPointer) -> Double? {
        var start = 0
        while let found = line.position(of: key.utf8Start[0], from: start) {
            start = found + 1
            var scanner = ByteScanner(line, from: found)
            guard scanner.skip(key) else { continue }
            guard let whole = scanner.decimal(), scanner.skip(UInt8(ascii: ".")),
                let fraction = scanner.decimal(digits: 4), whole <= 1_000_000_000
            else { return nil }
            return Double(whole * 10_000 + fraction) / 10_000
        }
        return nil
    }
}
