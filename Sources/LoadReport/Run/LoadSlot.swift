import LatencyAnalyzer

/// What one stretch of a run's time held.
struct LoadSlot: TimelineSlot {
    var calls = 0
    var failures = 0
    /// The most at once.
    var users = 0
    /// The worst of the reported ones.
    var milliseconds: [Double: Double] = [:]

    /// The percentiles that are drawn over time.
    static let percentiles: [Double] = [50, 95, 99]
    /// Slots of one run at most.
    static let maximumCount = 240

    mutating func add(_ other: Self) {
        calls += other.calls
        failures += other.failures
        users = max(users, other.users)
        milliseconds.merge(other.milliseconds, uniquingKeysWith: max)
    }
}
