/// Seconds since 1970 as `2026-11-21 07:26:00`, UTC: what Python prints and SQLite's date functions read.
package enum UTCTime {
    /// The text of a second; `n/a` for none.
    package static func text(_ secondsSince1970: Int?) -> String {
        secondsSince1970.map { UTCTimestamp(secondsSince1970: $0).text } ?? "n/a"
    }
}
