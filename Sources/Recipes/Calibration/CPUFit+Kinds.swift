/// Hits and misses that came together.
extension CPUFit {
    /// Of all requests, by how much the share of hits differs between points that tell the two apart, whatever their errors.
    private static let leastSpread = 0.5
    /// Of a miss's CPU, for the errors of both.
    private static let mostError = 0.1
    /// HTTP is not in the scoring time.
    private static let mostOutside = 0.1

    /// With hits and misses apart where the points tell them; else with a hit's CPU between nothing and its scoring time; else as
    /// a mean of both, whose error covers a miss.
    ///
    /// - Parameter hitTime: the scoring time of a hit in ms, of one that waited for no other.
    static func apart(
        _ points: [Point], isExact: Bool, block: Double = 0, source: String, hitTime: Double?
    ) -> CPUFit? {
        let (hits, all) = points.reduce((0, 0)) { ($0.0 + $1.hits, $0.1 + $1.requests) }
        guard var fit = CPUFit(points, isExact: isExact, block: block, source: source) else { return nil }
        guard hits > 0, all > hits else { return fit }
        let share = hits / all
        fit.hitShare = share
        if spread(of: points) >= leastSpread || fit.isApart(hitTime: hitTime) { return fit }
        guard var mixed = CPUFit(points.map(\.merged), isExact: isExact, block: block, source: source),
            let mean = mixed.miss
        else { return fit }
        mixed.hitShare = share
        let most = (hitTime ?? 0) + mostOutside
        let rest = (mean.value - share * most / 2) / (1 - share)
        guard hitTime != nil, rest > most else {
            mixed.mix(share: share, because: "both came in about the same shares all the time")
            return mixed
        }
        mixed.hit = Calibration.Estimate(
            most / 2, plusMinus: most / 2, source: "from nothing to a hit's scoring time and its HTTP")
        mixed.miss = Calibration.Estimate(
            rest,
            plusMinus: mean.plusMinus.map { ($0 * $0 + share * share * most * most / 4).squareRoot() / (1 - share) },
            source: source + ", less that of \(percent(share)) hits")
        return mixed
    }

    /// Milliseconds a request, whatever its kind; nil where none was seen.
    var meanCost: Double? {
        guard let hit, let miss else { return hit?.value ?? miss?.value }
        let share = hitShare ?? 0
        return share * hit.value + (1 - share) * miss.value
    }

    /// Makes of the cost of a request what is known of a miss: it may be all that was used.
    ///
    /// - Parameter share: of hits.
    mutating func mix(share: Double, because reason: String) {
        guard let mean = miss else { return }
        mixture = reason
        miss?.plusMinus = max(mean.plusMinus ?? 0, mean.value * share / (1 - share))
        miss?.source += "; a mean of hits and misses"
    }

    private static func spread(of points: [Point]) -> Double {
        let shares = points.filter { $0.requests >= leastRequests }.map { $0.hits / $0.requests }
        return (shares.max() ?? 0) - (shares.min() ?? 0)
    }

    private func isApart(hitTime: Double?) -> Bool {
        guard let hit, let miss, let hitError = hit.plusMinus, let missError = miss.plusMinus, hit.value > 0,
            hit.value < miss.value
        else { return false }
        return max(hitError, missError) < Self.mostError * miss.value && hitError < hit.value
            && hit.value - hitError < (hitTime ?? .infinity) + Self.mostOutside
    }
}
