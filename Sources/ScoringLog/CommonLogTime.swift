import Bytes
import Foundation

/// One second as the scoring log writes it: in the common log format, and in RFC 3339 for the JSON log.
///
/// A loop keeps one value and calls `update` with its clock; the text is made anew only when the second changes.
/// Always UTC, months in English whatever the locale. Times outside the years 0001 to 9999 are held at the nearest
/// second within.
public struct CommonLogTime: Sendable {
    /// Bytes of `21/Nov/2026:07:26:00 +0000`.
    static let commonLogCount = 26
    /// Bytes of `2026-11-21T07:26:00`.
    static let rfc3339Count = 19

    private static let representable = -62_135_596_800...253_402_300_799
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The second this value writes, in seconds since 1970-01-01T00:00:00Z.
    public private(set) var secondsSince1970: Int
    // Inline, so that copying the text into a block is two vector stores and no reference count moves.
    private(set) var commonLog = SIMD32<UInt8>()
    private(set) var rfc3339 = SIMD32<UInt8>()

    /// Writes the texts of one second.
    ///
    /// - Parameter secondsSince1970: UTC, without leap seconds, as `time(2)` counts.
    public init(secondsSince1970: Int) {
        self.secondsSince1970 = secondsSince1970
        writeTexts()
    }

    /// Moves to another second; costs one comparison while the second is the same.
    ///
    /// - Parameter secondsSince1970: UTC, without leap seconds, as `time(2)` counts.
    public mutating func update(secondsSince1970: Int) {
        guard secondsSince1970 != self.secondsSince1970 else { return }
        self.secondsSince1970 = secondsSince1970
        writeTexts()
    }

    private mutating func writeTexts() {
        let range = Self.representable
        var seconds = time_t(min(max(secondsSince1970, range.lowerBound), range.upperBound))
        var date = tm()
        gmtime_r(&seconds, &date)
        let (year, month, day) = (Int(date.tm_year) + 1900, Int(date.tm_mon), Int(date.tm_mday))
        withUnsafeMutableBytes(of: &commonLog) { buffer in
            var output = ByteWriter(buffer)
            output.put(day, digits: 2)
            output.put("/")
            output.put(Self.months[month])
            output.put("/")
            output.put(year, digits: 4)
            output.put(":")
            Self.putTimeOfDay(date, into: &output)
            output.put(" +0000")
        }
        withUnsafeMutableBytes(of: &rfc3339) { buffer in
            var output = ByteWriter(buffer)
            output.put(year, digits: 4)
            output.put("-")
            output.put(month + 1, digits: 2)
            output.put("-")
            output.put(day, digits: 2)
            output.put("T")
            Self.putTimeOfDay(date, into: &output)
        }
    }

    private static func putTimeOfDay(_ date: tm, into output: inout ByteWriter) {
        output.put(Int(date.tm_hour), digits: 2)
        output.put(":")
        output.put(Int(date.tm_min), digits: 2)
        output.put(":")
        output.put(Int(date.tm_sec), digits: 2)
    }

    /// Reads `21/Nov/2026:07:26:00`, exactly; nil for anything else and for dates that do not exist.
    ///
    /// - Parameter text: the 20 bytes, without brackets or zone.
    /// - Returns: seconds since 1970 if the text is taken as UTC.
    static func secondsSince1970(parsing text: LineBytes) -> Int? {
        let bytes = UnsafeRawBufferPointer(rebasing: text)
        guard bytes.count == 20, bytes[2] == UInt8(ascii: "/"), bytes[6] == UInt8(ascii: "/"),
            bytes[11] == UInt8(ascii: ":"), bytes[14] == UInt8(ascii: ":"), bytes[17] == UInt8(ascii: ":"),
            let day = bytes[0..<2].decimal, let year = bytes[7..<11].decimal,
            let hour = bytes[12..<14].decimal, let minute = bytes[15..<17].decimal,
            let second = bytes[18..<20].decimal,
            let month = months.firstIndex(where: { bytes[3..<6].isEqual(to: $0) }),
            year >= 1, hour < 24, minute < 60, second < 60
        else { return nil }
        var date = tm()
        date.tm_year = Int32(year - 1900)
        date.tm_mon = Int32(month)
        date.tm_mday = Int32(day)
        date.tm_hour = Int32(hour)
        date.tm_min = Int32(minute)
        date.tm_sec = Int32(second)
        let seconds = Int(timegm(&date))
        // timegm turns 31 February into a day of March; the day it left in `date` then differs.
        return date.tm_mday == day ? seconds : nil
    }

    /// Reads the zone `+0000`, `-0730`, … of an access line.
    ///
    /// - Returns: seconds east of Greenwich, nil if the text is no zone.
    static func zoneSeconds(parsing text: LineBytes) -> Int? {
        guard text.count == 5, let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = text.dropFirst().prefix(2).decimal, let minutes = text.suffix(2).decimal,
            hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "+") ? seconds : -seconds
    }
}
