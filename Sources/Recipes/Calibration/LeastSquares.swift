/// Weighted least squares for a few unknowns, none of which can be negative.
struct LeastSquares {
    struct Row {
        var factors: [Double]
        var value: Double
        var weight: Double
    }

    struct Solution {
        /// One an unknown; nil where the rows do not tell it.
        var values: [Double?]
        /// Standard errors; nil where there are no more rows than unknowns.
        var errors: [Double?]
        /// The weighted sum of squares that is left.
        var residual: Double
    }

    /// Unknowns that would be negative are taken as zero, one after the other.
    ///
    /// - Parameter allowed: the others are left out.
    static func solve(_ rows: [Row], unknowns count: Int, of allowed: Set<Int>? = nil) -> Solution {
        var used = (0..<count).filter { column in
            allowed?.contains(column) ?? true && rows.contains { $0.factors[column] > 0 }
        }
        var zero: Set<Int> = []
        while !used.isEmpty {
            guard let (values, inverse) = normal(rows, used) else {
                // What the rows cannot tell apart: the first, a pod's base, matters least.
                used.removeFirst()
                continue
            }
            if let worst = values.indices.min(by: { values[$0] < values[$1] }), values[worst] < 0 {
                zero.insert(used.remove(at: worst))
                continue
            }
            return solution(rows, used, zero, values, inverse, count)
        }
        return Solution(
            values: (0..<count).map { zero.contains($0) ? 0 : nil }, errors: Array(repeating: nil, count: count),
            residual: 0)
    }

    private static func solution(
        _ rows: [Row], _ used: [Int], _ zero: Set<Int>, _ values: [Double], _ inverse: [[Double]], _ count: Int
    ) -> Solution {
        let residual = rows.reduce(0) { sum, row in
            let fitted = zip(used, values).reduce(0) { $0 + row.factors[$1.0] * $1.1 }
            return sum + row.weight * (row.value - fitted) * (row.value - fitted)
        }
        let free = rows.count - used.count
        var found = Solution(
            values: (0..<count).map { zero.contains($0) ? 0 : nil }, errors: Array(repeating: nil, count: count),
            residual: residual)
        for (position, column) in used.enumerated() {
            found.values[column] = values[position]
            guard free > 0 else { continue }
            found.errors[column] = (residual / Double(free) * max(0, inverse[position][position])).squareRoot()
        }
        return found
    }

    /// The solution of the normal equations, and the inverse of their matrix; nil if it has none.
    private static func normal(_ rows: [Row], _ used: [Int]) -> (values: [Double], inverse: [[Double]])? {
        let size = used.count
        var matrix = (0..<size).map { row in
            (0..<size).map { column in
                rows.reduce(0) { $0 + $1.weight * $1.factors[used[row]] * $1.factors[used[column]] }
            } + (0..<size).map { $0 == row ? 1.0 : 0 }
        }
        for pivot in 0..<size {
            guard let best = (pivot..<size).max(by: { abs(matrix[$0][pivot]) < abs(matrix[$1][pivot]) }) else {
                return nil
            }
            matrix.swapAt(pivot, best)
            let scale = matrix[pivot][pivot]
            guard abs(scale) > 1e-12 else { return nil }
            for column in matrix[pivot].indices { matrix[pivot][column] /= scale }
            for row in 0..<size where row != pivot {
                let factor = matrix[row][pivot]
                for column in matrix[row].indices { matrix[row][column] -= factor * matrix[pivot][column] }
            }
        }
        let inverse = matrix.map { Array($0[size...]) }
        let right = used.map { column in rows.reduce(0) { $0 + $1.weight * $1.factors[column] * $1.value } }
        let values = inverse.map { row in zip(row, right).reduce(0) { $0 + $1.0 * $1.1 } }
        return (values, inverse)
    }
}
