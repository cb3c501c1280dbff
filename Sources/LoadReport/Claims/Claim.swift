import LatencyAnalyzer

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
                    + run.conditionClaims
            } + [answersClaim].compactMap(\.self) + serverLogs.map(\.claim) + predictions
    }
}

extension LoadRun {
    package var isSaturationSearch: Bool { proof?.saturation != nil || !steps.isEmpty }
}

extension ServerLog {
    /// Whether the servers' logs hold all requests.
    fileprivate var claim: Claim {
        let found = "\(calls.grouped) requests in the logs of \(pods) pods, \(scored.grouped) of them scored"
        switch completeness {
        case .incomplete:
            return Claim(
                verdict: .void, statement: "\(source): requests are missing from the logs", numbers: [completeness.line]
            )
        case .notChecked(let reason):
            return Claim(
                verdict: .unproven, statement: "\(source): the logs hold all requests", numbers: [found, reason])
        case .complete(let proof):
            let doubt =
                calls == 0
                ? "there is no request in them"
                : scored > calls ? "more requests were scored than there were, so the file contradicts itself" : nil
            if let doubt {
                return Claim(
                    verdict: .unproven, statement: "\(source): the logs hold all requests",
                    numbers: [found, proof, doubt])
            }
            return Claim(verdict: .proven, statement: "\(source): the logs hold all requests", numbers: [found, proof])
        }
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
