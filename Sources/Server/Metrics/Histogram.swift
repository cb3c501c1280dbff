/// A Prometheus histogram with classic buckets: counts of values up to each bound, and their sum.
struct Histogram: Sendable {
    /// Upper bounds, ascending; one more bucket holds the values above all of them.
    let bounds: [Double]
    /// Values in each bucket, not cumulated; the last bucket has no bound.
    private(set) var counts: [UInt64]
    private(set) var sum = 0.0
    /// The last traced value of each bucket; empty until there is one.
    private(set) var exemplars: [Exemplar?] = []

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    /// Adds a value, in the unit of the bounds.
    mutating func observe(_ value: Double, tracedAs trace: Exemplar.Trace? = nil) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket] += 1
        sum += value
        guard let trace else { return }
        if exemplars.isEmpty { exemplars = [Exemplar?](repeating: nil, count: counts.count) }
        exemplars[bucket] = Exemplar(trace: trace, value: value)
    }

    /// The values of two histograms of the same bounds.
    static func + (left: Self, right: Self) -> Self {
        var both = left
        for index in both.counts.indices { both.counts[index] += right.counts[index] }
        both.sum += right.sum
        both.exemplars =
            left.exemplars.isEmpty || right.exemplars.isEmpty
            ? left.exemplars + right.exemplars : zip(left.exemplars, right.exemplars).map(Exemplar.later)
        return both
    }

    /// Seconds, from 50 µs: covers a linear model's times, and those of a far slower model.
    static let seconds = Histogram(bounds: [
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ])

    /// Records in a batch.
    static let records = Histogram(bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
}
