/// A stretch of a run's time, and what was measured in it.
struct RunPart: Sendable {
    var seconds: Double
    /// Requests with a response time.
    var answered: Int
    var failed: Int?
    var latencies: LatencyCounts?
    var meanMilliseconds: Double?

    init(
        seconds: Double, answered: Int, failed: Int? = nil, latencies: LatencyCounts? = nil,
        meanMilliseconds: Double? = nil
    ) {
        (self.seconds, self.answered, self.failed) = (seconds, answered, failed)
        (self.latencies, self.meanMilliseconds) = (latencies, meanMilliseconds)
    }
}

/// The parts of some runs, ready to be added up with weights.
struct RunParts: Sendable {
    let parts: [RunPart]
    private let first: Int
    private let width: Int

    init(_ parts: [RunPart]) {
        self.parts = parts
        let ranges = parts.compactMap { $0.latencies?.range }
        first = ranges.map(\.lowerBound).min() ?? 0
        width = (ranges.map(\.upperBound).max() ?? -1) - first + 1
    }

    /// A metric's value over the parts, each counted as often as its weight says; nil if it cannot be computed.
    func value(_ metric: ComparedMetric, _ weights: [Double]) -> Double? {
        let weighted = zip(parts, weights)
        switch metric {
        case .p50, .p90, .p95, .p99:
            guard width > 0, let share = metric.share else { return nil }
            var counts = [Double](repeating: 0, count: width)
            for (part, weight) in weighted where weight > 0 {
                part.latencies?.add(to: &counts, from: first, weight: weight)
            }
            return LatencyCounts.milliseconds(atShare: share, of: counts, from: first)
        case .mean:
            let known = weighted.filter { $0.0.meanMilliseconds != nil }
            let count = known.reduce(0) { $0 + Double($1.0.answered) * $1.1 }
            let sum = known.reduce(0) { $0 + ($1.0.meanMilliseconds ?? 0) * Double($1.0.answered) * $1.1 }
            return count > 0 ? sum / count : nil
        case .rate:
            let seconds = weighted.reduce(0) { $0 + $1.0.seconds * $1.1 }
            return seconds > 0 ? weighted.reduce(0) { $0 + Double($1.0.answered) * $1.1 } / seconds : nil
        case .failed:
            guard parts.allSatisfy({ $0.failed != nil }) else { return nil }
            return weighted.reduce(0) { $0 + Double($1.0.failed ?? 0) * $1.1 }
        case .cpu, .rejected, .hits: return nil
        }
    }

    /// The range of a percentile if response times were independent: one standard deviation to both sides.
    func latencyRange(around share: Double, of count: Int) -> ClosedRange<Double>? {
        let deviation = (share * (1 - share) / Double(count)).squareRoot()
        var counts = [Double](repeating: 0, count: max(width, 0))
        for part in parts { part.latencies?.add(to: &counts, from: first, weight: 1) }
        let ends = [max(share - deviation, 0), min(share + deviation, 1)].compactMap {
            LatencyCounts.milliseconds(atShare: $0, of: counts, from: first)
        }
        guard ends.count == 2, ends[0] > 0, ends[1] >= ends[0] else { return nil }
        return ends[0]...ends[1]
    }

    /// The requests of each stretch of this many parts in a row, failed ones included.
    func requests(inEach count: Int) -> [Double] {
        guard count > 0, count <= parts.count else { return [] }
        return (0...(parts.count - count)).map { start in
            parts[start..<(start + count)].reduce(0) { $0 + Double($1.answered + ($1.failed ?? 0)) }
        }
    }

    /// A metric's value of each stretch of this many parts in a row.
    func values(_ metric: ComparedMetric, inEach count: Int) -> [Double] {
        guard count > 0, count <= parts.count else { return [] }
        return (0...(parts.count - count)).compactMap { start in
            RunParts(Array(parts[start..<(start + count)])).value(metric, Array(repeating: 1, count: count))
        }
    }
}
