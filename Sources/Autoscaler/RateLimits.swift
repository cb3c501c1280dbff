/// Limits replicas to rates and bounds.
package struct Limited: Sendable, Equatable {
    package var replicas: Int
    package var reason: LimitReason
    /// The policy that set the limit, if one did.
    package var policy: ScalingPolicy?
}

/// The reasons of the condition `ScalingLimited`.
package enum LimitReason: String, Sendable, Equatable {
    case desiredWithinRange = "DesiredWithinRange"
    case tooFewReplicas = "TooFewReplicas"
    case tooManyReplicas = "TooManyReplicas"
    case scaleUpLimit = "ScaleUpLimit"
    case scaleDownLimit = "ScaleDownLimit"

    package var message: String {
        switch self {
        case .desiredWithinRange: "the desired count is within the acceptable range"
        case .tooFewReplicas: "the desired replica count is less than the minimum replica count"
        case .tooManyReplicas: "the desired replica count is more than the maximum replica count"
        case .scaleUpLimit: "the desired replica count is increasing faster than the maximum scale rate"
        case .scaleDownLimit: "the desired replica count is decreasing faster than the maximum scale rate"
        }
    }
}

/// Without `behavior`: a sync at most doubles the replicas, or goes to 4. No periods are counted.
package func limited(_ desired: Int, current: Int, hpa: HorizontalPodAutoscaler) -> Limited {
    let allowed = max(2 * current, 4)
    if desired < hpa.minReplicas { return Limited(replicas: hpa.minReplicas, reason: .tooFewReplicas) }
    if desired > min(allowed, hpa.maxReplicas) {
        return hpa.maxReplicas > allowed
            ? Limited(replicas: allowed, reason: .scaleUpLimit)
            : Limited(replicas: hpa.maxReplicas, reason: .tooManyReplicas)
    }
    return Limited(replicas: desired, reason: .desiredWithinRange)
}

extension ControllerMemory {
    /// With `behavior`: policies count the changes of their periods, made in both directions.
    package func limited(
        _ desired: Int, current: Int, hpa: HorizontalPodAutoscaler, behavior: ScalingBehavior, now: Double
    ) -> Limited {
        if desired > current {
            let allowed = limit(behavior.scaleUp, current: current, isUp: true, now: now)
            let replicas = max(allowed.replicas, current)
            if desired > min(replicas, hpa.maxReplicas) {
                return hpa.maxReplicas > replicas
                    ? Limited(replicas: replicas, reason: .scaleUpLimit, policy: allowed.policy)
                    : Limited(replicas: hpa.maxReplicas, reason: .tooManyReplicas)
            }
        } else if desired < current {
            let allowed = limit(behavior.scaleDown, current: current, isUp: false, now: now)
            let replicas = min(allowed.replicas, current)
            if desired < max(replicas, hpa.minReplicas) {
                return hpa.minReplicas < replicas
                    ? Limited(replicas: replicas, reason: .scaleDownLimit, policy: allowed.policy)
                    : Limited(replicas: hpa.minReplicas, reason: .tooFewReplicas)
            }
        }
        return Limited(replicas: desired, reason: .desiredWithinRange)
    }

    private func limit(
        _ rules: ScalingRules, current: Int, isUp: Bool, now: Double
    ) -> (replicas: Int, policy: ScalingPolicy?) {
        guard rules.selectPolicy != .disabled else { return (current, nil) }
        let takesHighest = isUp == (rules.selectPolicy == .max)
        var chosen: (replicas: Int, policy: ScalingPolicy?)?
        for policy in rules.policies {
            let start =
                current - changes(upEvents, after: now - policy.period)
                + changes(downEvents, after: now - policy.period)
            let allowed = policy.allowed(from: start, isUp: isUp)
            if let best = chosen, takesHighest ? best.replicas >= allowed : best.replicas <= allowed { continue }
            chosen = (allowed, policy)
        }
        return chosen ?? (current, nil)
    }

    private func changes(_ events: [ScaleEvent], after cutoff: Double) -> Int {
        events.reduce(0) { $1.time > cutoff ? $0 + $1.change : $0 }
    }
}

extension ScalingPolicy {
    /// Percent up is rounded up and percent down truncated, both in doubles, as in the controller.
    fileprivate func allowed(from start: Int, isUp: Bool) -> Int {
        switch change {
        case .pods(let pods): isUp ? start + pods : start - pods
        case .percent(let percent):
            isUp
                ? replicaCount(Double(start) * (1 + Double(percent) / 100))
                : Int(Double(start) * (1 - Double(percent) / 100))
        }
    }
}
