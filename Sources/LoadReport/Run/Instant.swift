import Foundation

/// A point in time, in seconds since 1970.
public struct Instant: Sendable, Comparable, Hashable, Decodable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let seconds: Double

    // The years 1 to 9999, which all readers of a date know.
    private static let representable = -62_135_596_800.0...253_402_300_799.0

    /// A time that calendars know; nil for others.
    init?(seconds: Double) {
        guard Self.representable.contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// The beginning of 1970.
    static let zero = Self(known: 0)

    private init(known seconds: Double) { self.seconds = seconds }

    /// RFC 3339, with any number of digits behind the point, as `2026-11-21T07:26:00.123Z`.
    init?(rfc3339 text: some StringProtocol) {
        let text = String(text)
        guard let match = text.wholeMatch(of: #/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)/#),
            let date = try? Date("\(match.1)\(match.3)", strategy: .iso8601)
        else { return nil }
        self.init(seconds: date.timeIntervalSince1970 + (match.2.flatMap { Double("0\($0)") } ?? 0))
    }

    /// A clock's date and time without a zone, as `2026-11-21 07:26:00`, where the zone is known.
    init?(local text: some StringProtocol, in zone: TimeZone) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let date = try? Date("\(parts[0])T\(parts[1])Z", strategy: .iso8601) else { return nil }
        self.init(seconds: date.timeIntervalSince1970 - Double(zone.secondsFromGMT(for: date)))
    }

    /// Reads an RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let instant = Self(rfc3339: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no RFC 3339 time"))
        }
        self = instant
    }

    /// Whether the one comes before the other.
    public static func < (one: Self, other: Self) -> Bool { one.seconds < other.seconds }

    /// The second that it lies in.
    var second: Int { Int(seconds.rounded(.down)) }

    /// So many seconds later.
    func advanced(by seconds: Double) -> Self { Self(seconds: self.seconds + seconds) ?? self }
}
