import Bytes
import Foundation

/// Maps values to places along one side of a chart, with ticks at round values.
public struct Axis: Sendable {
    /// A labelled value.
    public struct Tick: Sendable {
        let value: Double
        let label: String
    }

    let ticks: [Tick]
    private let lower, upper: Double
    private let start, end: Double
    private let isLogarithmic: Bool

    /// From 0 to a round value not below the largest one.
    ///
    /// - Parameter places: the first and the last place, in the drawing's units; they may fall.
    public init(upTo largest: Double, places: (Double, Double)) {
        let rough = max(largest, 1e-9) / 4
        let magnitude = pow(10, log10(rough).rounded(.down))
        let step = magnitude * ([1, 2, 2.5, 5, 10].first { $0 * magnitude >= rough } ?? 10)
        let count = max(Int((largest / step).rounded(.up)), 1)
        (lower, upper) = (0, step * Double(count))
        (start, end) = places
        isLogarithmic = false
        ticks = (0...count).map { Tick(value: step * Double($0), label: Self.label(step * Double($0))) }
    }

    /// Whole factors of ten around positive values, with ticks at 1, 2 and 5.
    public init(logarithmicFrom smallest: Double, to largest: Double, places: (Double, Double)) {
        let smallest = max(smallest, 1e-4)
        (lower, upper) = (smallest, max(largest, smallest * 1.1))
        (start, end) = places
        isLogarithmic = true
        let decades = Int(log10(lower).rounded(.down))...Int(log10(upper).rounded(.up))
        let factors: [Double] = decades.count > 4 ? [1] : [1, 2, 5]
        let (first, last) = (lower, upper)
        ticks = decades.flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
            .filter { $0 >= first * 0.999 && $0 <= last * 1.001 }
            .map { Tick(value: $0, label: Self.label($0)) }
    }

    /// Factors around 1 in the middle: half as much is as far from it as twice as much.
    public init(factorsUpTo largest: Double, places: (Double, Double)) {
        (lower, upper) = (1 / largest, largest)
        (start, end) = places
        isLogarithmic = true
        // Labels of a narrow drawing would touch.
        let isNarrow = abs(places.1 - places.0) < 400
        let steps =
            largest > 5 && isNarrow
            ? [1, 5, 20] : largest > 3 ? [1, 2, 5, 10, 20] : largest > 1.4 ? [1, 1.5, 2, 3] : [1, 1.1, 1.2, 1.3]
        let shown = steps.filter { $0 <= largest }
        ticks = (shown.dropFirst().reversed().map { 1 / $0 } + shown).map {
            Tick(value: $0, label: "×" + String(format: "%.3g", $0))
        }
    }

    /// Seconds since 1970, with ticks at round times of the day.
    public init(from first: Int, to last: Int, places: (Double, Double)) {
        (lower, upper) = (Double(first), Double(max(last, first + 1)))
        (start, end) = places
        isLogarithmic = false
        let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]
        // A label needs some room.
        let count = max(Int(abs(places.1 - places.0) / 140), 1)
        let rough = max((last - first) / count, 1)
        let step = steps.first { $0 >= rough } ?? (rough / 86_400 + 1) * 86_400
        let begin = (first + step - 1) / step * step
        ticks = stride(from: begin, through: max(last, begin), by: step).map { second in
            let text = UTCTime.text(second)
            let label =
                step % 86_400 == 0
                ? text.prefix(10) : step % 60 == 0 ? text.dropFirst(11).prefix(5) : text.dropFirst(11)
            return Tick(value: Double(second), label: String(label))
        }
    }

    /// Percentiles in ascending order, each further nine of the tail at the same distance; values are those of `tail`.
    ///
    /// - Parameter name: the label of a percentile.
    public init(percentiles: [Double], named name: (Double) -> String, places: (Double, Double)) {
        let tails = percentiles.map(Self.tail)
        (lower, upper) = (tails.first ?? 1, max(tails.last ?? 10, (tails.first ?? 1) * 1.1))
        (start, end) = places
        isLogarithmic = true
        ticks = zip(percentiles, tails).map {
            Tick(value: $0.1, label: name($0.0))
        }
    }

    /// One in this many requests takes longer: 2 at the 50th percentile, 100 at the 99th.
    public static func tail(_ percentile: Double) -> Double { 100 / max(100 - percentile, 1e-9) }

    /// The place of a value.
    public func place(_ value: Double) -> Double {
        let share =
            isLogarithmic
            ? log(max(value, lower) / lower) / log(upper / lower) : (value - lower) / (upper - lower)
        return start + (end - start) * min(max(share, 0), 1)
    }

    private static func label(_ value: Double) -> String {
        if value >= 1_000_000 { return String(format: "%gM", value / 1_000_000) }
        return value >= 10_000 ? String(format: "%gk", value / 1000) : String(format: "%.4g", value)
    }
}
