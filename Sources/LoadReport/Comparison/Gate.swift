/// Conditions that must not be met, and the result of each in each load.
public struct Gate: Sendable {
    /// Of all conditions.
    public enum Outcome: Sendable {
        case passed
        /// A condition is met.
        case failed
        /// None is met, but for one of them something is missing that would decide.
        case unjudged
    }

    /// A sentence on each condition in each load: VOID is met, PROVEN is not met, UNPROVEN is open.
    public let claims: [Claim]
    /// Of all of them together.
    public let outcome: Outcome

    /// - Parameters:
    ///   - windowSeconds: conditions must not be met in any stretch of this length; nil for the whole run.
    ///   - comparison: nil where there is no baseline.
    public init(
        _ conditions: [Condition], windowSeconds: Double?, _ results: LoadEvidence, against baseline: LoadEvidence?,
        _ comparison: Comparison?
    ) {
        let (ours, theirs) = (LoadRuns.of(results), baseline.map(LoadRuns.of) ?? [])
        var found: [(claim: Claim, isUnjudged: Bool)] = []
        for condition in conditions {
            let judged: [(claim: Claim, isUnjudged: Bool)]
            if let windowSeconds {
                judged = WindowedCondition(condition, windowSeconds, comparison).judge(ours, theirs)
            } else if condition.isRelative {
                judged = condition.judge(comparison)
            } else {
                judged = ours.map(condition.judge)
            }
            found += judged.isEmpty ? [condition.unjudged("no load", "there is none that could be judged")] : judged
        }
        claims = found.map(\.claim)
        outcome =
            claims.contains { $0.verdict == .void }
            ? .failed : found.contains(where: \.isUnjudged) ? .unjudged : .passed
    }
}

extension Condition {
    typealias Judged = (claim: Claim, isUnjudged: Bool)

    func met(_ load: String, _ numbers: String...) -> Judged {
        (Claim(verdict: .void, statement: "\(load): \(text) is met", numbers: numbers), false)
    }

    func notMet(_ load: String, _ numbers: String...) -> Judged {
        (Claim(verdict: .proven, statement: "\(load): \(text) is not met", numbers: numbers), false)
    }

    func open(_ load: String, _ numbers: String...) -> Judged {
        (Claim(verdict: .unproven, statement: "\(load): \(text) is not excluded", numbers: numbers), false)
    }

    func unjudged(_ load: String, _ reason: String) -> Judged {
        (Claim(verdict: .unproven, statement: "\(load): \(text) cannot be judged", numbers: [reason]), true)
    }

    /// Against the baseline, by the intervals of the comparison.
    fileprivate func judge(_ comparison: Comparison?) -> [Judged] {
        guard let comparison else { return [] }
        let refused = comparison.claims.filter { $0.verdict == .void }.map { claim in
            unjudged(claim.statement, claim.numbers.joined(separator: "; "))
        }
        return comparison.rows.filter { $0.metric == metric }.map { judge($0, comparison) } + refused
    }

    private func judge(_ row: Comparison.Row, _ comparison: Comparison) -> Judged {
        guard case .relative(let limit) = limit else { return unjudged(row.load, "it needs no baseline") }
        guard let now = row.values.results, let before = row.values.baseline else {
            return unjudged(row.load, "it needs \(metric.need)")
        }
        if metric.isCount {
            let text = "\(before.percent) of the requests before, \(now.percent) now"
            let isMet = before > 0 ? isMet(now / before - 1, limit: limit) : isAbove && now > 0
            return isMet ? met(row.load, text) : notMet(row.load, text)
        }
        if case .unjudged(let reason) = comparison.finding(row) { return unjudged(row.load, "it \(reason)") }
        guard let difference = row.difference else { return unjudged(row.load, "it needs \(metric.need)") }
        let interval = difference.relativeInterval(comparison.intervalShare)
        let text = "\(difference.relative.change) (\(interval.lowerBound.change) to \(interval.upperBound.change))"
        let ends = [interval.lowerBound, interval.upperBound].map { isMet($0, limit: limit) }
        // A difference that the table does not show must not fail a condition either.
        if ends == [true, true], comparison.finding(row) != .notShown { return met(row.load, text) }
        if ends == [false, false] { return notMet(row.load, text) }
        let advice = "more interleaved rounds of both sides narrow the interval"
        return isMet(difference.relative, limit: limit)
            ? unjudged(row.load, "\(text): measured, but it may be chance; \(advice)")
            : open(row.load, "\(text): not measured, but not excluded; \(advice)")
    }

    /// As it was measured.
    fileprivate func judge(_ load: LoadRuns) -> Judged {
        guard !load.runs.isEmpty else {
            return unjudged(load.key.text, "its runs are VOID: \(load.void.prefix(5).joined(separator: ", "))")
        }
        let found: (value: Double, limit: Double, text: String)?
        switch limit {
        case .relative: return unjudged(load.key.text, "it needs a baseline: --against DIR")
        case .share(let limit): found = load.value(metric).map { ($0, limit, "\($0.percent) of the requests") }
        case .absolute(let limit) where metric.isCount:
            let counts = load.runs.compactMap { $0.count(metric)?.events }
            let sum = counts.reduce(0, +)
            found =
                counts.count == load.runs.count ? (Double(sum), limit, "\(sum.grouped) in \(counts.count) runs") : nil
        case .absolute(let limit):
            found = load.value(metric).map { ($0, limit, "\(metric.title) \($0.shortest)") }
        }
        guard let found else { return unjudged(load.key.text, "it needs \(metric.need)") }
        return isMet(found.value, limit: found.limit)
            ? met(load.key.text, found.text) : notMet(load.key.text, found.text)
    }
}
