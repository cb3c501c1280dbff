/// One start of a pod's container: its log, and what it has counted.
actor RecordedInstance {
    nonisolated let pod: Cluster.Pod
    nonisolated let log: InstanceLog
    private(set) var ledger: RequestLedger
    // The server's process, from its metrics, so that another process' counters are never taken for this one's.
    private var process: String?
    private(set) var hasEnded = false
    private var readings = 0
    // From then on only the readings around the log's end count: a later reading includes requests after it.
    private var isSettling = false
    private var lastAsked: ContinuousClock.Instant?
    // Until the log's beginning is known, a count means nothing for it.
    private var hasBegun: Bool
    /// What is missing of the log, to follow the pod's name.
    private(set) var gaps: [String] = []

    init(_ pod: Cluster.Pod, _ log: InstanceLog, isWhole: Bool) {
        self.pod = pod
        self.log = log
        hasBegun = isWhole
        ledger = RequestLedger(isWhole: isWhole)
    }

    /// The file's name without its ending: a pod, and which of its starts if not the first that was recorded.
    nonisolated static func name(of pod: Cluster.Pod, isFirst: Bool) -> String {
        // A name from the server must not be used as a path.
        (isFirst ? pod.name : "\(pod.name).restart\(pod.restarts)").replacing("/", with: "_")
    }

    /// Whether it is time to read its counters: often near its end, and while more readings would show better what came
    /// before its log.
    func isDue(isTerminating: Bool, at now: ContinuousClock.Instant) -> Bool {
        guard hasBegun, !hasEnded, !isSettling else { return false }
        let isYoung = !ledger.isPinned && readings < Self.readingsOfYoung && ledger.failure == nil
        let pause = isYoung ? Self.pauseOfYoung : isTerminating ? Self.pauseOfEnding : Self.pauseOfLiving
        if let lastAsked, now - lastAsked < pause { return false }
        lastAsked = now
        return true
    }

    // While requests keep arriving, the smallest difference of many readings is the best.
    private static let readingsOfYoung = 20
    private static let pauseOfYoung = Duration.milliseconds(200)
    private static let pauseOfEnding = Duration.seconds(1)
    private static let pauseOfLiving = Duration.seconds(3)

    /// Notes that the log's beginning is known.
    func begin() { hasBegun = true }

    func begin(at counters: ServerCounters) { if isMine(counters) { ledger.begin(at: counters.calls) } }

    func read(_ counters: ServerCounters, recorded: Int, isTerminating: Bool) {
        guard isMine(counters), !hasEnded, !isSettling else { return }
        readings += 1
        ledger.read(counters.calls, recorded: recorded, isTerminating: isTerminating)
    }

    func beginSettling() { isSettling = true }

    func beginAttempt() { ledger.beginAttempt() }

    func settle(
        first: ServerCounters, recorded: Int, second: ServerCounters, isLate: Bool
    ) -> RequestLedger.Settlement {
        guard !hasEnded else { return .exact }
        guard isMine(first), isMine(second) else { return .lagging }
        return ledger.settle(first: first.calls, recorded: recorded, second: second.calls, isLate: isLate)
    }

    /// Whether the log lacks requests that were counted.
    func lacks(_ counters: ServerCounters) async -> Bool {
        let recorded = await log.requests
        return isMine(counters) && !hasEnded && ledger.lacks(counters.calls, recorded: recorded)
    }

    func fail(_ sentence: String) { if !hasEnded { ledger.failure = sentence } }

    func lack(_ gap: String) { gaps.append(gap) }

    func end(_ ending: RequestLedger.Ending) {
        ledger.ending = ending
        hasEnded = true
    }

    /// Puts the file in its place.
    func finished() async throws -> CollectedLogs.Log {
        CollectedLogs.Log(
            path: log.path, pod: pod.name, requests: try await log.finish(), ledger: ledger, gaps: gaps)
    }

    private func isMine(_ counters: ServerCounters) -> Bool {
        if process == nil { process = counters.process }
        return process == counters.process
    }
}
