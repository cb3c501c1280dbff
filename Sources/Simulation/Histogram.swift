/// Counts of durations, with buckets of 0.8 % from a microsecond to a day; its size does not grow with the counts.
package struct Histogram: Sendable, Equatable {
    private static let least = 1e-6
    /// A bucket for each value of a double's exponent and of its seven highest mantissa bits.
    private static let shift: UInt64 = 45
    private static let offset = Int(least.bitPattern >> shift)
    private static let size = Int(1e5.bitPattern >> shift) - offset + 1

    private var counts: [UInt32] = []
    package private(set) var count = 0
    package private(set) var sum = 0.0
    package private(set) var max = 0.0

    package init() {}

    package mutating func record(_ seconds: Double) {
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.size) }
        counts[Self.bucket(of: seconds)] += 1
        count += 1
        sum += seconds
        if seconds > max { max = seconds }
    }

    package var mean: Double? { count == 0 ? nil : sum / Double(count) }

    /// The value below or at which a share of the counts lies; nil without counts.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = Swift.max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (bucket, value) in counts.enumerated() {
            seen += Int(value)
            if seen >= rank { return Swift.min(Self.middle(of: bucket), max) }
        }
        return max
    }

    package mutating func add(_ other: Histogram) {
        guard other.count > 0 else { return }
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.size) }
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        sum += other.sum
        max = Swift.max(max, other.max)
    }

    private static func bucket(of seconds: Double) -> Int {
        seconds <= least ? 0 : Swift.min(Int(seconds.bitPattern >> shift) - offset, size - 1)
    }

    private static func middle(of bucket: Int) -> Double {
        let low = Double(bitPattern: UInt64(bucket + offset) << shift)
        let high = Double(bitPattern: UInt64(bucket + offset + 1) << shift)
        return (low + high) / 2
    }
}
