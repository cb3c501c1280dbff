/// The part of a HorizontalPodAutoscaler object that affects decisions: bounds, CPU metrics and behavior.
package struct HorizontalPodAutoscaler: Sendable, Equatable {
    package var minReplicas: Int
    package var maxReplicas: Int
    /// The largest valid proposal of these wins. The API server fills an empty list with CPU utilization at 80 %.
    package var metrics: [CPUMetric]
    /// Without it the controller uses another path, which has no rates, but at most doubles the replicas.
    package var behavior: ScalingBehavior?

    package init(
        minReplicas: Int = 1, maxReplicas: Int, metrics: [CPUMetric] = [CPUMetric(target: .utilization(percent: 80))],
        behavior: ScalingBehavior? = nil
    ) {
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
        self.metrics = metrics
        self.behavior = behavior
    }
}

/// A metric of the kind `Resource` or `ContainerResource` for CPU.
package struct CPUMetric: Sendable, Equatable {
    /// The container that counts (`ContainerResource`); nil counts the whole pod, sidecars included (`Resource`).
    package var container: String?
    package var target: MetricTarget

    package init(container: String? = nil, target: MetricTarget) {
        self.container = container
        self.target = target
    }
}

/// What a metric is compared with.
package enum MetricTarget: Sendable, Equatable {
    /// Percent of the pods' requests.
    case utilization(percent: Int)
    /// Millicores of a pod, whatever it requests.
    case averageValue(millicores: Int)
}

/// How fast the replicas may change (`behavior`), with the API server's defaults filled in.
package struct ScalingBehavior: Sendable, Equatable {
    package var scaleUp: ScalingRules
    package var scaleDown: ScalingRules

    package init(scaleUp: ScalingRules = .defaultUp, scaleDown: ScalingRules = .defaultDown) {
        self.scaleUp = scaleUp
        self.scaleDown = scaleDown
    }
}

/// The rules of one direction.
package struct ScalingRules: Sendable, Equatable {
    /// Seconds; nil uses the controller's `--horizontal-pod-autoscaler-downscale-stabilization`.
    package var stabilizationWindow: Double?
    package var selectPolicy: PolicySelection
    package var policies: [ScalingPolicy]
    /// nil uses the controller's tolerance.
    package var tolerance: Double?

    package init(
        stabilizationWindow: Double?, selectPolicy: PolicySelection = .max, policies: [ScalingPolicy],
        tolerance: Double? = nil
    ) {
        self.stabilizationWindow = stabilizationWindow
        self.selectPolicy = selectPolicy
        self.policies = policies
        self.tolerance = tolerance
    }

    /// No window; the larger of four pods and 100 % in 15 s.
    package static let defaultUp = ScalingRules(
        stabilizationWindow: 0,
        policies: [ScalingPolicy(.pods(4), period: 15), ScalingPolicy(.percent(100), period: 15)])

    /// The controller's window; 100 % in 15 s.
    package static let defaultDown = ScalingRules(
        stabilizationWindow: nil, policies: [ScalingPolicy(.percent(100), period: 15)])
}

/// Which of several policies decides.
package enum PolicySelection: String, Sendable, Equatable {
    /// The policy that changes most.
    case max = "Max"
    /// The policy that changes least.
    case min = "Min"
    /// This direction is disabled.
    case disabled = "Disabled"
}

/// A change that is allowed within a period.
package struct ScalingPolicy: Sendable, Equatable {
    /// How much may change.
    package enum Change: Sendable, Equatable {
        case pods(Int)
        case percent(Int)
    }

    package var change: Change
    /// Seconds.
    package var period: Double

    package init(_ change: Change, period: Double) {
        self.change = change
        self.period = period
    }
}

/// The flags of kube-controller-manager that matter, in seconds and ratios.
package struct ControllerSettings: Sendable, Equatable {
    package var downscaleStabilization = 300.0
    package var tolerance = 0.1
    package var cpuInitializationPeriod = 300.0
    package var initialReadinessDelay = 30.0

    package init() {}
}
