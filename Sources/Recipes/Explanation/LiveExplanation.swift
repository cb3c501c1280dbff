package import Autoscaler
import Foundation

/// Explains what an autoscaler does now; what it is told while it follows makes more of the controller's memory known.
package struct LiveExplanation: Sendable {
    private var controller: AutoscalerController?
    private let settings: ControllerSettings
    private var earlier: [Decision] = []
    /// Unix seconds of the first look.
    private var begin: Double?

    package init(settings: ControllerSettings = ControllerSettings()) { self.settings = settings }

    /// A text for a person.
    ///
    /// - Parameter now: Unix seconds.
    package mutating func explain(_ state: LiveState, now: Double) -> String {
        guard let autoscaler = state.recipe.autoscaler else { return "there is no autoscaler" }
        begin = begin ?? now
        if controller == nil { controller = AutoscalerController(autoscaler, settings: settings) }
        controller?.autoscaler = autoscaler
        // A change that was expected and did not come is no event.
        if let last = earlier.last, last.desired != last.current, state.current == last.current {
            controller?.forget(last)
        }
        let pods = state.pods.map(\.observation)
        guard let decision = controller?.sync(current: state.current, pods: pods, now: now) else { return "" }
        earlier.append(decision)
        earlier.removeAll { $0.time < now - 3600 }
        var lines = [
            "\(state.name): \(state.current) replicas of \(state.recipe.name), \(autoscaler.minReplicas) to "
                + "\(autoscaler.maxReplicas)"
        ]
        lines += state.pods.indices.map { "  \(describe(state.pods[$0], index: $0, decision: decision, now: now))" }
        if !state.hasMetrics {
            let isForbidden = state.metricsError?.localizedCaseInsensitiveContains("forbidden") ?? false
            lines.append(
                isForbidden
                    ? "  you have no right to list pods of metrics.k8s.io, so what follows is without their use; the controller has "
                        + "it: \(state.metricsError ?? "")"
                    : "  the metrics API does not respond: kubectl shows <unknown>; is metrics-server there?")
        }
        lines.append("  proposal: \(decision.explanation)")
        if decision.isHeld || decision.desired != decision.current {
            lines.append("  held: \(hold(decision, state, now: now))")
        }
        lines += Moves(state, autoscaler: autoscaler, settings: settings, now: now).lines.map { "  to move: \($0)" }
        if !state.conditions.isEmpty { lines.append("  the object says: \(state.conditions.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }

    private func describe(_ pod: LiveState.Pod, index: Int, decision: Decision, now: Double) -> String {
        guard let classes = decision.reports.first?.classes else { return pod.name }
        let observation = pod.observation
        var text = "\(pod.name): "
        if classes.ready.contains(index) {
            text += "counted"
        } else if classes.ignored.contains(index) {
            text += "ignored, \(observation.isDeleted ? "it is being deleted" : "it has failed")"
        } else if classes.missing.contains(index) {
            text += "missing, the metrics API has no sample of it"
        } else {
            text += "unready, \(reason(observation, now: now))"
        }
        if let sample = observation.sample {
            let cores = sample.containers.compactMap(\.nanocores).reduce(0, +)
            let request = observation.requests.compactMap(\.millicores).reduce(0, +)
            text +=
                "; \(cores / 1_000_000)m of \(request)m, \(fixed(now - sample.time, 0)) s old, over \(fixed(sample.window, 0)) s"
        }
        return text
    }

    /// Why a pod with a sample does not count.
    private func reason(_ pod: PodObservation, now: Double) -> String {
        if pod.phase == .pending { return "it is Pending" }
        guard let readiness = pod.readiness, let start = pod.startTime else {
            return "it has no Ready condition or start time"
        }
        if readiness.isReady == false { return "it is not ready" }
        let window = pod.sample?.window ?? 0
        let until = readiness.lastTransition + window
        if start + settings.cpuInitializationPeriod > now {
            return
                "it started \(fixed(now - start, 0)) s ago, and its sample is older than \(fixed(window, 0)) s of readiness: "
                + "it counts once a sample is \(fixed(max(0, until - (pod.sample?.time ?? until)), 0)) s newer"
        }
        return "it was never ready"
    }

    /// What keeps the number or changes it, and what of that only the controller knows.
    private func hold(_ decision: Decision, _ state: LiveState, now: Double) -> String {
        guard case .metrics(let proposal, _, _) = decision.path else { return decision.holdText }
        if let autoscaler = state.recipe.autoscaler, decision.desired == decision.current {
            if decision.current <= autoscaler.minReplicas, proposal < decision.current {
                return "minReplicas of \(autoscaler.minReplicas)"
            }
            if decision.current >= autoscaler.maxReplicas, proposal > decision.current {
                return "maxReplicas of \(autoscaler.maxReplicas)"
            }
        }
        let down = state.recipe.autoscaler?.behavior?.scaleDown.stabilizationWindow ?? settings.downscaleStabilization
        let known = now - (begin ?? now)
        guard proposal < decision.current, down > known else {
            let until = decision.heldUntil(after: earlier).map { ", until \(Self.clock($0))" } ?? ""
            return decision.isHeld ? decision.holdText + until : "nothing, \(decision.current) → \(decision.desired)"
        }
        // What was proposed before the first look is in the controller's memory only.
        let scaled = state.lastScale.flatMap { $0 + down > now ? $0 + down : nil }
        let certain = scaled.map {
            "the last change, at \(Self.clock($0 - down)), holds it until \(Self.clock($0)) at least"
        }
        return
            "unknown in part: the scale-down window of \(fixed(down, 0)) s, of which \(fixed(known, 0)) s were watched; "
            + "what was proposed before is in the controller's memory only, and all is known at "
            + "\(Self.clock((begin ?? now) + down))" + (certain.map { "; \($0)" } ?? "")
    }

    private static func clock(_ unix: Double) -> String {
        Date(timeIntervalSince1970: unix).formatted(.iso8601.time(includingFractionalSeconds: false)) + " UTC"
    }
}
