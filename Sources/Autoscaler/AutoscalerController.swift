/// The controller's work on one object: the object, the flags, and the memory.
package struct AutoscalerController: Sendable {
    /// It may be changed between syncs, as an operator would.
    package var autoscaler: HorizontalPodAutoscaler
    package let settings: ControllerSettings
    package var memory = ControllerMemory()

    package init(_ autoscaler: HorizontalPodAutoscaler, settings: ControllerSettings = ControllerSettings()) {
        self.autoscaler = autoscaler
        self.settings = settings
    }

    /// Decides like one sync of the controller, and remembers what the controller would, its own change included.
    ///
    /// The caller carries out the decision, which is assumed to succeed.
    /// - Parameters:
    ///   - current: `spec.replicas` of the target.
    ///   - pods: all pods of the target's selector, terminating ones included.
    ///   - now: seconds on the clock of the pods' times.
    package mutating func sync(current: Int, pods: [PodObservation], now: Double) -> Decision {
        let decision = decide(current: current, pods: pods, now: now)
        remember(change: decision.desired - current, now: now)
        return decision
    }

    /// Remembers a change of the replicas, which counts against the rates; 0 is not a change.
    package mutating func remember(change: Int, now: Double) {
        guard change != 0, let behavior = autoscaler.behavior else { return }
        memory.record(change: change, now: now, behavior: behavior)
    }

    /// Decides like a sync, without remembering a change: for an observer that does not know yet whether it is made.
    ///
    /// - Parameters:
    ///   - current: `spec.replicas` of the target.
    ///   - pods: all pods of the target's selector, terminating ones included.
    ///   - now: seconds on the clock of the pods' times.
    package mutating func decide(current: Int, pods: [PodObservation], now: Double) -> Decision {
        memory.see(current: current, now: now)
        var decision = Decision(
            time: now, current: current, desired: current, path: .disabled, reports: [], conditions: [.gotScale])
        if current == 0 {
            decision.conditions.append(.disabled)
        } else if current > autoscaler.maxReplicas {
            decision.path = .aboveMax
            decision.desired = autoscaler.maxReplicas
            decision.rescaleReason = "Current number of replicas above Spec.MaxReplicas"
        } else if current < autoscaler.minReplicas {
            decision.path = .belowMin
            decision.desired = autoscaler.minReplicas
            decision.rescaleReason = "Current number of replicas below Spec.MinReplicas"
        } else {
            decideByMetrics(&decision, pods: pods)
        }
        if decision.desired != current {
            decision.conditions.append(.rescaled(to: decision.desired))
        }
        return decision
    }

    private mutating func decideByMetrics(_ decision: inout Decision, pods: [PodObservation]) {
        let current = decision.current
        let now = decision.time
        let tolerance = Tolerance(of: autoscaler.behavior, settings: settings)
        decision.reports = autoscaler.metrics.map {
            ReplicaCalculator(metric: $0, tolerance: tolerance, settings: settings)
                .report(pods: pods, current: current, now: now)
        }
        let chosen: (proposal: Int, metric: CPUMetric)
        switch choose(from: decision.reports, current: current) {
        case .failure(let invalid):
            decision.path = .failed(invalid.failure)
            decision.conditions.append(.inactive(invalid.metric, failure: invalid.failure))
            return
        case .success(let choice): chosen = choice
        }
        decision.conditions.append(.active(chosen.metric))
        let stabilized = stabilize(chosen.proposal, current: current, now: now)
        let limit =
            if let behavior = autoscaler.behavior {
                memory.limited(stabilized.replicas, current: current, hpa: autoscaler, behavior: behavior, now: now)
            } else {
                limited(stabilized.replicas, current: current, hpa: autoscaler)
            }
        decision.path = .metrics(proposal: chosen.proposal, stabilized: stabilized, limited: limit)
        decision.desired = limit.replicas
        decision.conditions.append(.ableToScale(after: stabilized))
        decision.conditions.append(.scalingLimited(limit, stabilized: stabilized))
        if decision.desired > current {
            decision.rescaleReason = "\(chosen.metric.description) above target"
        } else if decision.desired < current {
            decision.rescaleReason = "All metrics below target"
        }
    }

    private struct Invalid: Error {
        var metric: CPUMetric
        var failure: MetricFailure
    }

    /// The largest valid proposal; an error if none is valid, or if an invalid one might have kept it from scaling down.
    private func choose(
        from reports: [MetricReport], current: Int
    ) -> Result<(proposal: Int, metric: CPUMetric), Invalid> {
        var best: (proposal: Int, metric: CPUMetric)?
        var invalid: Invalid?
        for report in reports {
            switch report.result {
            case .failure(let failure):
                if invalid == nil { invalid = Invalid(metric: report.metric, failure: failure) }
            case .success(let proposal):
                if let best, best.proposal >= proposal.replicas { continue }
                best = (proposal.replicas, report.metric)
            }
        }
        guard let best else {
            return .failure(
                invalid ?? Invalid(metric: CPUMetric(target: .utilization(percent: 80)), failure: .noMetrics))
        }
        if let invalid, best.proposal < current { return .failure(invalid) }
        return .success(best)
    }

    /// The proposal is recorded as it is, before it is stabilized.
    private mutating func stabilize(_ proposal: Int, current: Int, now: Double) -> Stabilized {
        guard let behavior = autoscaler.behavior else {
            let window = settings.downscaleStabilization
            let stabilized = memory.stabilize(proposal, window: window, now: now)
            memory.record(recommendation: proposal, now: now, window: window)
            return stabilized
        }
        let up = behavior.scaleUp.stabilizationWindow ?? 0
        let down = behavior.scaleDown.stabilizationWindow ?? settings.downscaleStabilization
        let stabilized = memory.stabilize(proposal, current: current, upWindow: up, downWindow: down, now: now)
        memory.record(recommendation: proposal, now: now, window: max(up, down))
        return stabilized
    }
}
