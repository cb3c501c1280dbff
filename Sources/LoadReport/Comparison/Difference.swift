import Foundation

/// The difference between two loads in one metric, with its uncertainty.
///
/// The unit is the run: if a folder has several runs of a load, their differences measure chance, on the scale of
/// logarithms. A side with one run takes the other's measure. Only if both have one, it is taken from within the runs.
struct Difference: Sendable {
    /// The source of the measure of chance.
    enum Basis: Sendable { case runs, parts, responses }

    let baseline, results: Double
    let basis: Basis
    private let variance: Double
    private let degrees: Double

    /// - Returns: nil if a side has no positive value; without a measure of chance, only the values.
    init?(_ metric: ComparedMetric, _ results: LoadRuns, _ baseline: LoadRuns, _ bootstrap: BlockBootstrap) {
        let sides = [Side(metric, results, bootstrap), Side(metric, baseline, bootstrap)]
        guard let ours = sides[0].mean, let theirs = sides[1].mean else { return nil }
        (self.results, self.baseline) = (exp(ours), exp(theirs))
        guard let mine = sides[0].spread(with: sides[1]), let other = sides[1].spread(with: sides[0]) else {
            return nil
        }
        basis =
            sides.contains { $0.logarithms.count > 1 }
            ? .runs : sides.map(\.withinBasis).contains(.responses) ? .responses : .parts
        variance = mine.variance + other.variance
        // Welch and Satterthwaite.
        let parts = mine.variance * mine.variance / mine.degrees + other.variance * other.variance / other.degrees
        degrees = parts > 0 ? max(variance * variance / parts, 1) : max(min(mine.degrees, other.degrees), 1)
    }

    /// Results by baseline, less one.
    var relative: Double { results / baseline - 1 }

    /// The same as an interval that holds the true value in this share of cases.
    func relativeInterval(_ share: Double) -> ClosedRange<Double> {
        let reach = quantile(share) * variance.squareRoot()
        let middle = log(results / baseline)
        return (exp(middle - reach) - 1)...(exp(middle + reach) - 1)
    }

    /// The same in the metric's own unit, from the baseline's value on.
    func interval(_ share: Double) -> ClosedRange<Double> {
        let relative = relativeInterval(share)
        return (baseline * relative.lowerBound)...(baseline * relative.upperBound)
    }

    private func quantile(_ share: Double) -> Double {
        StudentDistribution.quantile(1 - (1 - share) / 2, degrees: degrees)
    }
}

/// One folder's runs of a load, in one metric.
private struct Side {
    let logarithms: [Double]
    private let within: [Spread]
    let withinBasis: Difference.Basis

    init(_ metric: ComparedMetric, _ load: LoadRuns, _ bootstrap: BlockBootstrap) {
        let known = load.runs.filter { ($0.value(metric) ?? 0) > 0 }
        logarithms = known.compactMap { $0.value(metric).map(log) }
        let byBlocks = known.enumerated().map { index, run in
            bootstrap.variance(of: metric, in: run, stream: UInt64(index) << 8 | metric.number)
        }
        let isByBlocks = byBlocks.contains { $0 != nil }
        withinBasis = isByBlocks ? .parts : .responses
        within = isByBlocks ? byBlocks.compactMap(\.self) : known.compactMap { $0.responseSpread(metric) }
    }

    var mean: Double? { logarithms.mean }

    /// The uncertainty of the mean.
    func spread(with other: Self) -> Spread? {
        let inside = within.map(\.variance).mean
        let count = Double(logarithms.count)
        if let own = logarithms.variance {
            return Spread(variance: max(own, inside ?? 0) / count, degrees: count - 1)
        }
        if let theirs = other.logarithms.variance {
            return Spread(variance: max(theirs, inside ?? 0), degrees: Double(other.logarithms.count - 1))
        }
        return within.first
    }
}

extension ComparedMetric {
    fileprivate var number: UInt64 { UInt64(Self.allCases.firstIndex(of: self) ?? 0) }
}

extension LoadRun {
    /// The uncertainty of a figure if response times were independent of each other, which they are not.
    fileprivate func responseSpread(_ metric: ComparedMetric) -> Spread? {
        if metric == .rate { return issuedCalls.map { Spread(variance: 1 / Double($0), degrees: Double($0)) } }
        guard let found = steadyPercentiles, found.count > 1, let share = metric.share,
            let counts = LatencyCounts(found).flatMap({
                RunParts([RunPart(seconds: 1, answered: found.count, latencies: $0)])
            }),
            let range = counts.latencyRange(around: share, of: found.count)
        else { return nil }
        let deviation = log(range.upperBound / range.lowerBound) / 2
        return Spread(variance: deviation * deviation, degrees: Double(found.count))
    }
}
