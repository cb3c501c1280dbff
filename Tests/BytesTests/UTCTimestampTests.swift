import Foundation
import TestSupport
import Testing

@testable import Bytes

/// Seconds as calendar time, and back.
@Suite struct UTCTimestampTests {
    @Test(
        "a second has its texts",
        arguments: [
            (0, "1970-01-01 00:00:00", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "1969-12-31 23:59:59", "Wed, 31 Dec 1969 23:59:59 GMT"),
            (1_795_245_960, "2026-11-21 07:26:00", "Sat, 21 Nov 2026 07:26:00 GMT"),
            (951_782_400, "2000-02-29 00:00:00", "Tue, 29 Feb 2000 00:00:00 GMT"),
            (.max, "9999-12-31 23:59:59", "Fri, 31 Dec 9999 23:59:59 GMT"),
            (.min, "0001-01-01 00:00:00", "Mon, 01 Jan 0001 00:00:00 GMT"),
        ])
    func texts(seconds: Int, text: String, httpDate: String) {
        let time = UTCTimestamp(secondsSince1970: seconds)
        #expect(time.text == text && time.httpDate == httpDate)
    }

    @Test("any second of eight centuries agrees with Foundation's formatter, and is read back")
    func agreement() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<2000 {
            let seconds = Int.random(in: -12_000_000_000...13_000_000_000, using: &generator)
            let time = UTCTimestamp(secondsSince1970: seconds)
            #expect(time.httpDate == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
            let read = UTCTimestamp.secondsSince1970(
                year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
                second: time.second)
            #expect(read == seconds)
        }
    }

    @Test(
        "dates and times that do not exist have no second",
        arguments: [
            [2026, 2, 29, 0, 0, 0], [2026, 2, 31, 0, 0, 0], [2100, 2, 29, 0, 0, 0], [2026, 0, 1, 0, 0, 0],
            [2026, 13, 1, 0, 0, 0], [2026, 1, 0, 0, 0, 0], [2026, 1, 32, 0, 0, 0], [2026, 1, 1, 24, 0, 0],
            [2026, 1, 1, 0, 60, 0], [2026, 1, 1, 0, 0, 60], [0, 1, 1, 0, 0, 0], [10_000, 1, 1, 0, 0, 0],
            [2026, 1, 1, -1, 0, 0], [.max, .max, .max, .max, .max, .max],
        ])
    func noSuchTime(parts: [Int]) {
        #expect(
            UTCTimestamp.secondsSince1970(
                year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5])
                == nil)
    }
}
