package import Autoscaler
import Simulation

/// The controller's rules at the syncs of a recording: what they make of what was recorded, beside what it did.
package struct RecordedController {
    /// A sync and the replicas that followed it.
    package struct Step: Equatable {
        package var decision: Decision
        /// The recorded `spec.replicas` after it.
        package var recorded: Int
        package var isChange: Bool { recorded != decision.current }
        /// Whether the rules lead where the controller went.
        package var isExplained: Bool { decision.desired == recorded }
        /// A stretch without samples so short before it that the controller's memory is not known.
        package var gap: ClosedRange<Double>?
    }

    package private(set) var steps: [Step] = []
    /// Whether each pod's own times and metrics were recorded; else all pods are taken to be ready and alike.
    package let isExact: Bool
    let leastReplicas: Int
    private let run: RecordedRun
    private let recipe: Recipe
    /// Without pods of their own, the samples of the monitor that are far apart: nothing is known between them.
    private let gaps: [ClosedRange<Double>]
    /// A pod that was deleted is in the list no longer than its grace.
    private let linger: Double

    /// - Parameters:
    ///   - settings: the controller's flags.
    ///   - period: from one sync to the next.
    package init?(_ run: RecordedRun, recipe: Recipe, settings: ControllerSettings, period: Double) {
        guard let autoscaler = recipe.autoscaler, run.hasReplicas else { return nil }
        self.run = run
        self.recipe = recipe
        leastReplicas = autoscaler.minReplicas
        isExact = !run.pods.isEmpty && !run.publications.isEmpty
        linger = recipe.workload.grace
        gaps = isExact ? [] : Self.gaps(in: run.samples.map(\.time))
        let window = autoscaler.behavior?.scaleDown.stabilizationWindow ?? settings.downscaleStabilization
        let syncs = Self.syncs(of: run, period: period)
        var controller = AutoscalerController(autoscaler, settings: settings)
        for (index, sync) in syncs.enumerated() {
            guard let current = run.replicaCount(at: sync.time - Self.grain) else { continue }
            // A change is seen at the next look, before the following sync.
            let next = index + 1 < syncs.count ? syncs[index + 1].time : sync.time + period
            let after = run.replicaCount(at: sync.isChange ? max(sync.seen, sync.time) : next - Self.grain) ?? current
            let gap = gaps.last { $0.lowerBound < sync.time && sync.time < $0.upperBound + window + period }
            guard var step = step(at: sync, from: current, to: after, controller: &controller) else { continue }
            // What was recorded is what counts against the rates, whatever these rules would have done.
            controller.remember(change: after - current, now: sync.time)
            step.gap = gap
            steps.append(step)
        }
    }

    /// What the rules make of a sync. Between two looks of a monitor both the sync and new metrics may have come, in either
    /// order: where the earlier metrics do not lead to what was recorded, those of the look after the change may.
    private func step(
        at sync: Sync, from current: Int, to after: Int, controller: inout AutoscalerController
    ) -> Step? {
        var times = [sync.time]
        if sync.isChange, !isExact { times += [sync.seen, sync.seen - 2 * (sync.seen - sync.time)] }
        var first: (step: Step, controller: AutoscalerController)?
        for time in times {
            // What was not seen before the change cannot be known from what came after it.
            guard let pods = observations(at: time, count: sync.isChange ? current : nil) else { return first?.step }
            var next = controller
            let decision = next.decide(current: current, pods: pods, now: max(time, sync.time))
            let step = Step(decision: decision, recorded: after)
            if step.isExplained {
                controller = next
                return step
            }
            first = first ?? (step, next)
        }
        if let first { controller = first.controller }
        return first?.step
    }

    private static let grain = 0.01

    /// Pauses of more than a minute and four times the usual one.
    private static func gaps(in times: [Double]) -> [ClosedRange<Double>] {
        let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
        guard let usual = pauses.sorted().dropFirst(pauses.count / 2).first else { return [] }
        return zip(times, pauses).filter { $0.1 > max(60, 4 * usual) }.map { $0.0...($0.0 + $0.1) }
    }

    private struct Sync {
        var time: Double
        var isChange = false
        /// When the change was first seen.
        var seen = 0.0
    }

    /// Each change was made by a sync; between two of them syncs are evenly spaced.
    private static func syncs(of run: RecordedRun, period: Double) -> [Sync] {
        let changes = run.changes
        let looks = run.replicas.isEmpty ? run.samples.map(\.time) : []
        // On average half the time between two looks before it was seen.
        let late = looks.count > 1 ? run.lookInterval / 2 : 0.5
        let anchors = changes.map { Sync(time: $0.time - late, isChange: true, seen: $0.time) }
        guard let first = anchors.first, let last = anchors.last else {
            return stride(from: period / 2, to: run.length, by: period).map { Sync(time: $0) }
        }
        let before = stride(from: first.time - period, to: 0, by: -period).map { Sync(time: $0) }
        var syncs = Array(before.reversed())
        for (one, next) in zip(anchors, anchors.dropFirst()) {
            syncs.append(one)
            let count = max(1, Int(((next.time - one.time) / period).rounded()))
            let step = (next.time - one.time) / Double(count)
            syncs += (1..<max(count, 1)).map { Sync(time: one.time + Double($0) * step) }
        }
        syncs.append(last)
        return syncs + stride(from: last.time + period, to: run.length, by: period).map { Sync(time: $0) }
    }

    /// The pods as the controller saw them; nil where nothing was recorded yet.
    ///
    /// - Parameter count: pods whose use it was, where that is known otherwise.
    private func observations(at time: Double, count: Int?) -> [PodObservation]? {
        isExact ? recordedPods(at: time) : alikePods(at: time, count: count)
    }

    /// Seconds between two looks of the monitor, where nothing finer was recorded.
    var looksApart: Double? { isExact ? nil : run.lookInterval }

    private func recordedPods(at time: Double) -> [PodObservation] {
        run.pods.filter { $0.created <= time && time < ($0.deleted ?? .infinity) + linger }.map {
            observation(of: $0, at: time)
        }
    }

    private func observation(of pod: RecordedRun.PodLife, at time: Double) -> PodObservation {
        let isReady = pod.ready.map { $0 <= time } ?? false
        let published = run.publications.last { $0.pod == pod.name && $0.time <= time }
        let measured = published.map { value in
            sample(cores: value.cores, time: value.stamp.rounded(.down), window: value.window)
        }
        let isStarted = (pod.started ?? .infinity) <= time
        return PodObservation(
            phase: isStarted ? .running : .pending, isDeleted: (pod.deleted ?? .infinity) <= time,
            startTime: pod.created.rounded(.down),
            readiness: .init(isReady: isReady, lastTransition: isReady ? pod.ready ?? 0 : pod.created),
            requests: recipe.workload.requests, sample: measured)
    }

    private func alikePods(at time: Double, count: Int?) -> [PodObservation]? {
        guard let seen = run.samples.last(where: { $0.time <= time }), let used = seen.cores.used, seen.pods > 0
        else { return nil }
        let long = time - 3600
        let count = min(count ?? seen.pods, seen.pods)
        return (0..<max(1, count)).map { _ in
            PodObservation(
                phase: .running, startTime: long, readiness: .init(isReady: true, lastTransition: long),
                requests: recipe.workload.requests,
                sample: sample(cores: used / Double(max(1, count)), time: seen.time, window: run.resolution ?? 15))
        }
    }

    private func sample(cores: Double, time: Double, window: Double) -> PodSample {
        let containers = recipe.workload.requests.map {
            ContainerUsage(name: $0.name, cores: $0.name == recipe.workload.container ? cores : 0)
        }
        return PodSample(time: time, window: window, containers: containers)
    }
}
