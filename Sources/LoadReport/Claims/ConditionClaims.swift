extension LoadRun {
    private static var maximumCheckCount: Int { 50 }
    private static var idleDoubt: String { "no request was sent" }

    /// The checks and thresholds of a k6 script, failed ones first; they are separate from whether calls were answered.
    var conditionClaims: [Claim] {
        let ordered = checks.filter { $0.fails > 0 } + checks.filter { $0.fails == 0 }
        let rest = ordered.dropFirst(Self.maximumCheckCount)
        let more = rest.isEmpty ? [] : [claim(rest: Array(rest))]
        return ordered.prefix(Self.maximumCheckCount).map(claim) + more + thresholds.map(claim)
    }

    private func claim(_ check: LoadCheck) -> Claim {
        let total = check.passes + check.fails
        let counts = "\(check.passes.grouped) of \(total.grouped) times"
        let text = "\(name): the check \"\(check.name.oneLine)\""
        guard check.fails == 0 else {
            return Claim(verdict: .void, statement: "\(text) failed", numbers: ["it held \(counts)"])
        }
        guard total > 0 else {
            return Claim(verdict: .unproven, statement: "\(text) held", numbers: ["it was never made"])
        }
        let doubt =
            isIdle
            ? [Self.idleDoubt]
            : check.isConfirmed && faults.isEmpty ? [] : ["no second count confirms that it held each time"]
        return Claim(
            verdict: doubt.isEmpty ? .proven : .unproven, statement: "\(text) held",
            numbers: ["it held \(counts)"] + doubt)
    }

    private func claim(rest: [LoadCheck]) -> Claim {
        let failed = rest.filter { $0.fails > 0 }.count
        let isConfirmed = !isIdle && faults.isEmpty && rest.allSatisfy(\.isConfirmed)
        return Claim(
            verdict: failed > 0 ? .void : isConfirmed ? .proven : .unproven,
            statement: "\(name): \(rest.count.grouped) more checks \(failed > 0 ? "did not all hold" : "held")",
            numbers: ["\(failed.grouped) of them failed"])
    }

    private func claim(_ threshold: LoadThreshold) -> Claim {
        if threshold == .notPassed {
            return Claim(
                verdict: .void, statement: "\(name): the run did not pass",
                numbers: ["k6 reports \"passed\": false, and its file shows no threshold that was crossed"])
        }
        let text = "\(name): the threshold \(threshold.expression.oneLine) of \(threshold.metric.oneLine)"
        if threshold.holds == false || threshold.isMet == false {
            let numbers = [
                threshold.holds == false
                    ? "k6 reports that it was crossed" : "k6 reports that it held, but its own value does not meet it"
            ]
            return Claim(verdict: .void, statement: "\(text) was crossed", numbers: numbers)
        }
        guard threshold.holds != nil else {
            return Claim(
                verdict: .unproven, statement: "\(text) held",
                numbers: ["a stream does not show it; --summary-export=NAME.json does"])
        }
        // k6 calls a threshold met if its metric has no value.
        if let doubt = isIdle ? Self.idleDoubt : contradiction {
            return Claim(verdict: .unproven, statement: "\(text) held", numbers: [doubt])
        }
        return Claim(
            verdict: threshold.isMet == true ? .proven : .unproven, statement: "\(text) held",
            numbers: [
                threshold.isMet == true
                    ? "k6 reports so, and the metric's value meets it"
                    : "k6 reports so, but the file lacks the value that would confirm it"
            ])
    }
}
