import Foundation
import Histogram

/// Scoring times in an HdrHistogram with three significant digits, in units of 0.1 µs, the log's resolution.
public struct LatencyHistogram: Sendable {
    /// The percentiles of every report.
    public static let percentiles = [50, 90, 95, 99, 99.9]

    /// `p50`, `p99.9`.
    public static func name(ofPercentile percentile: Double) -> String {
        "p" + (percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)")
    }

    private static let unitsPerMillisecond = 10_000.0
    // 3 years in milliseconds: a foreign log's larger number counts as this in percentiles, so that memory is bounded.
    private static let longestMilliseconds = 1e11

    // Most times are below this. Growing is far slower than starting large enough.
    private static let usualMilliseconds: [SignificantDigits: Double] = [.two: 10, .three: 100]

    private let digits: SignificantDigits
    // A timeline has hundreds of them, and many stay empty.
    private var counts: Histogram<UInt64>?

    init(digits: SignificantDigits) { self.digits = digits }

    private static func empty(_ digits: SignificantDigits) -> Histogram<UInt64> {
        let units = UInt64((usualMilliseconds[digits] ?? 1) * unitsPerMillisecond)
        var counts = Histogram<UInt64>(highestTrackableValue: units, numberOfSignificantValueDigits: digits)
        counts.autoResize = true
        return counts
    }

    /// An empty one with three digits.
    public init() { self.init(digits: .three) }

    /// One with two digits, which are enough for a picture.
    public static func coarse() -> Self { Self(digits: .two) }

    /// How many times were recorded.
    public var count: Int { Int(counts?.totalCount ?? 0) }

    /// Records a time in milliseconds, not negative.
    @inline(__always)
    public mutating func record(milliseconds: Double) {
        let units = min(milliseconds, Self.longestMilliseconds) * Self.unitsPerMillisecond
        if counts == nil { counts = Self.empty(digits) }
        counts?.record(UInt64(units + 0.5))
    }

    /// Adds another histogram's times.
    public mutating func add(_ other: Self) {
        guard let theirs = other.counts else { return }
        if counts == nil { counts = theirs } else { counts?.add(theirs) }
    }

    /// The time in milliseconds that this percentage of the calls does not exceed, to three digits; nil without calls.
    public func milliseconds(atPercentile percentile: Double) -> Double? {
        guard let counts, counts.totalCount > 0 else { return nil }
        // The histogram returns the upper end of a bucket, which may be above the largest value.
        return Double(min(counts.valueAtPercentile(percentile), counts.max)) / Self.unitsPerMillisecond
    }

    /// Calls by time, in this many steps for each factor of ten, from the shortest call's step to the longest one's.
    package func logarithmicSteps(perDecade steps: Int) -> [(milliseconds: Double, count: Int)] {
        var countsOfSteps: [Int: Int] = [:]
        guard let counts else { return [] }
        for value in counts.recordedValues() {
            let milliseconds = Double(value.value) / Self.unitsPerMillisecond
            let step = milliseconds <= 0 ? Int.min : Int((Double(steps) * log10(milliseconds)).rounded(.down))
            countsOfSteps[step, default: 0] += Int(value.count)
        }
        // 0.0000 ms is not on the scale, and counts as the shortest time that the log can show.
        let zero = Int((Double(steps) * log10(1 / Self.unitsPerMillisecond)).rounded(.down))
        if let zeros = countsOfSteps.removeValue(forKey: .min) { countsOfSteps[zero, default: 0] += zeros }
        guard let first = countsOfSteps.keys.min(), let last = countsOfSteps.keys.max() else { return [] }
        return (first...last).map { (pow(10, Double($0) / Double(steps)), countsOfSteps[$0] ?? 0) }
    }
}
