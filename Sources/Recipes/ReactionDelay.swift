import Autoscaler
package import Simulation

/// From a step in load to the first new ready pod, in its parts; all in seconds.
package struct ReactionDelay: Sendable, Equatable {
    /// The time of the step.
    package var step: Double
    /// Until metrics-server published what the deciding sync saw.
    package var metrics: Double
    /// From there to the sync.
    package var sync: Double
    /// From the sync to the pod's container.
    package var start: Double
    /// From there to Ready.
    package var readiness: Double

    package var total: Double { metrics + sync + start + readiness }

    /// One for each step, where pods were added after it and before the next.
    package static func all(of outcome: Outcome, scenario: Scenario) -> [ReactionDelay] {
        let steps: [Double] =
            switch scenario.load {
            case .demand(let steps, _): steps.map(\.time)
            case .traffic(let phases):
                // A minute like the one before it is not a step.
                outcome.phases.enumerated().filter { index, _ in
                    index == 0 || index >= phases.count || phases[index].traffic != phases[index - 1].traffic
                }.map(\.element.start)
            }
        return steps.enumerated().compactMap { index, step in
            let end = index + 1 < steps.count ? steps[index + 1] : scenario.duration
            guard let decision = outcome.decisions.first(where: { $0.time >= step && $0.desired > $0.current }),
                decision.time < end,
                let pod = outcome.pods.filter({ $0.created == decision.time }).min(by: {
                    ($0.ready ?? .infinity) < ($1.ready ?? .infinity)
                }), let started = pod.started, let ready = pod.ready
            else { return nil }
            let published = max(step, outcome.publications.last { $0 <= decision.time } ?? decision.time)
            return ReactionDelay(
                step: step, metrics: published - step, sync: decision.time - published, start: started - decision.time,
                readiness: ready - started)
        }
    }
}
