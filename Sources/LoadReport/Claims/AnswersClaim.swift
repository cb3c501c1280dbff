extension LoadEvidence {
    private static var maximumLineCount: Int { 10 }

    /// Whether every request succeeded; a search for saturation provokes rejections and does not count.
    ///
    /// Two independent counts that agree prove that no request failed. One count alone, a log or a stream, would not
    /// show that its rows of failures are missing.
    var answersClaim: Claim? {
        let counted = runs.filter {
            !$0.isSaturationSearch && (($0.issuedCalls ?? 0) > 0 || ($0.worstFailures ?? 0) > 0)
        }
        guard !counted.isEmpty else { return nil }
        let calls = counted.compactMap(\.issuedCalls).reduce(0, +)
        let failed = counted.compactMap(\.worstFailures).reduce(0, +)
        let sums =
            "\(failed.grouped) of \(calls.grouped) requests in \(counted.count) runs failed"
        if failed > 0 {
            let failures = counted.filter { ($0.worstFailures ?? 0) > 0 }.map(\.failureLine)
            return Claim(
                verdict: .void, statement: "Not every request succeeded",
                numbers: [sums] + Self.cut(failures) + Self.cut(counted.flatMap(\.faultLines)))
        }
        let idle = runs.filter { $0.proof == nil && $0.issuedCalls == 0 && ($0.worstFailures ?? 0) == 0 }
        let doubts =
            counted.flatMap(\.doubts) + idle.map { "\($0.name): no request was sent" }
            + unread.map { "\($0) was not read" }
        return Claim(
            verdict: doubts.isEmpty ? .proven : .unproven, statement: "Every request succeeded",
            numbers: [sums] + Self.cut(doubts))
    }

    private static func cut(_ lines: [String]) -> [String] {
        let rest = lines.count - maximumLineCount
        return lines.prefix(maximumLineCount) + (rest > 0 ? ["and \(rest) more"] : [])
    }
}

extension LoadRun {
    fileprivate var failureLine: String {
        let most = worstFailures ?? 0
        guard let seen = proof?.seen, seen.failed == most else { return "\(name): \(most.grouped) failed" }
        return "\(name): \(seen.refused.grouped) refused (503), \(seen.errors.grouped) errors, "
            + "\(seen.timeouts.grouped) time-outs"
    }

    fileprivate var faultLines: [String] { faults.map { "\(name): \($0)" } }

    /// Why it is unproven that no request failed.
    fileprivate var doubts: [String] {
        guard worstFailures != nil else { return ["\(name): failures are unknown"] + faultLines }
        if !faults.isEmpty { return faultLines }
        guard !hasConfirmedCounts else { return [] }
        let kinds = tallies.map(\.kind.rawValue).joined(separator: " and ")
        let what = tallies.count > 1 ? "\(kinds) do not agree on the count" : "\(kinds) is the only count"
        return ["\(name): \(what), and would not show that rows are missing from it"]
    }
}
