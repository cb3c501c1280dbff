import Foundation
import LatencyAnalyzer

/// How many response times lie in each step of a logarithmic scale: small, and quick to add up with weights.
struct LatencyCounts: Sendable {
    private static let stepsPerDecade = 100
    // Response times below the median are within this factor of it, if only percentiles are known.
    private static let fastest = 0.5

    /// By step, in rising order.
    private(set) var steps: [(step: Int, count: Double)] = []

    /// Response times that were recorded one by one.
    init(_ histogram: LatencyHistogram) {
        steps = histogram.logarithmicSteps(perDecade: Self.stepsPerDecade).filter { $0.count > 0 }
            .map { (Self.step(of: $0.milliseconds * 1.000_001), Double($0.count)) }
    }

    /// Response times known only by some percentiles; between two of these they are assumed to be evenly spread.
    init?(_ percentiles: Percentiles) {
        guard percentiles.count > 0, let median = percentiles.values[50], median > 0 else { return nil }
        var knots = [(share: 0.0, milliseconds: median * Self.fastest)]
        knots += percentiles.values.sorted { $0.key < $1.key }.map { ($0.key / 100, $0.value) }
        if let longest = percentiles.longest { knots.append((1, longest)) }
        var counts: [Int: Double] = [:]
        for (from, to) in zip(knots, knots.dropFirst() + [(1, knots[knots.count - 1].milliseconds)]) {
            let count = max(to.share - from.share, 0) * Double(percentiles.count)
            Self.spread(count, from: Self.place(of: from.milliseconds), to: Self.place(of: to.milliseconds), &counts)
        }
        steps = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Those of several together; nil without any.
    init?(_ several: [Self]) {
        guard !several.isEmpty else { return nil }
        var counts: [Int: Double] = [:]
        for (step, count) in several.flatMap(\.steps) { counts[step, default: 0] += count }
        steps = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var range: ClosedRange<Int>? {
        guard let first = steps.first, let last = steps.last else { return nil }
        return first.step...last.step
    }

    /// On the scale, in steps.
    private static func place(of milliseconds: Double) -> Double {
        log10(min(max(milliseconds, 1e-4), 1e11)) * Double(stepsPerDecade)
    }

    private static func step(of milliseconds: Double) -> Int { Int(place(of: milliseconds).rounded(.down)) }

    private static func spread(_ count: Double, from low: Double, to high: Double, _ counts: inout [Int: Double]) {
        let steps = Int(low.rounded(.down))...max(Int(high.rounded(.down)), Int(low.rounded(.down)))
        for step in steps {
            let overlap = min(high, Double(step + 1)) - max(low, Double(step))
            counts[step, default: 0] += high > low ? count * max(overlap, 0) / (high - low) : count
        }
    }

    /// Adds these counts to those of consecutive steps.
    func add(to counts: inout [Double], from first: Int, weight: Double) {
        for (step, count) in steps { counts[step - first] += count * weight }
    }

    /// The time in ms that a share of the requests does not exceed, evenly between a step's two ends; nil without any.
    static func milliseconds(atShare share: Double, of counts: [Double], from first: Int) -> Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        var rest = share * total
        for (index, count) in counts.enumerated() where count > 0 {
            if rest <= count {
                return pow(10, (Double(first + index) + rest / count) / Double(stepsPerDecade))
            }
            rest -= count
        }
        return pow(10, Double(first + counts.count) / Double(stepsPerDecade))
    }
}
