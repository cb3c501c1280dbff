package import Autoscaler

/// The results of a run.
package struct Outcome: Sendable, Equatable {
    package var seed: UInt64
    package var phases: [PhaseOutcome] = []
    /// One for each second, from 0 on.
    package var seconds: [SecondRow] = []
    /// One for each second, by the time of a request's end.
    package var responses: [ResponseRow] = []
    package var decisions: [Decision] = []
    /// Times at which metrics-server published new values, of any node.
    package var publications: [Double] = []
    package var pods: [PodRecord] = []
    /// CPU seconds used by all pods from 0 on, with and without requests.
    package var cpuUsed = 0.0
    package var cpuUsedByRequests = 0.0
    /// Seconds in which pods were throttled by their quota, over all pods.
    package var throttled = 0.0
    /// Requests still in progress at the end.
    package var underWay = 0

    init(seed: UInt64) { self.seed = seed }
}

/// The requests that were sent in a phase.
package struct PhaseOutcome: Sendable, Equatable {
    package var name: String
    package var start: Double
    package var seconds: Double
    package var offered = 0
    package var served = 0
    /// 503 by the server: its queue was full, or the request waited too long.
    package var rejected = 0
    /// No pod was ready, or its process ended.
    package var failed = 0
    /// The client left at the phase's end.
    package var dropped = 0
    /// Seconds, as the clients see them, of served requests.
    package var latency = Histogram()

    init(name: String, start: Double, seconds: Double) {
        self.name = name
        self.start = start
        self.seconds = seconds
    }
}

/// The requests that ended in a stretch of time.
package struct ResponseRow: Sendable, Equatable {
    package var served = 0
    package var unserved = 0
    /// Seconds, over all served requests.
    package var latency = 0.0

    package mutating func add(_ other: Self) {
        served += other.served
        unserved += other.unserved
        latency += other.latency
    }
}

extension Outcome {
    /// One for each minute, by the time of a request's end.
    package var minutes: [ResponseRow] {
        stride(from: 0, to: responses.count, by: 60).map { start in
            responses[start..<min(start + 60, responses.count)].reduce(into: ResponseRow()) { $0.add($1) }
        }
    }
}

/// The cluster at a whole second.
package struct SecondRow: Sendable, Equatable {
    package var time: Double
    /// `spec.replicas`.
    package var spec: Int
    package var ready: Int
    /// All pods that hold a reservation or wait for one, including terminating and Pending ones.
    package var pods: Int
    package var bound: Int
    /// CPU seconds used since 0, over all pods that have existed.
    package var cpuUsed: Double
    /// Cores and MiB used, as metrics-server last published them.
    package var publishedCores: Double
    package var memory: Double
}
