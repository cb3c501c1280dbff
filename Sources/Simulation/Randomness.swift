import Foundation

/// SplitMix64 (Steele, Lea, Flood 2014): one stream for each purpose, so that a change of one leaves the others as they were.
struct RandomStream: Sendable {
    private var state: UInt64

    init(seed: UInt64, purpose: UInt64) {
        state = seed &* 0xD134_2543_DE82_EF95 &+ purpose &* 0xA076_1D64_78BD_642F
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// In [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// In 0..<count, without a division.
    mutating func index(below count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }

    mutating func exponential(mean: Double) -> Double { -log(1 - unit()) * mean }

    /// Marsaglia's polar method.
    private mutating func normal() -> Double {
        while true {
            let x = 2 * unit() - 1
            let y = 2 * unit() - 1
            let square = x * x + y * y
            if square < 1 && square > 0 { return x * (-2 * log(square) / square).squareRoot() }
        }
    }

    /// Marsaglia and Tsang (2000).
    mutating func gamma(shape: Double) -> Double {
        if shape < 1 { return gamma(shape: shape + 1) * pow(1 - unit(), 1 / shape) }
        let d = shape - 1 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = 1 + c * x
            if v <= 0 { continue }
            let cubed = v * v * v
            if log(1 - unit()) < 0.5 * x * x + d - d * cubed + d * log(cubed) { return d * cubed }
        }
    }
}

/// The phases, within their periods, at which the controller and metrics-server begin.
///
/// They decide most of a delay, so consecutive seeds spread them evenly (Roberts' sequence in two dimensions): medians over
/// some hundred seeds settle sooner than with independent draws.
struct Phases {
    /// Both in [0, 1).
    let sync: Double
    let scrape: Double

    init(seed: UInt64) {
        let number = Double(seed % 1_000_003)
        sync = (0.5 + number * 0.754_877_666_246_692_7).truncatingRemainder(dividingBy: 1)
        scrape = (0.5 + number * 0.569_840_290_998_053_3).truncatingRemainder(dividingBy: 1)
    }
}

/// A duration in seconds that varies from request to request.
package enum Span: Sendable, Equatable {
    case constant(Double)
    /// A gamma distribution by its mean and coefficient of variation; 1 is the exponential one.
    case spread(mean: Double, variation: Double)
    /// Any of these, each equally likely.
    case samples([Double])

    package static let zero = Span.constant(0)

    package var mean: Double {
        switch self {
        case .constant(let value): value
        case .spread(let mean, _): mean
        case .samples(let values): values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        }
    }

    func draw(_ random: inout RandomStream) -> Double {
        switch self {
        case .constant(let value): return value
        case .spread(let mean, let variation):
            if variation == 1 { return random.exponential(mean: mean) }
            if variation <= 0 { return mean }
            let shape = 1 / (variation * variation)
            return random.gamma(shape: shape) * mean / shape
        case .samples(let values): return values.isEmpty ? 0 : values[random.index(below: values.count)]
        }
    }
}
