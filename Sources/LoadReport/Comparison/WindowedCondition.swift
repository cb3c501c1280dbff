import Foundation

/// A condition that must not be met in any stretch of a given length, however short compared with the run.
///
/// Against a baseline, the worst stretch of the results is compared with the worst one of the baseline, since each run
/// has stretches that are worse than its mean. The measured values are compared, without an interval.
struct WindowedCondition {
    private let condition: Condition
    private let seconds: Double
    private let comparison: Comparison?

    init(_ condition: Condition, _ seconds: Double, _ comparison: Comparison?) {
        (self.condition, self.seconds, self.comparison) = (condition, seconds, comparison)
    }

    func judge(_ results: [LoadRuns], _ baseline: [LoadRuns]) -> [Condition.Judged] {
        guard condition.isRelative else { return results.map { judge($0, nil) } }
        let refused = (comparison?.claims ?? []).filter { $0.verdict == .void }.map { claim in
            condition.unjudged(claim.statement, claim.numbers.joined(separator: "; "))
        }
        return LoadRuns.pairs(results, baseline).pairs.filter { SystemDifferences($0.0, $0.1).refusals.isEmpty }
            .map { judge($0.0, $0.1) } + refused
    }

    private func judge(_ results: LoadRuns, _ baseline: LoadRuns?) -> Condition.Judged {
        let load = results.key.text
        guard let worst = worst(of: results) else { return condition.unjudged(load, need(of: results)) }
        let text = "the worst \(seconds.shortest) s: \(shown(worst))"
        switch condition.limit {
        case .absolute(let limit), .share(let limit):
            return condition.isMet(worst, limit: limit) ? condition.met(load, text) : condition.notMet(load, text)
        case .relative(let limit):
            guard let baseline, let before = self.worst(of: baseline) else {
                return condition.unjudged(load, baseline.map(need) ?? "it needs a baseline: --against DIR")
            }
            let both = "\(text) now, \(shown(before)) before"
            let isMet =
                before > 0 ? condition.isMet(worst / before - 1, limit: limit) : condition.isAbove && worst > 0
            return isMet ? condition.met(load, both) : condition.notMet(load, both)
        }
    }

    /// The value of the stretch that is nearest to meeting the condition; nil unless all runs have such stretches.
    private func worst(of load: LoadRuns) -> Double? {
        let found = load.runs.map { run -> Double? in
            guard let values = values(of: run) else { return nil }
            return condition.isAbove ? values.max() : values.min()
        }
        let known = found.compactMap(\.self)
        guard known.count == found.count, !known.isEmpty else { return nil }
        return condition.isAbove ? known.max() : known.min()
    }

    private func values(of run: LoadRun) -> [Double]? {
        let parts = run.comparedParts
        guard let width = parts.map(\.seconds).max(), width > 0, width <= seconds,
            seconds / width < Double(parts.count + 1)
        else { return nil }
        let count = Int((seconds / width).rounded(.down))
        let all = RunParts(parts)
        let values = all.values(condition.metric, inEach: count)
        guard case .share = condition.limit else { return values.isEmpty ? nil : values }
        let requests = all.requests(inEach: count)
        guard values.count == requests.count, !values.isEmpty else { return nil }
        return zip(values, requests).map { $1 > 0 ? $0 / $1 : 0 }
    }

    private func need(of load: LoadRuns) -> String {
        switch condition.metric {
        case .cpu, .rejected, .hits:
            return
                "the servers' counters are read before and after a run: leave --window out for \(condition.metric.rawValue)"
        default:
            let widths = load.runs.flatMap { $0.comparedParts.map(\.seconds) }
            guard let width = widths.max() else {
                return "--window needs results in stretches of time: loadtest/, k6's streams, Locust's history"
            }
            if width > seconds {
                return "its files are in stretches of \(width.shortest) s: --window needs at least as much"
            }
            return
                "a run is shorter than \(seconds.shortest) s, or has no \(condition.metric.rawValue) in its stretches"
        }
    }

    private func shown(_ value: Double) -> String {
        if case .share = condition.limit { return value.percent }
        return "\(condition.metric.title) \(value.shortest)"
    }
}
