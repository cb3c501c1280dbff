package import Autoscaler
import Foundation

/// Explains what an autoscaler does now; what it sees while it follows makes more of the controller's memory known.
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
        let autoscaler = state.autoscaler
        begin = begin ?? now
        if controller == nil { controller = AutoscalerController(autoscaler, settings: settings) }
        controller?.autoscaler = autoscaler
        let pods = state.pods.map(\.observation)
        // Only a change that was seen counts against the rates: whether the controller makes this one is not known.
        if let last = earlier.last, last.current != state.current {
            controller?.remember(change: state.current - last.current, now: state.lastScale ?? now)
        }
        guard let decision = controller?.decide(current: state.current, pods: pods, now: now) else { return "" }
        earlier.append(decision)
        earlier.removeAll { $0.time < now - 3600 }
        var lines = [
            "\(state.name): \(state.current) replicas of \(state.target), \(autoscaler.minReplicas) to "
                + "\(autoscaler.maxReplicas)"
        ]
        lines += state.pods.indices.map { "  \(describe(state.pods[$0], index: $0, decision: decision, now: now))" }
        if !state.hasMetrics {
            lines.append("  the metrics API does not respond: kubectl shows <unknown>; is metrics-server there?")
        }
        let ahead = state.pods.compactMap { $0.observation.sample.map { $0.time - now } }.max() ?? 0
        if ahead > 5 {
            lines.append(
                "  the cluster's clock is \(fixed(ahead, 0)) s or more ahead of this machine's: ages are off by as much"
            )
        }
        lines += Findings.lines(otherMetrics: state.otherMetrics).map { "  \($0)" }
        guard state.rivals.isEmpty else {
            let rivals = state.rivals.joined(separator: ", ")
            lines.append("  nothing is done: \(rivals) scales \(state.target) too (AmbiguousSelector)")
            lines.append("  alone it would propose: \(decision.explanation)")
            return lines.joined(separator: "\n")
        }
        lines.append("  proposal: \(decision.explanation)")
        if decision.isHeld || decision.desired != decision.current {
            lines.append("  held: \(hold(decision, state, now: now))")
        }
        lines += moves(state, decision: decision, now: now).map { "  to move: \($0)" }
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
        let autoscaler = state.autoscaler
        if proposal < decision.current, decision.current == autoscaler.minReplicas {
            return "minReplicas, \(autoscaler.minReplicas)"
        }
        if proposal > decision.current, decision.current == autoscaler.maxReplicas {
            return "maxReplicas, \(autoscaler.maxReplicas)"
        }
        let down = autoscaler.behavior?.scaleDown.stabilizationWindow ?? settings.downscaleStabilization
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
            "unknown in part: the scale-down window of \(fixed(down, 0)) s, watched for \(fixed(known, 0)) s of it; "
            + "what was proposed before is in the controller's memory only, and all is known at "
            + "\(Self.clock((begin ?? now) + down))" + (certain.map { "; \($0)" } ?? "")
    }

    /// The use at which one replica more or fewer is proposed, and the bounds that no use moves.
    private func moves(_ state: LiveState, decision: Decision, now: Double) -> [String] {
        let autoscaler = state.autoscaler
        return decision.reports.compactMap { report in
            let calculator = ReplicaCalculator(
                metric: report.metric, tolerance: Tolerance(of: autoscaler.behavior, settings: settings),
                settings: settings)
            guard
                let threshold = Threshold(
                    report, calculator: calculator, pods: state.pods.map(\.observation), replicas: state.current,
                    now: now)
            else { return nil }
            let up =
                state.current >= autoscaler.maxReplicas
                ? "up only with a larger maxReplicas, \(autoscaler.maxReplicas) now"
                : threshold.up.map { "up at \(threshold.text($0)) or more" } ?? "up at no use"
            let down =
                state.current <= autoscaler.minReplicas
                ? "down only with a smaller minReplicas, \(autoscaler.minReplicas) now"
                : threshold.down.map { "down at \(threshold.text($0)) or less" } ?? "down at no use"
            return "\(up); \(down); the use is \(threshold.text(threshold.current))"
        }
    }

    private static func clock(_ unix: Double) -> String {
        Date(timeIntervalSince1970: unix).formatted(.iso8601.time(includingFractionalSeconds: false)) + " UTC"
    }
}
