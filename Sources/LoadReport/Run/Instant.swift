import Bytes
import Foundation

/// A point in time, in seconds since 1970.
public struct Instant: Sendable, Comparable, Hashable, Decodable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let seconds: Double

    // The years 1 to 9999, which all date parsers know.
    private static let representable = -62_135_596_800.0...253_402_300_799.0

    /// A time within these years; nil for others.
    init?(seconds: Double) {
        guard Self.representable.contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// The beginning of 1970.
    static let zero = Self(known: 0)

    private init(known seconds: Double) { self.seconds = seconds }

    /// RFC 3339, with any number of digits after the point, as `2026-11-21T07:26:00.123Z`.
    init?(rfc3339 text: some StringProtocol) {
        // Every row of a client's records has one of these, so there is neither a pattern nor a formatter here.
        let bytes = Array(text.utf8)
        guard bytes.count > 19, bytes[10] == UInt8(ascii: "T"), let start = Self.seconds(bytes[..<19]) else {
            return nil
        }
        var rest = bytes[19...]
        var fraction = 0.0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { Self.digits.contains($0) }
            guard (1...9).contains(digits.count), let value = Self.number(digits) else { return nil }
            fraction = Double(value) / pow(10, Double(digits.count))
            rest = rest.dropFirst(digits.count + 1)
        }
        guard let offset = Self.offset(Array(rest)) else { return nil }
        self.init(seconds: Double(start - offset) + fraction)
    }

    /// `2026-11-21 07:26:00` in seconds since 1970, as if it were UTC.
    static func clock(_ text: some StringProtocol) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[10] == UInt8(ascii: " ") else { return nil }
        return seconds(bytes[...])
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.allSatisfy(digits.contains) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - digits.lowerBound) }
    }

    /// `2026-11-21?07:26:00` in seconds since 1970, as if it were UTC.
    private static func seconds(_ bytes: ArraySlice<UInt8>) -> Int? {
        let marks = [bytes[4], bytes[7], bytes[13], bytes[16]]
        guard marks == Array("--::".utf8), let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19])
        else { return nil }
        return UTCTimestamp.secondsSince1970(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// `Z` or `+01:00` in seconds.
    private static func offset(_ bytes: [UInt8]) -> Int? {
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// Reads an RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let instant = Self(rfc3339: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is not an RFC 3339 time"))
        }
        self = instant
    }

    /// Whether one comes before the other.
    public static func < (one: Self, other: Self) -> Bool { one.seconds < other.seconds }

    /// The second that it lies in.
    var second: Int { Int(seconds.rounded(.down)) }

    /// This many seconds later.
    func advanced(by seconds: Double) -> Self { Self(seconds: self.seconds + seconds) ?? self }
}

extension ClosedRange<Instant>? {
    /// Grows by another time.
    mutating func cover(_ other: ClosedRange<Instant>) {
        guard let covered = self else {
            self = other
            return
        }
        self = min(covered.lowerBound, other.lowerBound)...max(covered.upperBound, other.upperBound)
    }
}
