/// What one metric proposed at a sync, and from which pods.
package struct MetricReport: Sendable, Equatable {
    /// A number of replicas and the measurement that led to it.
    package struct Proposal: Sendable, Equatable {
        package var replicas: Int
        package var current: CurrentValue
        /// The ratio to the target of the pods that count.
        package var ratio: Double
        /// The ratio after missing and unready pods were filled in; nil if there was nothing to fill in.
        package var filledRatio: Double?
        /// Why it is the current number, if it is.
        package var kept: Kept?
    }

    /// What `kubectl get hpa` shows.
    package enum CurrentValue: Sendable, Equatable {
        /// Percent of the requests, and millicores of a pod.
        case utilization(percent: Int, averageMillicores: Int)
        case averageValue(millicores: Int)
    }

    /// A reason to propose the current replicas.
    package enum Kept: Sendable, Equatable {
        case withinTolerance
        /// The pods that were filled in reverse the direction.
        case directionChanged
        /// The ratio asks for the opposite direction of the counted number.
        case againstDirection
    }

    package var metric: CPUMetric
    package var classes: PodClasses
    /// Seconds since the oldest and the newest sample that counts.
    package var sampleAges: ClosedRange<Double>?
    package var result: Result<Proposal, MetricFailure>
}

/// Why a metric makes no proposal, in the controller's words.
package enum MetricFailure: Error, Sendable, Equatable {
    case noMetrics
    case noPods
    case noReadyPods
    case containerNotInMetrics(String)
    case missingRequest(container: String)
    case noMatchingRequests

    package var message: String {
        switch self {
        case .noMetrics: "unable to get metrics for resource cpu: no metrics returned from resource metrics API"
        case .noPods: "no pods returned by selector while calculating replica count"
        case .noReadyPods: "did not receive metrics for targeted pods (pods might be unready)"
        case .containerNotInMetrics(let container):
            "unable to get metrics for resource cpu: container \(container) not present in metrics"
        case .missingRequest(let container): "missing request for cpu in container \(container)"
        case .noMatchingRequests: "no metrics returned matched known pods"
        }
    }
}
