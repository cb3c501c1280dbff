import Autoscaler

/// At which use of its counted pods an autoscaler would propose another number, all else as it is.
struct Moves {
    private let state: LiveState
    private let autoscaler: HorizontalPodAutoscaler
    private let settings: ControllerSettings
    private let now: Double
    /// Percent of the target that are tried.
    private static let tried = 0...2000 as ClosedRange<Int>

    init(_ state: LiveState, autoscaler: HorizontalPodAutoscaler, settings: ControllerSettings, now: Double) {
        self.state = state
        self.autoscaler = autoscaler
        self.settings = settings
        self.now = now
    }

    /// A line a metric.
    var lines: [String] { autoscaler.metrics.compactMap(line) }

    private func line(_ metric: CPUMetric) -> String? {
        let calculator = ReplicaCalculator(
            metric: metric,
            tolerance: Tolerance(
                up: autoscaler.behavior?.scaleUp.tolerance ?? settings.tolerance,
                down: autoscaler.behavior?.scaleDown.tolerance ?? settings.tolerance), settings: settings)
        let report = calculator.report(pods: state.pods.map(\.observation), current: state.current, now: now)
        guard case .success(let proposal) = report.result else { return nil }
        let counted = Set(report.classes.ready)
        func proposed(_ percent: Int) -> Int? {
            let pods = state.pods.indices.map { index in
                let pod = state.pods[index].observation
                return counted.contains(index) ? pod.using(percent, of: metric) : pod
            }
            guard case .success(let found) = calculator.report(pods: pods, current: state.current, now: now).result
            else { return nil }
            return found.replicas
        }
        let proposals = Self.tried.map { ($0, proposed($0)) }
        let up = proposals.first { ($0.1 ?? 0) > state.current }?.0
        let down = proposals.last { $0.1.map { $0 < state.current } ?? false }?.0
        let above =
            state.current >= autoscaler.maxReplicas
            ? "not up, maxReplicas is \(autoscaler.maxReplicas)"
            : up.map { "up at \(metric.text($0)) or more" } ?? "not up at any use"
        let below =
            state.current <= autoscaler.minReplicas
            ? "not down, minReplicas is \(autoscaler.minReplicas)"
            : down.map { "down at \(metric.text($0)) or less" } ?? "not down at any use"
        return "\(above), \(below); the use is \(metric.text(Int((proposal.ratio * metric.scale).rounded())))"
    }
}

extension CPUMetric {
    /// What is tried in steps of one: percent of the request, or a hundredth of the target.
    fileprivate var scale: Double {
        switch target {
        case .utilization(let percent): Double(percent)
        case .averageValue: 100
        }
    }

    /// A step, for a person.
    fileprivate func text(_ step: Int) -> String {
        switch target {
        case .utilization: "\(step) % of the request"
        case .averageValue(let value): "\(fixed(Double(step) * Double(value) / 100, 0))m a pod"
        }
    }

    /// What a step means for a container.
    fileprivate func nanocores(_ step: Int, request: Int?, containers: Int) -> Int {
        switch target {
        case .utilization: (request ?? 0) * step * 10_000
        case .averageValue(let value): value * step * 10_000 / max(1, containers)
        }
    }
}

extension PodObservation {
    /// The pod with another use in all containers that a metric counts.
    fileprivate func using(_ step: Int, of metric: CPUMetric) -> PodObservation {
        var pod = self
        let names = requests.map(\.name).filter { metric.container ?? $0 == $0 }
        pod.sample?.containers = (sample?.containers ?? []).map { usage in
            guard names.contains(usage.name) else { return usage }
            let request = requests.first { $0.name == usage.name }?.millicores
            return ContainerUsage(
                name: usage.name, nanocores: metric.nanocores(step, request: request, containers: names.count))
        }
        return pod
    }
}
