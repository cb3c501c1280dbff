import Foundation

/// Estimates how much a run's figure would vary between similar runs, from its variation within the run.
///
/// Consecutive response times are too similar to count as independent, so whole stretches of time are resampled. Slower
/// changes show between the quarters of a run; the larger of the two counts.
struct BlockBootstrap {
    private static let resamples = 200
    private static let maximumBlocks = 30
    private static let leastBlocks = 4
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    /// The variance of a metric's logarithm and its degrees of freedom; nil if the parts do not suffice.
    func variance(of metric: ComparedMetric, in run: LoadRun, stream: UInt64) -> Spread? {
        let blocks = run.comparedParts.joined(to: Self.maximumBlocks)
        guard blocks.count >= Self.leastBlocks else { return nil }
        let parts = RunParts(blocks)
        var random = SplitMix64(seed: seed &+ stream &* 0xA076_1D64_78BD_642F)
        let draws = (0..<Self.resamples).compactMap { _ -> Double? in
            var weights = [Double](repeating: 0, count: blocks.count)
            for _ in blocks { weights[random.index(below: blocks.count)] += 1 }
            return parts.value(metric, weights).flatMap { $0 > 0 ? log($0) : nil }
        }
        guard draws.count > Self.resamples / 2, let drawn = draws.variance else { return nil }
        let count = Double(blocks.count)
        let byBlocks = Spread(variance: drawn * count / (count - 1), degrees: count - 1)
        let quarters = Self.quarters(of: blocks).compactMap { quarter in
            RunParts(quarter).value(metric, Array(repeating: 1, count: quarter.count)).flatMap {
                $0 > 0 ? log($0) : nil
            }
        }
        guard quarters.count == 4, let between = quarters.variance, between / 4 > byBlocks.variance else {
            return byBlocks
        }
        return Spread(variance: between / 4, degrees: 3)
    }

    private static func quarters(of blocks: [RunPart]) -> [[RunPart]] {
        (0..<4).map { Array(blocks[(blocks.count * $0 / 4)..<(blocks.count * ($0 + 1) / 4)]) }
    }
}

/// The uncertainty of a figure, on the scale of its logarithm.
struct Spread: Sendable, Equatable {
    var variance: Double
    /// The number of independent values that the variance is computed from, less one.
    var degrees: Double
}

/// A generator with a seed (Steele, Lea, Flood 2014): the same seed draws the same.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// In 0..<count, without a division.
    mutating func index(below count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }
}

extension [Double] {
    var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

    /// Of a sample; nil with fewer than two values.
    var variance: Double? {
        guard count > 1, let mean else { return nil }
        return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    }
}

extension [RunPart] {
    /// Neighbours joined until there are no more parts than these.
    fileprivate func joined(to most: Int) -> [RunPart] {
        let size = (count + most - 1) / most
        guard size > 1 else { return self }
        return stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)].joined }
    }
}

extension ArraySlice<RunPart> {
    /// One part of these.
    fileprivate var joined: RunPart {
        let answered = reduce(0) { $0 + $1.answered }
        let known = filter { $0.meanMilliseconds != nil }
        let sum = known.reduce(0) { $0 + ($1.meanMilliseconds ?? 0) * Double($1.answered) }
        let count = known.reduce(0) { $0 + $1.answered }
        return RunPart(
            seconds: reduce(0) { $0 + $1.seconds }, answered: answered,
            failed: allSatisfy { $0.failed != nil } ? reduce(0) { $0 + ($1.failed ?? 0) } : nil,
            latencies: LatencyCounts(compactMap(\.latencies)),
            meanMilliseconds: count > 0 ? sum / Double(count) : nil)
    }
}

extension LoadRun {
    private static var maximumParts: Int { 480 }

    /// The stretches that the run's figures cover: for a run with a proof, those of its hold.
    var comparedParts: [RunPart] { allParts.joined(to: Self.maximumParts) }

    private var allParts: [RunPart] {
        guard let proof else { return parts }
        if let own = proof.parts, own.seconds > 0 {
            return own.latencyMs.map { found in
                RunPart(seconds: own.seconds, answered: found?.count ?? 0, latencies: found.flatMap(LatencyCounts.init))
            }
        }
        // Locust's hold is the end of its run.
        guard let count = proof.latencyMs.sustained?.count, proof.tool == "locust" else { return [] }
        var (sum, hold) = (0, [RunPart]())
        for part in parts.reversed() where sum < count {
            sum += part.answered
            hold.append(part)
        }
        return hold.reversed()
    }
}
