import Foundation
import LoadReport

/// How far off a least-squares fit of a time series may be, where what one point has too much its neighbours may have too little, or
/// too much as well: blocks of time are left out, one after the other.
struct BlockJackknife {
    private static let mostBlocks = 10

    /// Half the width of the interval that holds an unknown with 95 %; nil where there are fewer than two blocks.
    ///
    /// - Parameters:
    ///   - times: of the rows, in seconds.
    ///   - least: seconds that a block has at least.
    ///   - columns: the unknowns of the fit.
    static func error(
        _ rows: [LeastSquares.Row], times: [Double], least: Double, columns: Set<Int>, unknown: Int
    ) -> Double? {
        let distinct = Array(Set(times)).sorted()
        guard let first = distinct.first, let last = distinct.last, last > first else { return nil }
        let step = (last - first) / Double(distinct.count - 1)
        let length = last - first + step
        let count = min(mostBlocks, distinct.count, max(2, Int(length / max(least, step))))
        func block(_ time: Double) -> Int { min(count - 1, Int((time - first) / length * Double(count))) }
        let blocks = times.map(block)
        let estimates = (0..<count).compactMap { left -> Double? in
            let kept = zip(rows, blocks).filter { $0.1 != left }.map(\.0)
            guard kept.count < rows.count, !kept.isEmpty else { return nil }
            return LeastSquares.solve(kept, unknowns: rows[0].factors.count, of: columns).values[unknown]
        }
        guard estimates.count > 1 else { return nil }
        let number = Double(estimates.count)
        let mean = estimates.reduce(0, +) / number
        let variance = (number - 1) / number * estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return StudentDistribution.quantile(0.975, degrees: number - 1) * variance.squareRoot()
    }
}
