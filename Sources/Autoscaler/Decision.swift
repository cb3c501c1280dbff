/// What one sync decided, and why.
package struct Decision: Sendable, Equatable {
    /// How the number was decided.
    package enum Path: Sendable, Equatable {
        /// The target has no replicas: the autoscaler is off.
        case disabled
        /// The current replicas are above `maxReplicas` or below `minReplicas`: a change at once, whatever the metrics.
        case aboveMax, belowMin
        /// No metric, or not enough of them: nothing is done.
        case failed(MetricFailure)
        /// The metrics decided.
        case metrics(proposal: Int, stabilized: Stabilized, limited: Limited)
    }

    package var time: Double
    package var current: Int
    package var desired: Int
    package var path: Path
    /// One per metric, in their order; empty if they were not consulted.
    package var reports: [MetricReport]
    package var conditions: [Condition]
    /// The reason in the event `SuccessfulRescale`; nil if nothing changes.
    package var rescaleReason: String?

    /// The replicas that the metrics call for, before windows and rates.
    package var proposal: Int? {
        if case .metrics(let proposal, _, _) = path { return proposal }
        return nil
    }

    /// The first valid utilization metric's value, in percent of the requests.
    package var utilization: Int? {
        for case .success(let proposal) in reports.map(\.result) {
            if case .utilization(let percent, _) = proposal.current { return percent }
        }
        return nil
    }

    /// The most informative reason: the limit if it changed the number, else the hold, else the state.
    package var reason: String {
        switch path {
        case .disabled: "ScalingDisabled"
        case .aboveMax: LimitReason.tooManyReplicas.rawValue
        case .belowMin: LimitReason.tooFewReplicas.rawValue
        case .failed: condition(.scalingActive)?.reason ?? "FailedGetResourceMetric"
        case .metrics(_, let stabilized, let limited):
            if limited.reason != .desiredWithinRange {
                limited.reason.rawValue
            } else if desired != current {
                "SucceededRescale"
            } else {
                Condition.ableToScale(after: stabilized).reason
            }
        }
    }

    package func condition(_ type: Condition.Kind) -> Condition? { conditions.last { $0.type == type } }
}

/// A condition of the object's status, as this sync set it.
package struct Condition: Sendable, Equatable {
    package enum Kind: String, Sendable, Equatable {
        case ableToScale = "AbleToScale"
        case scalingActive = "ScalingActive"
        case scalingLimited = "ScalingLimited"
    }

    package var type: Kind
    package var isTrue: Bool
    package var reason: String
    package var message: String

    static let gotScale = Condition(
        type: .ableToScale, isTrue: true, reason: "SucceededGetScale",
        message: "the HPA controller was able to get the target's current scale")

    static let disabled = Condition(
        type: .scalingActive, isTrue: false, reason: "ScalingDisabled",
        message: "scaling is disabled since the replica count of the target is zero")

    static func rescaled(to replicas: Int) -> Condition {
        Condition(
            type: .ableToScale, isTrue: true, reason: "SucceededRescale",
            message: "the HPA controller was able to update the target scale to \(replicas)")
    }

    static func ableToScale(after stabilized: Stabilized) -> Condition {
        switch stabilized.hold {
        case nil:
            Condition(
                type: .ableToScale, isTrue: true, reason: "ReadyForNewScale",
                message: "recommended size matches current size")
        case .up:
            Condition(
                type: .ableToScale, isTrue: true, reason: "ScaleUpStabilized",
                message: "recent recommendations were lower than current one, applying the lowest recent recommendation"
            )
        case .down:
            Condition(
                type: .ableToScale, isTrue: true, reason: "ScaleDownStabilized",
                message:
                    "recent recommendations were higher than current one, applying the highest recent recommendation")
        }
    }

    static func scalingLimited(_ limited: Limited, stabilized: Stabilized) -> Condition {
        Condition(
            type: .scalingLimited, isTrue: limited.replicas != stabilized.replicas, reason: limited.reason.rawValue,
            message: limited.reason.message)
    }

    static func active(_ metric: CPUMetric) -> Condition {
        Condition(
            type: .scalingActive, isTrue: true, reason: "ValidMetricFound",
            message: "the HPA was able to successfully calculate a replica count from \(metric.description)")
    }

    static func inactive(_ metric: CPUMetric, failure: MetricFailure) -> Condition {
        let kind = metric.container == nil ? "Resource" : "ContainerResource"
        return Condition(
            type: .scalingActive, isTrue: false, reason: "FailedGet\(kind)Metric",
            message:
                "the HPA was unable to compute the replica count: failed to get cpu utilization: \(failure.message)")
    }
}

extension CPUMetric {
    /// The controller's name for it.
    package var description: String {
        let resource = container == nil ? "cpu resource" : "cpu container resource"
        return switch target {
        case .utilization: "\(resource) utilization (percentage of request)"
        case .averageValue: resource
        }
    }
}
