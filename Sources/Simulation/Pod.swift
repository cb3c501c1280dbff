/// A pod's state from its creation to its end, and its work.
struct Pod {
    enum Stage: Sendable {
        /// Bound to no node yet.
        case unscheduled
        /// Bound; its container does not run yet.
        case creating
        case running
        /// Deleted: its process may still serve.
        case terminating
        case gone
    }

    var record: PodRecord
    var stage = Stage.unscheduled
    var node = -1
    /// The process responds.
    var isServing = false
    var isStartupProbed = false
    /// The Ready condition, and the time of its last change.
    var isReady = false
    var readyChanged: Double
    /// It receives requests.
    var isEndpoint = false
    var probeSuccesses = 0
    var probeFailures = 0
    var probeGeneration: UInt32 = 0
    /// The probe's request in progress, or -1.
    var probeRequest: Int32 = -1

    var processor: Processor
    var processorGeneration: UInt32 = 0
    /// What the node last counted for it.
    var countedDemand = 0.0
    /// Cores used other than by requests: the base, or the share of a demand.
    var steadyCores = 0.0
    var steadyUsed = 0.0
    var steadySince: Double

    /// Requests in flight, computing misses among them, and all requests in progress.
    var inFlight = 0
    var computing = 0
    var underWay = 0
    var admissionQueue = RequestList()
    var threadQueue = RequestList()
    var deadlineAt = Double.infinity
    var hasServed = false
    /// Until then a request shares the previous request's wake-up.
    var awakeUntil = -Double.infinity

    var meter = PodMeter()
    /// CPU used at each whole second since its creation, if the controller sees lagged samples.
    var history: [Double] = []

    var queued: Int { admissionQueue.count + threadQueue.count }

    var isActive: Bool { stage != .terminating && stage != .gone }

    mutating func setSteadyCores(_ cores: Double, at time: Double) {
        steadyUsed += steadyCores * (time - steadySince)
        steadySince = time
        steadyCores = cores
    }

    /// CPU seconds used since the pod's start; the processor must have been brought to this time.
    func cpuUsed(at time: Double) -> Double { processor.used + steadyUsed + steadyCores * (time - steadySince) }
}

extension Pod {
    /// Cores used a while ago: over one second, or at this moment if there are no requests.
    func recentCores(lag: Double, at time: Double) -> Double {
        if lag == 0 && processor.used == 0 { return steadyCores }
        let end = history.count - 1 - Int(lag)
        guard end >= 1 else { return steadyCores }
        return history[end] - history[end - 1]
    }
}

/// What a report needs of a pod; times are nil if they were not reached.
package struct PodRecord: Sendable, Equatable {
    package var created: Double
    package var scheduled: Double?
    package var started: Double?
    package var ready: Double?
    package var deleted: Double?
    package var gone: Double?
    package var node: Int?
}

/// Which pods a ReplicaSet removes first; smaller ranks go first.
struct RemovalRank: Comparable {
    var isAssigned: Bool
    var isRunning: Bool
    var isReady: Bool
    /// Pods of the same ReplicaSet on its node: more of them go first.
    var companions: Int
    /// The time in its state, in buckets of powers of two: younger ones go first.
    var readyBucket: Int
    var ageBucket: Int
    /// The API server breaks ties by UID, which is random.
    var tie: UInt64

    static func < (one: RemovalRank, other: RemovalRank) -> Bool {
        if one.isAssigned != other.isAssigned { return !one.isAssigned }
        if one.isRunning != other.isRunning { return !one.isRunning }
        if one.isReady != other.isReady { return !one.isReady }
        if one.companions != other.companions { return one.companions > other.companions }
        if one.readyBucket != other.readyBucket { return one.readyBucket < other.readyBucket }
        if one.ageBucket != other.ageBucket { return one.ageBucket < other.ageBucket }
        return one.tie < other.tie
    }

    /// The logarithm of an age in seconds.
    static func bucket(ofAge seconds: Double) -> Int {
        let whole = Int(max(0, seconds)) + 1
        return Int.bitWidth - whole.leadingZeroBitCount
    }
}
