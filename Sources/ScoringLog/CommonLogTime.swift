import Bytes

/// One second as the scoring log writes it: in the common log format, and in RFC 3339 for the JSON log.
///
/// A loop keeps one value and calls `update` with its clock; the text is made anew only when the second changes.
/// Always UTC, months in English whatever the locale. Seconds outside the years 0001 to 9999 are written as the nearest
/// second within.
public struct CommonLogTime: Sendable {
    /// Bytes of `21/Nov/2026:07:26:00 +0000`.
    static let commonLogCount = 26
    /// Bytes of `2026-11-21T07:26:00`.
    static let rfc3339Count = 19

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
        let time = UTCTimestamp(secondsSince1970: secondsSince1970)
        withUnsafeMutableBytes(of: &commonLog) { buffer in
            var output = ByteWriter(buffer)
            output.put(time.day, digits: 2)
            output.put("/")
            output.put(UTCTimestamp.months[time.month - 1])
            output.put("/")
            output.put(time.year, digits: 4)
            output.put(":")
            output.putTimeOfDay(time)
            output.put(" +0000")
        }
        withUnsafeMutableBytes(of: &rfc3339) { buffer in
            var output = ByteWriter(buffer)
            output.putDate(time)
            output.put("T")
            output.putTimeOfDay(time)
        }
    }
}

// MARK: - Reading

extension CommonLogTime {
    /// Reads `21/Nov/2026:07:26:00`, exactly; nil for anything else and for dates that do not exist.
    ///
    /// - Parameter text: the 20 bytes, without brackets or zone.
    /// - Returns: seconds since 1970 if the text is taken as UTC.
    static func secondsSince1970(parsing text: UnsafeRawBufferPointer) -> Int? {
        let (slash, colon) = (UInt8(ascii: "/"), UInt8(ascii: ":"))
        var scanner = ByteScanner(text)
        guard let day = scanner.decimal(digits: 2), scanner.skip(slash),
            let name = scanner.take(3), let month = UTCTimestamp.months.firstIndex(where: { name.equals($0) }),
            scanner.skip(slash), let year = scanner.decimal(digits: 4),
            scanner.skip(colon), let hour = scanner.decimal(digits: 2),
            scanner.skip(colon), let minute = scanner.decimal(digits: 2),
            scanner.skip(colon), let second = scanner.decimal(digits: 2), scanner.isAtEnd
        else { return nil }
        return UTCTimestamp.secondsSince1970(
            year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    /// Reads the zone of an access line: `+0000`, `-0730`.
    ///
    /// - Returns: seconds east of Greenwich; nil if the text is not a zone.
    static func zoneSeconds(parsing text: UnsafeRawBufferPointer) -> Int? {
        var scanner = ByteScanner(text)
        let isEast = scanner.skip(UInt8(ascii: "+"))
        guard isEast || scanner.skip(UInt8(ascii: "-")), let hours = scanner.decimal(digits: 2), hours < 24,
            let minutes = scanner.decimal(digits: 2), minutes < 60, scanner.isAtEnd
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isEast ? seconds : -seconds
    }
}
