import Foundation

/// Local dates and times as points in time, including the hour that occurs twice when a clock is put back.
///
/// Rows of a log are in order. When the clock was put back, a time of day may be either of two points in time: it is
/// the first that is not before the previous row.
struct ZonedClock {
    let zone: TimeZone
    private var last: Instant?

    init(zone: TimeZone) { self.zone = zone }

    /// The end of something that lasted this many seconds and began after the last one had ended.
    mutating func end(_ text: String, lasting seconds: Double) -> Instant? {
        let candidates = Instant.candidates(local: text, in: zone)
        // A second's grace: siege cuts the fraction off.
        let fitting = candidates.first { candidate in
            last.map { candidate.advanced(by: -seconds) > $0.advanced(by: -1.5) } ?? true
        }
        guard let found = fitting ?? candidates.first else { return nil }
        last = found
        return found
    }
}

extension Instant {
    /// The point in time of a clock's date and time in a known zone; the first if it occurs twice.
    init?(local text: some StringProtocol, in zone: TimeZone) {
        guard let first = Self.candidates(local: text, in: zone).first else { return nil }
        self = first
    }

    /// The points in time, in order, that a clock in a zone shows as `2026-11-21 07:26:00`.
    static func candidates(local text: some StringProtocol, in zone: TimeZone) -> [Instant] {
        guard let seconds = Self.clock(text) else { return [] }
        let offset = { (time: Int) in zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))) }
        let offsets = Set([-86_400, 0, 86_400].map { offset(seconds + $0) })
        let times = offsets.map { seconds - $0 }.filter { seconds - $0 == offset($0) }.sorted()
        // A time in the skipped hour is that of a clock that was not put forward.
        return (times.isEmpty ? [seconds - offset(seconds - 86_400)] : times).compactMap {
            Instant(seconds: Double($0))
        }
    }
}
