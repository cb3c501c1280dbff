extension Decision {
    /// One line: the pods by class, the measured values and their age, the proposal, what held it, the result.
    package var explanation: String {
        switch path {
        case .disabled: return "scaling is disabled since the replica count of the target is zero"
        case .aboveMax: return "\(current) replicas are above maxReplicas: \(desired) at once"
        case .belowMin: return "\(current) replicas are below minReplicas: \(desired) at once"
        case .failed(let failure):
            return (reports.map(\.explanation) + ["nothing is done: \(failure.message)"]).joined(separator: "; ")
        case .metrics(let proposal, let stabilized, let limited):
            var parts = reports.map(\.explanation)
            parts.append(proposal == current ? "\(proposal) proposed, as now" : "\(proposal) proposed, now \(current)")
            if let held = stabilized.explanation(now: time) { parts.append(held) }
            if let limit = limited.explanation(of: stabilized.replicas) { parts.append(limit) }
            parts.append(desired == current ? "stays at \(current)" : "\(current) → \(desired)")
            return parts.joined(separator: "; ")
        }
    }
}

extension MetricReport {
    fileprivate var explanation: String {
        var counts: [String] = []
        for (pods, name) in [
            (classes.ready, "ready"), (classes.unready, "unready"), (classes.missing, "without a sample"),
            (classes.ignored, "ignored"),
        ] where !pods.isEmpty { counts.append("\(pods.count) \(name)") }
        let pods = counts.isEmpty ? "no pods" : "pods: " + counts.joined(separator: ", ")
        guard case .success(let proposal) = result else { return pods }
        var text = "\(pods); \(proposal.current.explanation) used, target \(metric.target.explanation)"
        if let container = metric.container { text += " (container \(container))" }
        if let ages = sampleAges {
            let oldest = decimal(ages.upperBound)
            let newest = decimal(ages.lowerBound)
            text += oldest == newest ? ", metrics \(oldest) s old" : ", metrics \(newest) to \(oldest) s old"
        }
        text += ", ratio \(decimal(proposal.ratio, places: 2))"
        if let filled = proposal.filledRatio {
            text += " (\(decimal(filled, places: 2)) with the others filled in)"
        }
        switch proposal.kept {
        case nil: break
        case .withinTolerance: text += ", within tolerance"
        case .directionChanged: text += ", the pods filled in turn the direction"
        case .againstDirection: text += ", the number counted goes against the ratio"
        }
        return text
    }
}

extension MetricReport.CurrentValue {
    fileprivate var explanation: String {
        switch self {
        case .utilization(let percent, _): "\(percent) %"
        case .averageValue(let millicores): "\(millicores)m"
        }
    }
}

extension MetricTarget {
    fileprivate var explanation: String {
        switch self {
        case .utilization(let percent): "\(percent) %"
        case .averageValue(let millicores): "\(millicores)m"
        }
    }
}

extension Stabilized {
    fileprivate func explanation(now: Double) -> String? {
        guard let hold else { return nil }
        let window =
            switch hold {
            case .up(let seconds): "the scale-up window of \(decimal(seconds)) s"
            case .down(let seconds): "the scale-down window of \(decimal(seconds)) s"
            }
        guard let recommendation else { return "held at \(replicas) by \(window)" }
        // What this sync proposes is not among them yet: it is the number at first sight.
        guard recommendation.time < now else { return "held at \(replicas) by \(window) (the replicas at first sight)" }
        let age = decimal(now - recommendation.time)
        return "held at \(replicas) by \(window) (\(recommendation.replicas) proposed \(age) s ago)"
    }
}

extension Limited {
    fileprivate func explanation(of desired: Int) -> String? {
        guard replicas != desired else { return nil }
        let rate = policy.map { " (\($0.explanation))" } ?? ""
        return "limited to \(replicas): \(reason.rawValue)\(rate)"
    }
}

extension ScalingPolicy {
    fileprivate var explanation: String {
        switch change {
        case .pods(let pods): "\(pods) pods in \(decimal(period)) s"
        case .percent(let percent): "\(percent) % in \(decimal(period)) s"
        }
    }
}

/// Writes a number with a fixed count of decimals, without those that are zero at the end.
private func decimal(_ value: Double, places: Int = 1) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    var text = String(scaled / scale)
    var fraction = String(scaled % scale)
    if fraction != "0" {
        fraction = String(repeating: "0", count: places - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        text += "." + fraction
    }
    return value < 0 && scaled != 0 ? "-" + text : text
}
