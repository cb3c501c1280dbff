import Foundation
import LoadReport

/// CPU of a hit, of a miss, and of a pod without requests, by least squares.
struct CPUFit {
    /// Milliseconds.
    var hit, miss: Calibration.Estimate?
    /// By which a request costs more than those that come within `shared` seconds after it.
    var wakeUp: Calibration.Estimate?
    var shared = 0.0
    /// Cores of a pod.
    var base: Calibration.Estimate?
    private(set) var residual = 0.0
    /// The largest difference between a point's CPU and the fit's, as a share.
    private(set) var misfit = 0.0

    /// Of all requests, the hits, where their kinds are known.
    var hitShare: Double?
    /// Why the costs of hits and misses are not known apart though they are two kinds: the miss is their mean then.
    var mixture: String?

    /// CPU seconds that pods used in a stretch, and for what.
    struct Point {
        var cpu: Double
        var podSeconds: Double
        var hits: Double
        var misses: Double
        var wakeUps = 0.0
        /// Seconds on any clock; points of one time are of several pods.
        var time = 0.0

        var requests: Double { hits + misses }

        /// Fewer than the requests where some share one: after each, a pod takes what comes within `shared` seconds along.
        func sharing(_ shared: Double) -> Point {
            var point = self
            point.wakeUps = requests / (1 + requests / podSeconds * shared)
            return point
        }

        /// With all requests as misses.
        var merged: Point {
            var point = self
            (point.hits, point.misses) = (0, requests)
            return point
        }
    }

    static let leastRequests = 50.0
    /// Of the CPU that a process counts, whatever the fit says; of what others publish of it, whose errors hang together.
    static let leastError = (exact: 0.01, published: 0.02)

    /// - Parameters:
    ///   - isExact: whether a point's error is that of the model, not of a clock: then the worst of them counts.
    ///   - block: seconds within which the errors of points that are not exact hang together.
    init?(_ points: [Point], isExact: Bool, block: Double = 0, source: String) {
        let rows = points.map { point in
            // What requests add to the error grows with their number; where the model itself is what errs, it errs by a share.
            LeastSquares.Row(
                factors: point.factors, value: point.cpu,
                weight: isExact ? pow(max(point.cpu, 0.01), -2) : 1 / (1 + point.requests))
        }
        guard points.contains(where: { $0.requests > 0 }) else { return nil }
        var found = LeastSquares.solve(rows, unknowns: 4)
        // A base that may as well be zero takes CPU from the requests, or gives them some: without an idle stretch a few
        // points of about the same rate tell the sum only.
        let isCertain = found.values[0].map { base in found.errors[0].map { 2 * $0 < base } ?? false } ?? false
        let isSure = isCertain || isExact && points.contains { $0.requests == 0 }
        if !isSure { found = LeastSquares.solve(rows, unknowns: 4, of: [1, 2, 3]) }
        residual = found.residual
        let columns = Set(found.errors.indices.filter { (found.values[$0] ?? 0) > 0 })
        let freedom = StudentDistribution.quantile(0.975, degrees: Double(max(1, rows.count - columns.count)))
        func estimate(_ column: Int, _ scale: Double) -> Calibration.Estimate? {
            guard let value = found.values[column] else { return nil }
            var error = found.errors[column].map { (isExact ? 2 : freedom) * $0 }
            if isExact, column > 0, let known = error {
                error = max(
                    known, Self.worst(points, values: found.values, column: column), Self.leastError.exact * value)
            } else if !isExact, let known = error {
                let blocks = BlockJackknife.error(
                    rows, times: points.map(\.time), least: block, columns: columns, unknown: column)
                error = max(known, blocks ?? 0, column > 0 ? Self.leastError.published * value : 0)
            }
            return Calibration.Estimate(value * scale, plusMinus: error.map { $0 * scale }, source: source)
        }
        base = estimate(0, 1)
        hit = estimate(1, 1000)
        miss = estimate(2, 1000)
        wakeUp = estimate(3, 1000)
        misfit = isExact ? Self.misfit(points, values: found.values) : 0
        // Requests without CPU: what was used was not theirs.
        guard (hit?.value ?? 0) + (miss?.value ?? 0) > 0 else { return nil }
    }

    /// The largest difference between a point's own cost of a request and the fit's, where it has many such requests.
    private static func worst(_ points: [Point], values: [Double?], column: Int) -> Double {
        let differences = points.compactMap { point -> Double? in
            let factors = point.factors
            let count = factors[column]
            guard count >= leastRequests, count >= 0.5 * point.requests else { return nil }
            let rest = factors.indices.filter { $0 != column }.reduce(0) { $0 + factors[$1] * (values[$1] ?? 0) }
            return abs((point.cpu - rest) / count - (values[column] ?? 0))
        }
        return differences.max() ?? 0
    }

    private static func misfit(_ points: [Point], values: [Double?]) -> Double {
        let shares = points.map { point in
            abs(1 - zip(point.factors, values).reduce(0) { $0 + $1.0 * ($1.1 ?? 0) } / max(point.cpu, 0.01))
        }
        return shares.max() ?? 0
    }
}

extension CPUFit.Point {
    /// In the order of the unknowns.
    fileprivate var factors: [Double] { [podSeconds, hits, misses, wakeUps] }
}
