package import Autoscaler

/// Everything that a run depends on. Times are seconds from the creation of the autoscaler at 0.
package struct Scenario: Sendable {
    package var seed: UInt64 = 1
    package var duration: Double
    package var nodes: [NodeSize] = Array(repeating: NodeSize(cores: 4), count: 3)
    package var workload: Workload
    /// nil: the replicas stay as they are.
    package var autoscaler: HorizontalPodAutoscaler?
    package var controller = Controller()
    package var metrics = MetricsSource.scraped(resolution: 15)
    /// When metrics-server first reads its nodes, if it reads them regularly; nil draws it from the seed.
    package var scrapePhase: Double?
    package var service = Service()
    package var routing = Routing.connectionAtRandom
    package var load: Load

    package init(duration: Double, workload: Workload, load: Load) {
        self.duration = duration
        self.workload = workload
        self.load = load
    }
}

/// What a node offers to pods.
package struct NodeSize: Sendable, Equatable {
    package var cores: Double
    package var memory: Double

    /// - Parameter memory: MiB.
    package init(cores: Double, memory: Double = .infinity) {
        self.cores = cores
        self.memory = memory
    }
}

extension NodeSize {
    /// Whether an empty node of this size has room for a pod.
    package func fits(_ workload: Workload) -> Bool {
        workload.cpuRequest <= cores && workload.memoryRequest <= memory
    }
}

/// How the autoscaler's controller runs.
package struct Controller: Sendable, Equatable {
    package var settings = ControllerSettings()
    package var syncPeriod = 15.0
    /// The first sync; nil draws it from the seed.
    package var syncPhase: Double?
    /// A key is queued again after its work, so each sync is this much later than one period after the last.
    package var syncWork = 0.01

    package init() {}
}

/// How the controller learns of CPU.
package enum MetricsSource: Sendable, Equatable {
    /// As it was this many seconds before a sync, in ready pods only; `window` is what the samples claim to span.
    case lagged(Double, window: Double)
    /// The kubelet samples each container every 10 to 20 s; metrics-server reads the last sample every `resolution`.
    case scraped(resolution: Double)
    /// Counters that are read at each of these times.
    case readAt([Double])
}

/// Which pod gets a request.
package enum Routing: Sendable, Equatable {
    /// kube-proxy with iptables.
    case connectionAtRandom
    /// kube-proxy with IPVS.
    case connectionInTurn
    /// Envoy: each request goes to the less busy of two pods drawn at random.
    case leastRequestsOfTwo
}

/// The Deployment, as far as the ReplicaSet, the scheduler and the kubelet need it.
package struct Workload: Sendable {
    package var replicas = 1
    /// The number of seconds that the first pods have been ready at 0.
    package var initialReadyFor = 3600.0
    /// All containers, for the autoscaler.
    package var requests: [ContainerRequest]
    /// The container that serves.
    package var container: String
    /// Cores of that container; nil means unlimited.
    package var cpuLimit: Double?
    /// MiB of a pod.
    package var memoryRequest = 0.0
    package var memoryLimit = 0.0
    package var readiness: Probe?
    package var startup: Probe?
    /// From the container's start to the first response.
    package var startUp = 1.0
    /// From the pod's creation, binding included, to its container's start, with the image present.
    package var creation = 0.6
    /// From the deletion until the process ends, if no request is in progress then.
    package var termination = 1.0
    /// Requests still in progress this long after the deletion are cut off.
    package var grace = 30.0

    package init(container: String = "main", requests: [ContainerRequest], cpuLimit: Double? = nil) {
        self.container = container
        self.requests = requests
        self.cpuLimit = cpuLimit
    }

    /// Cores that a pod reserves.
    package var cpuRequest: Double { Double(requests.reduce(0) { $0 + ($1.millicores ?? 0) }) / 1000 }
}

/// A startup or readiness probe.
package struct Probe: Sendable, Equatable {
    package var initialDelay = 0.0
    package var period = 10.0
    package var timeout = 1.0
    package var successThreshold = 1
    package var failureThreshold = 3
    /// It requests a prediction, which waits and costs CPU like any other.
    package var runsModel = false

    package init() {}
}

/// What a request costs, and how the server admits requests.
package struct Service: Sendable {
    /// CPU seconds.
    package var hitCPU = Span.zero
    package var missCPU = Span.constant(0.001)
    /// Seconds that are not CPU.
    package var hitWait = Span.zero
    package var missWait = Span.zero
    /// CPU seconds that a request costs more than one that follows it within `wakeUpShared` seconds in the same pod.
    package var wakeUpCPU = 0.0
    package var wakeUpShared = 0.0
    /// The share of requests that the cache answers.
    package var hitRate = 0.0
    /// Cores used by a pod without requests.
    package var baseCPU = 0.0
    /// MiB of a pod, before and after its first request.
    package var idleMemory = 0.0
    package var loadedMemory = 0.0
    /// Requests in flight, and waiting, in a pod.
    package var inFlightLimit = 512
    package var queueLimit = 1024
    /// The longest wait in all queues together, in seconds; then 503.
    package var queueDeadline = 1.0
    /// Misses that compute at the same time; the others wait in turn.
    package var modelThreads = Int.max
    /// Cores that a pod can keep busy.
    package var parallelism = Double.infinity
    /// Network time of a request and its response.
    package var roundTrip = 0.0005

    package init() {}
}
