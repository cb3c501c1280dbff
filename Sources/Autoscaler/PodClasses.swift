/// The pods of a sync by their role in a proposal, as indices into the list of pods.
package struct PodClasses: Sendable, Equatable {
    package var ready: [Int] = []
    package var unready: [Int] = []
    package var missing: [Int] = []
    package var ignored: [Int] = []

    /// - Parameter usage: a pod's millicores for the metric; nil if it has no sample.
    package init(of pods: [PodObservation], usage: [Int?], now: Double, settings: ControllerSettings) {
        for (index, pod) in pods.enumerated() {
            if pod.isDeleted || pod.phase == .failed {
                ignored.append(index)
            } else if pod.phase == .pending {
                unready.append(index)
            } else if let sample = pod.sample, usage[index] != nil {
                if Self.counts(pod, sample: sample, now: now, settings: settings) {
                    ready.append(index)
                } else {
                    unready.append(index)
                }
            } else {
                missing.append(index)
            }
        }
    }

    private static func counts(
        _ pod: PodObservation, sample: PodSample, now: Double, settings: ControllerSettings
    ) -> Bool {
        guard let readiness = pod.readiness, let start = pod.startTime else { return false }
        if start + settings.cpuInitializationPeriod > now {
            // Start-up work must not count as load: the sample must be from the time when the pod was ready.
            return readiness.isReady != false && sample.time >= readiness.lastTransition + sample.window
        }
        // An old pod that is not ready counts, unless it was never ready: probes fail under overload.
        return readiness.isReady != false || start + settings.initialReadinessDelay <= readiness.lastTransition
    }
}
