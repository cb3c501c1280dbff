import Simulation

/// The result of a run of a recipe.
package struct Figures: Sendable, Equatable {
    /// By `Prices`, of what is billed: all containers, from binding to end.
    package var cost: Double
    package var coreHours: Double
    /// Seconds over all requests; one that was not served counts as `unservedSeconds`.
    package var mean: Double
    /// Seconds; infinite if more than a twentieth was not served.
    package var p95: Double
    /// Of all requests.
    package var unserved: Double

    /// What a client loses that gets no response.
    package static let unservedSeconds = 10.0

    init(_ outcome: Outcome, scenario: Scenario, recipe: Recipe, prices: Prices) {
        let bill = Bill(outcome, scenario: scenario, recipe: recipe)
        cost = prices.cost(of: bill.billedReserved)
        coreHours = bill.billedReserved.cores
        var latency = Histogram()
        var failed = 0
        for phase in outcome.phases {
            latency.add(phase.latency)
            failed += phase.rejected + phase.failed
        }
        let all = latency.count + failed
        unserved = all > 0 ? Double(failed) / Double(all) : 0
        mean = all > 0 ? (latency.sum + Double(failed) * Self.unservedSeconds) / Double(all) : 0
        let share = 0.95 * Double(all) / Double(max(latency.count, 1))
        p95 = all == 0 ? 0 : share > 1 ? .infinity : latency.quantile(share) ?? .infinity
    }
}

/// A recipe's figures over seeds.
package struct Evaluation: Sendable, Equatable {
    package var candidate: Candidate
    package var runs: [Figures]

    /// The middle, the least and the most of a figure.
    package func range(_ figure: (Figures) -> Double) -> (median: Double, least: Double, most: Double) {
        let sorted = runs.map(figure).sorted()
        guard let least = sorted.first, let most = sorted.last else { return (0, 0, 0) }
        return (sorted[sorted.count / 2], least, most)
    }

    package func median(_ figure: (Figures) -> Double) -> Double { range(figure).median }

    /// Equal where only the order of a sum differs.
    var roundedCost: Double { (median(\.cost) * 1e9).rounded() }
}

/// What is to be low, and how low.
package struct Objective: Sendable, Equatable {
    package enum Measure: String, Sendable { case mean, p95 }

    package var measure = Measure.p95
    /// Seconds that may not be exceeded; nil looks for the knee.
    package var most: Double?

    package init(measure: Measure = .p95, most: Double? = nil) {
        self.measure = measure
        self.most = most
    }

    /// `p95`, `mean`, `p95<=200ms`; a bound needs its unit, since 200 may be meant as ms or s.
    package init?(_ text: String) {
        let parts = text.replacing("<=", with: "<").split(separator: "<", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            let measure = Measure(rawValue: String(parts[0].filter { !$0.isWhitespace }))
        else { return nil }
        self.measure = measure
        guard parts.count == 2 else { return }
        let bound = parts[1].filter { !$0.isWhitespace }
        guard bound.last?.isLetter == true, let most = seconds(String(bound)), most > 0, most.isFinite else {
            return nil
        }
        self.most = most
    }

    package func value(_ figures: Figures) -> Double { measure == .mean ? figures.mean : figures.p95 }

    /// `p95 of at most 200 ms`, `p95`.
    package var text: String { measure.rawValue + (most.map { " of at most \(fixed($0 * 1000, 0)) ms" } ?? "") }
}
