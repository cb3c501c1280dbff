import Foundation

/// Student's t distribution: the uncertainty of a mean of few values.
package enum StudentDistribution {
    /// The t that a share of the distribution does not exceed.
    ///
    /// - Parameters:
    ///   - share: above 0.5, below 1.
    ///   - degrees: of freedom, positive.
    package static func quantile(_ share: Double, degrees: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while upperTail(high, degrees: degrees) > 1 - share, high < 1e12 { high *= 2 }
        for _ in 0..<200 where high - low > 1e-12 * high {
            let middle = (low + high) / 2
            if upperTail(middle, degrees: degrees) > 1 - share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    private static func upperTail(_ t: Double, degrees: Double) -> Double {
        incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
    }

    /// The regularized incomplete beta function, by its continued fraction (DLMF 8.17.22).
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges on one side of this place only.
        return x <= (a + 1) / (a + b + 2) ? fraction(x, a, b) : 1 - fraction(1 - x, b, a)
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let logarithmOfBeta = lgamma(a) + lgamma(b) - lgamma(a + b)
        let front = exp(a * log(x) + b * log(1 - x) - logarithmOfBeta) / a
        let least = 1e-300
        // Lentz's method.
        var (fraction, c, d) = (1.0, 1.0, 0.0)
        for step in 0..<1000 {
            let term = term(step, x, a, b)
            d = 1 / (abs(1 + term * d) < least ? least : 1 + term * d)
            c = abs(1 + term / c) < least ? least : 1 + term / c
            fraction *= c * d
            if abs(c * d - 1) < 1e-14 { break }
        }
        return front * (fraction - 1)
    }

    private static func term(_ step: Int, _ x: Double, _ a: Double, _ b: Double) -> Double {
        guard step > 0 else { return 1 }
        let m = Double(step / 2)
        let end = a + 2 * m
        if step.isMultiple(of: 2) { return m * (b - m) * x / ((end - 1) * end) }
        return -(a + m) * (a + b + m) * x / (end * (end + 1))
    }
}
