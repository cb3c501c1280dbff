import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The texts of a second.
@Suite struct CommonLogTimeTests {
    @Test(
        "a second has its common log and its RFC 3339 text",
        arguments: [
            (0, "01/Jan/1970:00:00:00", "1970-01-01T00:00:00"), (-1, "31/Dec/1969:23:59:59", "1969-12-31T23:59:59"),
            (951_782_400, "29/Feb/2000:00:00:00", "2000-02-29T00:00:00"),
            (1_795_245_960, "21/Nov/2026:07:26:00", "2026-11-21T07:26:00"),
            (4_107_542_399, "28/Feb/2100:23:59:59", "2100-02-28T23:59:59"),
            (253_402_300_799, "31/Dec/9999:23:59:59", "9999-12-31T23:59:59"),
            (253_402_300_800, "31/Dec/9999:23:59:59", "9999-12-31T23:59:59"),
            (.max, "31/Dec/9999:23:59:59", "9999-12-31T23:59:59"),
            (-62_135_596_800, "01/Jan/0001:00:00:00", "0001-01-01T00:00:00"),
            (.min, "01/Jan/0001:00:00:00", "0001-01-01T00:00:00"),
        ])
    func texts(seconds: Int, commonLog: String, rfc3339: String) {
        let time = CommonLogTime(secondsSince1970: seconds)
        #expect(time.commonLogText == commonLog + " +0000")
        #expect(time.rfc3339Text == rfc3339)
    }

    @Test("any second of eight centuries agrees with Foundation's formatter")
    func agreement() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "dd/MMM/yyyy:HH:mm:ss Z"
        var generator = SeededGenerator(seed: 1)
        // Before October 1582 Foundation counts in the Julian calendar.
        for _ in 0..<2000 {
            let seconds = Int.random(in: -12_000_000_000...13_000_000_000, using: &generator)
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(CommonLogTime(secondsSince1970: seconds).commonLogText == expected)
        }
    }

    @Test("an update changes the text, and keeps it within the same second")
    func update() {
        var time = CommonLogTime(secondsSince1970: 0)
        time.update(secondsSince1970: 0)
        #expect(time.commonLogText == "01/Jan/1970:00:00:00 +0000")
        time.update(secondsSince1970: 86_399)
        #expect(time.commonLogText == "01/Jan/1970:23:59:59 +0000")
        #expect(time.secondsSince1970 == 86_399)
    }

    @Test(
        "a text that is not a time is not read",
        arguments: [
            "", "21/Nov/2026:07:26:0", "21/Nov/2026:07:26:000", "31/Feb/2026:07:26:00", "29/Feb/2100:00:00:00",
            "00/Nov/2026:07:26:00", "21/nov/2026:07:26:00", "21/Nix/2026:07:26:00", "21-Nov-2026:07:26:00",
            "21/Nov/2026:24:00:00", "21/Nov/2026:23:60:00", "21/Nov/2026:23:59:60", "21/Nov/0000:00:00:00",
            "+1/Nov/2026:07:26:00", "21/Nov/ 026:07:26:00",
        ])
    func invalidTime(text: String) {
        let seconds = Array(text.utf8).withUnsafeBytes { CommonLogTime.secondsSince1970(parsing: $0) }
        #expect(seconds == nil)
    }
}

extension CommonLogTime {
    fileprivate var commonLogText: String {
        withUnsafeBytes(of: commonLog) { String(decoding: $0.prefix(Self.commonLogCount), as: UTF8.self) }
    }

    fileprivate var rfc3339Text: String {
        withUnsafeBytes(of: rfc3339) { String(decoding: $0.prefix(Self.rfc3339Count), as: UTF8.self) }
    }
}
