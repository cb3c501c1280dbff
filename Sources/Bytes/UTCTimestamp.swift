private import Platform

/// A second as date and time of day in UTC, and the texts of it; months and weekdays are in English.
///
/// Seconds outside the years 0001 to 9999 become the nearest second within, so that every text has its fixed length.
package struct UTCTimestamp: Sendable, Equatable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// 0 is Sunday.
    package let weekday: Int

    package static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// Seconds since 1970 of the years 0001 to 9999.
    package static let representable = -62_135_596_800...253_402_300_799

    /// - Parameter secondsSince1970: UTC, without leap seconds, as `time(2)` counts.
    package init(secondsSince1970: Int) {
        let range = Self.representable
        var seconds = time_t(min(max(secondsSince1970, range.lowerBound), range.upperBound))
        var date = tm()
        gmtime_r(&seconds, &date)
        (year, month, day) = (Int(date.tm_year) + 1900, Int(date.tm_mon) + 1, Int(date.tm_mday))
        (hour, minute, second) = (Int(date.tm_hour), Int(date.tm_min), Int(date.tm_sec))
        weekday = Int(date.tm_wday)
    }

    /// The second of a date and time of day in UTC; nil if there is no such date or time.
    package static func secondsSince1970(
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
    ) -> Int? {
        guard 1...9999 ~= year, 1...12 ~= month, 1...31 ~= day, 0..<24 ~= hour, 0..<60 ~= minute, 0..<60 ~= second
        else { return nil }
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        (date.tm_hour, date.tm_min, date.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
        let seconds = timegm(&date)
        // timegm turns 31 February into a day of March.
        return date.tm_mday == Int32(day) ? Int(seconds) : nil
    }

    /// `2026-11-21 07:26:00`: what Python prints and SQLite's date functions read.
    package var text: String {
        Self.text { output in
            output.putDate(self)
            output.put(" ")
            output.putTimeOfDay(self)
        }
    }

    /// `Sat, 21 Nov 2026 07:26:00 GMT`, the IMF-fixdate of RFC 9110, section 5.6.7.
    package var httpDate: String {
        Self.text { output in
            output.put(Self.weekdays[weekday])
            output.put(", ")
            output.put(day, digits: 2)
            output.put(" ")
            output.put(Self.months[month - 1])
            output.put(" ")
            output.put(year, digits: 4)
            output.put(" ")
            output.putTimeOfDay(self)
            output.put(" GMT")
        }
    }

    private static func text(_ write: (inout ByteWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: 32) { text in
            var output = ByteWriter(UnsafeMutableRawBufferPointer(text))
            write(&output)
            return output.count
        }
    }
}

extension ByteWriter {
    /// `2026-11-21`
    package mutating func putDate(_ time: UTCTimestamp) {
        put(time.year, digits: 4)
        put("-")
        put(time.month, digits: 2)
        put("-")
        put(time.day, digits: 2)
    }

    /// `07:26:00`
    package mutating func putTimeOfDay(_ time: UTCTimestamp) {
        put(time.hour, digits: 2)
        put(":")
        put(time.minute, digits: 2)
        put(":")
        put(time.second, digits: 2)
    }
}
