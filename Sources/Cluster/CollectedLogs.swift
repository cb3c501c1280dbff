/// Pods' logs in files, and whether they are whole.
public struct CollectedLogs: Sendable {
    /// One container instance's log.
    public struct Log: Sendable {
        /// The file.
        public let path: String
        /// Whether nothing was downloaded: the file's content, if any, is from an earlier download.
        public var isMissing = false
        let pod: String
        /// How many requests it holds.
        var requests = 0
        /// What its instance has counted; nil if that cannot be known any more.
        var ledger: RequestLedger?
        /// What is missing, to follow the pod's name.
        var gaps: [String] = []
        /// Why it cannot be called complete although the count is right, to follow the pod's name.
        var doubts: [String] = []
    }

    /// In the order of the pods' names, and of the instances of each.
    public let logs: [Log]
    /// The least number of requests that is expected, as far as is known; nil if no counters were read.
    public let expected: Int?
    /// Whether there may be more than expected.
    public let isExpectedLeast: Bool
    /// How many requests could be missing unnoticed, since others arrived while the counters were read.
    public let tolerance: Int
    /// What is known to be missing, one sentence each; a correct count disproves them.
    public let gaps: [String]
    /// Why the logs cannot be called complete although the count is right, one sentence each.
    public let doubts: [String]

    init(_ logs: [Log], hasCounters: Bool) {
        self.logs = logs
        let verdicts = hasCounters ? logs.map { $0.ledger?.verdict(found: $0.requests) } : []
        let isMissingSome = verdicts.contains { if case .missing = $0 { true } else { false } }
        var doubts = logs.flatMap { log in log.doubts.map { (pod: log.pod, reason: $0) } }
        var (expected, tolerance) = (0, 0)
        for (log, verdict) in zip(logs, verdicts) {
            switch verdict {
            case nil: expected += log.requests
            case .complete(let within):
                expected += log.requests
                tolerance += within
            case .missing(let count):
                expected += log.requests + count
                doubts.append((log.pod, "at least \(RequestLedger.requests(count)) missing"))
            case .surplus(let count):
                expected += log.requests - (isMissingSome ? 0 : count)
                doubts.append((log.pod, "\(RequestLedger.requests(count)) more than it had counted"))
            case .unknown(let words, let least, let seemsShort):
                // A log that seems short and has a known gap is short.
                expected += max(log.requests, least) + (seemsShort && !log.gaps.isEmpty ? 1 : 0)
                doubts.append((log.pod, least == 0 ? words : "\(words); it had counted at least \(least)"))
            }
        }
        if !hasCounters {
            for log in logs {
                if case .cutShort(let words) = log.ledger?.ending { doubts.append((log.pod, words)) }
            }
        }
        self.expected = hasCounters ? expected : nil
        self.tolerance = tolerance
        isExpectedLeast = verdicts.contains {
            switch $0 {
            case .complete, .surplus: false
            case nil, .missing, .unknown: true
            }
        }
        gaps = logs.flatMap { log in log.gaps.map { (pod: log.pod, reason: $0) } }.sentences { "\($0): \($1)" }
        self.doubts = doubts.sentences { "\($0): \($1)" }
    }
}
