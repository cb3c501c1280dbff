import Foundation
import Testing

@testable import LoadReport

/// Times in tools' formats.
@Suite struct InstantTests {
    // 2026-11-21T07:26:00Z
    private static let seconds = 1_795_245_960.0

    @Test(
        "RFC 3339 times are read with any number of digits and any zone",
        arguments: [
            ("2026-11-21T07:26:00Z", 0), ("2026-11-21T07:26:00.123Z", 0.123),
            ("2026-11-21T07:26:00.1234567Z", 0.123_456_7),
            ("2026-11-21T08:26:00+01:00", 0), ("2026-11-21T01:56:00.5-05:30", 0.5),
        ])
    func rfc3339(text: String, fraction: Double) throws {
        let instant = try #require(Instant(rfc3339: text))
        #expect(abs(instant.seconds - Self.seconds - fraction) < 1e-6)
    }

    @Test(
        "An invalid time is nil",
        arguments: [
            "", "2026-11-21", "2026-13-21T07:26:00Z", "2026-11-21T07:26:00", "now", "2026-11-21T07:26:00.Z",
            "2026-02-30T07:26:00Z",
            "2026-11-21T24:26:00Z", "2026-11-21T07:26:00+1:00", "2026-11-21T07:26:00.1234567890Z",
            "2026-11-21 07:26:00Z",
            "é026-11-21T07:26:00Z",
        ])
    func invalidTimes(text: String) { #expect(Instant(rfc3339: text) == nil) }

    @Test("A local time is read in its zone")
    func localTime() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(Instant(local: "2026-11-21 08:26:00", in: berlin)?.seconds == Self.seconds)
        #expect(Instant(local: "2026-11-21 07:26:00", in: .gmt)?.seconds == Self.seconds)
        #expect(Instant(local: "21.11.2026", in: .gmt) == nil)
    }

    @Test("A time of day means the last such time before the file's last change")
    func timeOfDay() throws {
        let clock = LocalClock(lastTime: try #require(Instant(rfc3339: "2026-11-21T00:00:03Z")), zone: .gmt)
        #expect(clock.instant("23:59:59:250") == Instant(rfc3339: "2026-11-20T23:59:59.25Z"))
        #expect(clock.instant("00:00:01:000") == Instant(rfc3339: "2026-11-21T00:00:01Z"))
        #expect(clock.instant("2026-11-21T07:26:00Z")?.seconds == Self.seconds)
        #expect(clock.instant("7:26") == nil)
    }
}
