/// One sentence about what was measured, whether it holds, and the numbers that decide it.
public struct Claim: Sendable {
    /// Whether it holds.
    public let verdict: Verdict
    /// The sentence.
    public let statement: String
    /// The numbers, one line each.
    public let numbers: [String]
}

extension LoadEvidence {
    /// Every claim that the files allow a verdict on.
    public var claims: [Claim] {
        [SystemGroups(runs).claim].compactMap(\.self)
            + runs.flatMap { run in
                [run.cacheRateClaim, run.offeredRateClaim, run.saturationClaim].compactMap(\.self)
            } + [answersClaim].compactMap(\.self) + serverLogs.map(\.claim) + predictions
    }

    /// Whether every call was answered; a search for saturation provokes rejections and does not count.
    private var answersClaim: Claim? {
        let counted = runs.filter { !$0.isSaturationSearch && ($0.issuedCalls ?? 0) > 0 }
        guard !counted.isEmpty else { return nil }
        let calls = counted.compactMap(\.issuedCalls).reduce(0, +)
        let failed = counted.compactMap(\.failedCalls).reduce(0, +)
        let unknown = counted.filter { $0.failedCalls == nil }
        let lines = counted.filter { ($0.failedCalls ?? 0) > 0 }.map(\.failureLine)
        let rest = lines.count > 10 ? ["and \(lines.count - 10) more runs"] : []
        let verdict = failed > 0 ? Verdict.void : unknown.isEmpty ? .proven : .unproven
        return Claim(
            verdict: verdict,
            statement: failed > 0 ? "Not every call was answered" : "Every call was answered",
            numbers: ["\(failed.grouped) of \(calls.grouped) calls in \(counted.count) runs failed"]
                + lines.prefix(10) + rest + unknown.prefix(10).map { "\($0.name): failures are unknown" })
    }
}

extension LoadRun {
    package var isSaturationSearch: Bool { proof?.saturation != nil || !steps.isEmpty }

    fileprivate var failureLine: String {
        guard let seen = proof?.seen else { return "\(name): \((failedCalls ?? 0).grouped) failed" }
        return "\(name): \(seen.refused.grouped) refused (503), \(seen.errors.grouped) errors, "
            + "\(seen.timeouts.grouped) time-outs"
    }
}

extension ServerLog {
    /// Whether the servers' logs hold all calls.
    fileprivate var claim: Claim {
        let found = "\(calls.grouped) calls in the logs of \(pods) pods, \(scored.grouped) of them scored"
        if let completeness {
            let statement = "\(source): calls are missing from the logs"
            return Claim(verdict: .void, statement: statement, numbers: [completeness])
        }
        guard let expected else {
            return Claim(
                verdict: .unproven, statement: "\(source): the logs hold all calls",
                numbers: [
                    found, "nothing says how many there should be; --expect, --metrics or --counters of analyze do",
                ])
        }
        return Claim(
            verdict: .proven, statement: "\(source): the logs hold all calls",
            numbers: ["\(found); \(expected.grouped) were expected"])
    }
}

extension Int {
    /// With a blank after each thousand, `7 500`.
    var grouped: String {
        let digits = String(magnitude)
        let text = digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index).isMultiple(of: 3) ? " \(digit)" : "\(digit)"
        }
        return (self < 0 ? "-" : "") + text.joined()
    }
}
