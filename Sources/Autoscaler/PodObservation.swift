/// A pod as the controller sees it at a sync. Times are seconds on the clock of the sync.
package struct PodObservation: Sendable, Equatable {
    /// `status.phase`.
    package enum Phase: Sendable, Equatable {
        case pending, running, succeeded, failed, unknown
    }

    /// The Ready condition.
    package struct Readiness: Sendable, Equatable {
        /// nil: Unknown.
        package var isReady: Bool?
        package var lastTransition: Double

        package init(isReady: Bool?, lastTransition: Double) {
            self.isReady = isReady
            self.lastTransition = lastTransition
        }
    }

    package var phase: Phase
    /// It has a deletion timestamp.
    package var isDeleted: Bool
    package var startTime: Double?
    package var readiness: Readiness?
    /// All containers that run for the pod's whole life, restartable init containers included.
    package var requests: [ContainerRequest]
    package var sample: PodSample?

    package init(
        phase: Phase, isDeleted: Bool = false, startTime: Double?, readiness: Readiness?,
        requests: [ContainerRequest], sample: PodSample?
    ) {
        self.phase = phase
        self.isDeleted = isDeleted
        self.startTime = startTime
        self.readiness = readiness
        self.requests = requests
        self.sample = sample
    }
}

/// What a container requests.
package struct ContainerRequest: Sendable, Equatable {
    package var name: String
    package var millicores: Int?

    package init(name: String, millicores: Int?) {
        self.name = name
        self.millicores = millicores
    }
}

/// A PodMetrics object of the metrics API.
package struct PodSample: Sendable, Equatable {
    /// The end of the interval that was measured.
    package var time: Double
    /// The interval's length in seconds.
    package var window: Double
    package var containers: [ContainerUsage]

    package init(time: Double, window: Double, containers: [ContainerUsage]) {
        self.time = time
        self.window = window
        self.containers = containers
    }
}

/// A container's CPU usage, in the metrics API's nanocores.
package struct ContainerUsage: Sendable, Equatable {
    package var name: String
    /// nil: the object has no CPU for it.
    package var nanocores: Int?

    package init(name: String, nanocores: Int?) {
        self.name = name
        self.nanocores = nanocores
    }

    package init(name: String, cores: Double) {
        self.init(name: name, nanocores: Int((cores * 1e9).rounded()))
    }

    /// Rounded up, as quantities are.
    package var millicores: Int? { nanocores.map { ($0 + 999_999) / 1_000_000 } }
}
