/// The ratios within which nothing changes, both inclusive.
package struct Tolerance: Sendable, Equatable {
    package var up: Double
    package var down: Double

    package init(up: Double, down: Double) {
        self.up = up
        self.down = down
    }

    /// `behavior.*.tolerance` overrides the controller's flag, each for its direction.
    package init(of behavior: ScalingBehavior?, settings: ControllerSettings) {
        up = behavior?.scaleUp.tolerance ?? settings.tolerance
        down = behavior?.scaleDown.tolerance ?? settings.tolerance
    }

    func contains(_ ratio: Double) -> Bool { 1 - down <= ratio && ratio <= 1 + up }
}

/// Computes the replicas that a metric asks for, as the controller's `ReplicaCalculator` does.
package struct ReplicaCalculator: Sendable {
    package var metric: CPUMetric
    package var tolerance: Tolerance
    package var settings: ControllerSettings

    package init(metric: CPUMetric, tolerance: Tolerance, settings: ControllerSettings) {
        self.metric = metric
        self.tolerance = tolerance
        self.settings = settings
    }

    package func report(pods: [PodObservation], current: Int, now: Double) -> MetricReport {
        var usage: [Int?] = []
        var failure: MetricFailure?
        do { usage = try pods.map(metric.usageMillicores) } catch { failure = error }
        if failure == nil {
            // The controller reads the samples before it lists the pods.
            if !usage.contains(where: { $0 != nil }) { failure = .noMetrics }
            if pods.isEmpty { failure = failure ?? .noPods }
        }
        if usage.isEmpty { usage = pods.map { _ in nil } }
        let classes = PodClasses(of: pods, usage: usage, now: now, settings: settings)
        let ages = classes.ready.compactMap { pods[$0].sample.map { now - $0.time } }
        var report = MetricReport(
            metric: metric, classes: classes, sampleAges: nil, result: .failure(failure ?? .noReadyPods))
        if let least = ages.min(), let most = ages.max() { report.sampleAges = least...most }
        if failure == nil && !classes.ready.isEmpty {
            report.result = proposal(pods: pods, usage: usage, classes: classes, current: current)
        }
        return report
    }

    private func proposal(
        pods: [PodObservation], usage: [Int?], classes: PodClasses, current: Int
    ) -> Result<MetricReport.Proposal, MetricFailure> {
        let readyUsage = classes.ready.map { usage[$0] ?? 0 }
        switch metric.target {
        case .averageValue(let millicores):
            let measure = AverageMeasure(
                target: millicores, ready: classes.ready.count, missing: classes.missing.count,
                unready: classes.unready.count)
            return .success(
                replicas(
                    measure, ready: readyUsage, missing: classes.missing.count, unready: classes.unready.count,
                    current: current))
        case .utilization(let percent):
            var requests: [Int] = []
            do { requests = try pods.map(metric.requestMillicores) } catch { return .failure(error) }
            let measure = UtilizationMeasure(
                target: percent, ready: classes.ready.map { requests[$0] },
                missing: classes.missing.map { requests[$0] }, unready: classes.unready.map { requests[$0] })
            if measure.ready.reduce(0, +) == 0 { return .failure(.noMatchingRequests) }
            return .success(
                replicas(
                    measure, ready: readyUsage, missing: classes.missing.count, unready: classes.unready.count,
                    current: current))
        }
    }

    private func replicas(
        _ measure: some Measure, ready: [Int], missing: Int, unready: Int, current: Int
    ) -> MetricReport.Proposal {
        let used = ready.reduce(0, +)
        let ratio = measure.ratio(used: used, missingCounted: false, unreadyCounted: false)
        let value = measure.value(used: used)
        let isUpWithUnready = unready > 0 && ratio > 1
        if !isUpWithUnready && missing == 0 {
            let isKept = tolerance.contains(ratio)
            return MetricReport.Proposal(
                replicas: isKept ? current : replicaCount(ratio * Double(ready.count)), current: value, ratio: ratio,
                filledRatio: nil, kept: isKept ? .withinTolerance : nil)
        }
        let isMissingCounted = missing > 0 && (ratio != 1 || measure.countsMissingAtTarget)
        let missingUsage = ratio < 1 ? measure.missingUsageBelowTarget : 0
        let filled = measure.ratio(
            used: used + (isMissingCounted ? missingUsage : 0), missingCounted: isMissingCounted,
            unreadyCounted: isUpWithUnready)
        let counted = ready.count + (isMissingCounted ? missing : 0) + (isUpWithUnready ? unready : 0)
        let wanted = replicaCount(filled * Double(counted))
        var kept: MetricReport.Kept?
        if tolerance.contains(filled) {
            kept = .withinTolerance
        } else if (ratio < 1 && filled > 1) || (ratio > 1 && filled < 1) {
            kept = .directionChanged
        } else if (filled < 1 && wanted > current) || (filled > 1 && wanted < current) {
            kept = .againstDirection
        }
        return MetricReport.Proposal(
            replicas: kept == nil ? wanted : current, current: value, ratio: ratio, filledRatio: filled, kept: kept)
    }

}

extension CPUMetric {
    /// Returns nil for a pod whose sample lacks a container.
    fileprivate func usageMillicores(of pod: PodObservation) throws(MetricFailure) -> Int? {
        guard let sample = pod.sample, !sample.containers.isEmpty else { return nil }
        guard let container else {
            var total = 0
            for usage in sample.containers {
                guard let millicores = usage.millicores else { return nil }
                total += millicores
            }
            return total
        }
        guard let usage = sample.containers.first(where: { $0.name == container }) else {
            throw .containerNotInMetrics(container)
        }
        return usage.millicores
    }

    fileprivate func requestMillicores(of pod: PodObservation) throws(MetricFailure) -> Int {
        var total = 0
        for request in pod.requests where container == nil || container == request.name {
            guard let millicores = request.millicores else { throw .missingRequest(container: request.name) }
            total += millicores
        }
        return total
    }
}

/// Rounds up to whole replicas, within the API's 32 bits.
func replicaCount(_ exact: Double) -> Int {
    Int(min(exact.rounded(.up), Double(Int32.max)))
}
