import Bytes
private import Platform

/// The time of day in the forms that responses and logs need, read once per tick.
///
/// For one event loop; call `update()` before reading.
package final class WallClock {
    package private(set) var secondsSince1970 = 0
    /// Milliseconds within the second.
    package private(set) var millisecond = 0
    /// For the `Date` header: an IMF-fixdate (RFC 9110, section 5.6.7).
    private(set) var httpDate: String

    package init() {
        httpDate = UTCTimestamp(secondsSince1970: 0).httpDate
        update()
    }

    /// Reads the system's clock. The kernel's tick (1 to 4 ms) is precise enough, and far cheaper than the precise
    /// clock.
    package func update() {
        var now = timespec()
        #if os(Linux)
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        #else
        clock_gettime(CLOCK_REALTIME, &now)
        #endif
        millisecond = now.tv_nsec / 1_000_000
        guard now.tv_sec != secondsSince1970 else { return }
        secondsSince1970 = now.tv_sec
        httpDate = UTCTimestamp(secondsSince1970: now.tv_sec).httpDate
    }
}
