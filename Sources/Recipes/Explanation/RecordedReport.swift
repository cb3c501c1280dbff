package import Autoscaler

extension RecordedController {
    /// Each change, with the rule that made it.
    package var changes: [String] {
        steps.filter(\.isChange).map { step in
            let head = "\(fixed(step.decision.time, 0)) s  \(step.decision.current) → \(step.recorded)"
            guard !step.isExplained else { return "\(head)  \(step.decision.reason): \(step.decision.explanation)" }
            if let gap = step.gap {
                let stretch = "\(fixed(gap.lowerBound, 0)) to \(fixed(gap.upperBound, 0)) s"
                return
                    "\(head)  not known: nothing was recorded from \(stretch), so the controller's memory is not known"
            }
            let doubt = looksApart.map { ", as far as samples \(fixed($0, 0)) s apart tell" } ?? ""
            return
                "\(head)  not by these rules, which lead to \(step.decision.desired)\(doubt): \(step.decision.explanation)"
        }
    }

    /// Fewer than the least were proposed: no move is expected.
    private func isAtFloor(_ decision: Decision) -> Bool {
        decision.current <= leastReplicas && decision.proposal.map { $0 < decision.current } ?? false
    }

    /// Each stretch in which the autoscaler might have moved and did not.
    package var holds: [String] {
        var groups: [[Step]] = []
        for step in steps
        where !step.isChange && step.gap == nil && step.decision.isHeld && !isAtFloor(step.decision) {
            if let last = groups.last?.last, last.decision.current == step.decision.current,
                last.decision.holdKind == step.decision.holdKind, steps.follows(step, after: last)
            {
                groups[groups.count - 1].append(step)
            } else {
                groups.append([step])
            }
        }
        return groups.compactMap { group in
            guard let first = group.first?.decision, let last = group.last?.decision else { return nil }
            let proposals = group.compactMap(\.decision.proposal)
            let least = proposals.min() ?? first.current
            let most = proposals.max() ?? first.current
            let range = least == most ? "\(least)" : "\(least) to \(most)"
            let times =
                group.count == 1
                ? "\(fixed(first.time, 0)) s"
                : "\(fixed(first.time, 0)) to \(fixed(last.time, 0)) s, \(group.count) syncs"
            let proposed = steps.map(\.decision).filter { $0.time <= last.time }
            let until = last.heldUntil(after: proposed).map { ", until \(fixed($0, 0)) s" } ?? ""
            return "\(times)  stayed at \(first.current), \(range) proposed: \(last.holdText)\(until)"
        }
    }
}

extension [RecordedController.Step] {
    /// Whether no other sync lies between two.
    fileprivate func follows(_ step: Element, after last: Element) -> Bool {
        guard let index = firstIndex(where: { $0.decision.time == step.decision.time }), index > 0 else { return false }
        return self[index - 1].decision.time == last.decision.time
    }
}

extension Decision {
    /// Whether the metrics asked for another number and something kept the current one, or there were no metrics.
    package var isHeld: Bool {
        switch path {
        case .failed: true
        case .metrics(let proposal, _, _): proposal != current && desired == current
        case .disabled, .aboveMax, .belowMin: false
        }
    }

    /// Window, rate, bound or missing metrics.
    fileprivate var holdKind: String {
        switch path {
        case .failed(let failure): failure.message
        case .metrics(_, let stabilized, let limited):
            stabilized.replicas == current && stabilized.hold != nil
                ? Condition.reason(of: stabilized) : limited.reason.rawValue
        case .disabled, .aboveMax, .belowMin: reason
        }
    }

    /// What keeps the number, for a person.
    package var holdText: String {
        switch path {
        case .failed(let failure): return failure.message
        case .metrics(_, let stabilized, let limited):
            switch stabilized.hold {
            case .up(let window) where stabilized.replicas == current:
                return "the scale-up window of \(fixed(window, 0)) s"
            case .down(let window) where stabilized.replicas == current:
                let recent = stabilized.recommendation.map {
                    " (\($0.replicas) proposed \(fixed(time - $0.time, 0)) s before)"
                }
                return "the scale-down window of \(fixed(window, 0)) s\(recent ?? "")"
            default: return "limited: \(limited.reason.rawValue)"
            }
        case .disabled, .aboveMax, .belowMin: return reason
        }
    }

    /// When the window lets go, if no such number is proposed again; nil where no window holds it.
    ///
    /// - Parameter earlier: the decisions so far, this one included.
    package func heldUntil(after earlier: [Decision]) -> Double? {
        guard case .metrics(_, let stabilized, _) = path, let hold = stabilized.hold, stabilized.replicas == current
        else {
            return nil
        }
        let known = earlier.map { Recommendation(replicas: $0.proposal ?? $0.current, time: $0.time) }
        switch hold {
        case .up(let window):
            return known.last { $0.replicas <= current && $0.time > time - window }.map { $0.time + window }
        case .down(let window):
            return known.last { $0.replicas >= current && $0.time > time - window }.map { $0.time + window }
        }
    }
}

extension Condition {
    /// The reason of AbleToScale for a number that a window holds.
    fileprivate static func reason(of stabilized: Stabilized) -> String {
        switch stabilized.hold {
        case nil: "ReadyForNewScale"
        case .up: "ScaleUpStabilized"
        case .down: "ScaleDownStabilized"
        }
    }
}

extension RecordedController {
    /// All that is known, for a person.
    ///
    /// - Parameter findings: what is wrong whatever the load.
    package func text(findings: [String]) -> String {
        var parts: [String] = []
        if !findings.isEmpty { parts.append("Wrong whatever the load:\n" + indented(findings)) }
        if !isExact {
            parts.append(
                "The pods' own times and metrics were not recorded: all are taken to be ready, with the same use.")
        }
        let explained = steps.count { $0.isChange && $0.isExplained }
        let all = steps.count(where: \.isChange)
        parts.append(
            all == 0
                ? "The replicas never changed." : "Changes, \(explained) of \(all) by the rules:\n" + indented(changes))
        if !holds.isEmpty { parts.append("Might have moved and did not:\n" + indented(holds)) }
        return parts.joined(separator: "\n\n")
    }

    private func indented(_ lines: [String]) -> String { lines.map { "  \($0)" }.joined(separator: "\n") }
}
