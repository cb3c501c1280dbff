package import Simulation

/// A run that was recorded on a cluster, whatever its files were; times are seconds of the recording.
package struct RecordedRun: Sendable {
    /// What the monitor saw at a moment.
    package struct Sample: Sendable, Equatable {
        package var time: Double
        package var pods: Int
        package var cores: (requested: Double, limit: Double, used: Double?)
        /// MiB.
        package var memory: (requested: Double, limit: Double, used: Double?)

        package init(
            time: Double, pods: Int, cores: (requested: Double, limit: Double, used: Double?),
            memory: (requested: Double, limit: Double, used: Double?)
        ) {
            self.time = time
            self.pods = pods
            self.cores = cores
            self.memory = memory
        }

        package static func == (one: Self, other: Self) -> Bool {
            one.time == other.time && one.pods == other.pods && one.cores == other.cores && one.memory == other.memory
        }
    }

    /// A stretch for which a client reported the mean of its response times.
    package struct Interval: Sendable, Equatable {
        package var start: Double
        package var seconds: Double
        package var requests: Int
        package var failures: Int
        package var mean: Double?
        package var end: Double { start + seconds }
    }

    /// A value of the metrics API.
    package struct Publication: Sendable, Equatable {
        package var time: Double
        /// The end of the measured interval, and its length.
        package var stamp: Double
        package var window: Double
        package var pod: String
        package var container: String
        package var cores: Double
        /// The counter itself, where it was recorded.
        package var cpuSeconds: Double?
        /// MiB.
        package var memory: Double?

        package init(
            time: Double, stamp: Double, window: Double, pod: String, container: String, cores: Double,
            cpuSeconds: Double?, memory: Double? = nil
        ) {
            self.time = time
            self.stamp = stamp
            self.window = window
            self.pod = pod
            self.container = container
            self.cores = cores
            self.cpuSeconds = cpuSeconds
            self.memory = memory
        }
    }

    /// A pod's way.
    package struct PodLife: Sendable, Equatable {
        package var name: String
        package var created: Double
        package var started: Double?
        package var ready: Double?
        package var deleted: Double?
    }

    /// Requests of a pod in each second, by its scoring log.
    package struct PodRequests: Sendable {
        package var pod: String
        package var seconds: [Int: Int] = [:]
        /// Some of their scoring times in ms, by second.
        package var times: [Int: [Double]] = [:]

        package init(pod: String, seconds: [Int: Int], times: [Int: [Double]]) {
            self.pod = pod
            self.seconds = seconds
            self.times = times
        }
    }

    /// What one server counted between two of its `/metrics` that were saved.
    package struct CounterSpan: Sendable, Equatable {
        package var begin, end: Double
        package var cpuSeconds: Double
        /// Look-ups; a miss is whatever was not a hit.
        package var hits, misses: Double
        package var rejected: Double
        /// The mean scoring time of a hit in seconds: more than its CPU.
        package var hitTime: Double?
        /// MiB before and after.
        package var memory: [Double] = []
        /// Cores that the server used before its first request, its start included.
        package var mostBase: Double?

        package init(
            begin: Double, end: Double, cpuSeconds: Double, hits: Double, misses: Double, rejected: Double = 0
        ) {
            self.begin = begin
            self.end = end
            self.cpuSeconds = cpuSeconds
            self.hits = hits
            self.misses = misses
            self.rejected = rejected
        }
    }

    /// Unix seconds of second 0; nil if no file has a date.
    package var origin: Double?
    package var length = 0.0
    package var samples: [Sample] = []
    package var intervals: [Interval] = []
    /// From the finest source that there is.
    package var requests: [RecordedRequests] = []
    package var requestSource = ""
    /// The clients' tools.
    package var tools: [String] = []
    /// Whether the clients' pauses are unknown and requests are known by long stretches only.
    package var isLoadGuessed = false
    /// Whether the monitor's start is a guess.
    package var isStartAssumed = false
    /// The load by its commands, where they were recorded.
    package var phases: [Phase]?
    package var publications: [Publication] = []
    package var pods: [PodLife] = []
    package var podRequests: [PodRequests] = []
    package var counterSpans: [CounterSpan] = []
    /// What was read in the folder beside the files of `bungalow report`, by name.
    package var filesRead: Set<String> = []
    /// `spec.replicas` from a time on.
    package var replicas: [(time: Double, count: Int)] = []
    package var notes: [String] = []
    /// Columns that the monitor's CSV has not, though its format has: `n_replica`, `cpu_req_core`, `cpu_use_core`.
    package var lackingColumns: Set<String> = []

    package init() {}

    /// Whether anything shows the number of replicas.
    package var hasReplicas: Bool {
        !replicas.isEmpty || !samples.isEmpty && !lackingColumns.contains("n_replica")
    }

    /// Requests within a stretch of time.
    package func requestCount(from begin: Double, to end: Double) -> Double {
        requests.reduce(0) { sum, span in
            let overlap = min(end, span.start + span.seconds) - max(begin, span.start)
            return overlap > 0 ? sum + span.count * overlap / max(span.seconds, 1e-9) : sum
        }
    }

    /// `spec.replicas` at a time, or what the monitor counted.
    package func replicaCount(at time: Double) -> Int? {
        guard hasReplicas else { return nil }
        return replicas.last { $0.time <= time }?.count ?? samples.last { $0.time <= time }?.pods
    }

    /// Each change of the replicas: the time at which the new number was first seen.
    package var changes: [(time: Double, from: Int, to: Int)] {
        let steps = replicas.isEmpty ? samples.map { ($0.time, $0.pods) } : replicas.map { ($0.time, $0.count) }
        return zip(steps, steps.dropFirst()).filter { $0.1 != $1.1 }.map { ($1.0, $0.1, $1.1) }
    }
}
