import Foundation

/// Seconds since 1970 as `2026-11-21 07:26:00`, UTC: what Python prints and SQLite's date functions read.
package enum UTCTime {
    /// The text of a second; `n/a` for none.
    package static func text(_ secondsSince1970: Int?) -> String {
        guard let secondsSince1970 else { return "n/a" }
        var seconds = time_t(secondsSince1970)
        var date = tm()
        gmtime_r(&seconds, &date)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", Int(date.tm_year) + 1900, Int(date.tm_mon) + 1, Int(date.tm_mday),
            Int(date.tm_hour), Int(date.tm_min), Int(date.tm_sec))
    }
}
