import Bytes
import Files

extension LoadRun {
    /// Whether the cache rate was as planned; the verdict is the run's own, unless its numbers contradict it.
    var cacheRateClaim: Claim? {
        guard let proof else { return nil }
        let reasons = proof.reasons.map(\.text)
        guard let rate = proof.cacheRate else {
            return proof.saturation != nil
                ? nil : Claim(verdict: proof.verdict, statement: "\(name): no cache rate was planned", numbers: reasons)
        }
        let contradictions = proof.verdict == .proven ? proof.contradictions : []
        let verdict = contradictions.isEmpty ? proof.verdict : .void
        let text = "\(name): cache rate \(rate.shortest)"
        let statement =
            switch verdict {
            case .proven: "\(text) achieved"
            case .void where proof.planned.calls == 0: "\(text): no request was sent"
            case .void where proof.hasNoAnswers: "\(text): no request succeeded"
            case .void: proof.isAsPlanned ? "\(text): the run is void" : "\(text) not achieved"
            case .unproven: "\(text): whether it was achieved is open"
            }
        return Claim(
            verdict: verdict, statement: statement,
            numbers: [proof.lookUpLine, proof.counterLine] + reasons
                + contradictions.map { "the run's file says PROVEN, but \($0)" })
    }

    /// Whether requests were sent at the planned rate; the closed model has none.
    var offeredRateClaim: Claim? {
        guard let proof, let offered = proof.rate.offered, offered > 0 else { return nil }
        let achieved = proof.rate.sustained ?? proof.rate.achieved
        let share = achieved / offered
        let isAchieved = share >= Self.enough && proof.droppedIterations == 0
        return Claim(
            verdict: isAchieved ? .proven : .void,
            statement: "\(name): \(offered.shortest)/s offered and \(isAchieved ? "" : "not ")achieved",
            numbers: [
                "\(achieved.shortest)/s succeeded in the hold, \((share * 100).decimal(digits: 1)) % of what was offered; "
                    + "\(proof.droppedIterations.grouped) requests were due while no user was free"
            ])
    }

    // Arrivals at the edges of the hold are counted on one side or the other.
    private static var enough: Double { 0.99 }
}

extension RunProof {
    fileprivate var lookUpLine: String {
        let failed = seen.failed > 0 ? ", \(seen.failed.grouped) failed" : ""
        let bypassed = seen.bypass > 0 ? ", \(seen.bypass.grouped) past the cache" : ""
        return "\(planned.hot.grouped) of \(planned.calls.grouped) requests were planned hot; by X-Cache "
            + "\(seen.hit.grouped) were hits, \(seen.miss.grouped) misses\(bypassed)\(failed)"
    }

    fileprivate var counterLine: String {
        let replicas = "\(counters.count) replica\(counters.count == 1 ? "" : "s")"
        guard let counted else {
            return counters.isEmpty
                ? "no server's counters were read" : "the counters of \(replicas) are known only in part"
        }
        return "the counters (\(counterSource.oneLine)) of \(replicas) rose by \(counted.hits.grouped) hits and "
            + "\(counted.misses.grouped) misses beyond the warm-up"
    }

    /// Whether there are no responses to compute figures from.
    fileprivate var hasNoAnswers: Bool { planned.calls > 0 && seen.answered == 0 }

    /// Whether at least the responses were as planned.
    fileprivate var isAsPlanned: Bool {
        seen.hit == planned.hot && seen.hit + seen.miss == planned.calls && seen.hotMissed == 0 && seen.coldHit == 0
    }

    /// How a file that claims to be proven contradicts itself.
    fileprivate var contradictions: [String] {
        var found: [String] = []
        if hasNoAnswers { found.append("no request succeeded") }
        let sum = seen.answered + seen.failed
        if sum != planned.calls { found.append("\(sum.grouped) of \(planned.calls.grouped) requests have an outcome") }
        if seen.hotMissed > 0 { found.append("\(seen.hotMissed.grouped) hot requests were misses") }
        if seen.coldHit > 0 { found.append("\(seen.coldHit.grouped) cold requests were hits") }
        if seen.bypass > 0 { found.append("\(seen.bypass.grouped) requests got no response from the cache") }
        if droppedIterations > 0 { found.append("\(droppedIterations.grouped) requests were never sent") }
        if seen.failed == 0, seen.hit != planned.hot {
            found.append("\(seen.hit.grouped) hits are not the \(planned.hot.grouped) planned")
        }
        guard let counted else { return found + ["there are no whole counters"] }
        // A request without a response may still have been looked up.
        if seen.failed == 0, counted != (seen.hit, seen.miss) { found.append("the counters differ from the headers") }
        return found
    }
}
