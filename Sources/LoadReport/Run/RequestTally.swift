/// How many requests a file reports, and how many of them failed.
struct RequestTally: Sendable {
    /// What the file is; two files of one kind are not two counts.
    enum Kind: String, Sendable {
        case proof = "loadtest's proof"
        case k6Summary = "k6's summary"
        case k6JSONStream = "k6's stream of points (JSON)"
        case k6CSVStream = "k6's stream of points (CSV)"
        case locustStatistics = "Locust's statistics"
        case locustHistory = "Locust's history"
        case locustFailures = "Locust's list of failures"
        case locustJSON = "Locust's JSON"
        case siegeLog = "siege's log"
        case siegeOutput = "siege's output"
        case siegePhases = "the sums of loadtest/siege"
        case jmeter = "JMeter's rows"
        case records = "the clients' records"

        /// Whether a run may be spread over several files of the kind: one a client, one an engine.
        var isSpread: Bool { self == .records || self == .jmeter }
    }

    let kind: Kind
    /// Nil if the file has only failures.
    var requests: Int?
    /// Nil if unknown.
    var failures: Int?
    /// Whether the file holds a second count of the same requests, and both agree.
    var isConfirmed = false

    /// Whether two files of different kinds report the same.
    func agrees(with other: Self) -> Bool {
        kind != other.kind && requests != nil && failures != nil && requests == other.requests
            && failures == other.failures
    }

    /// Whether two files of one run cannot both be right about how many requests there were.
    func contradicts(_ other: Self) -> Bool {
        guard let requests, let others = other.requests else { return false }
        // A history holds running totals, and its last row may be older than the end.
        return switch (kind, other.kind) {
        case (.locustHistory, .locustHistory): requests != others
        case (.locustHistory, _): requests > others
        case (_, .locustHistory): requests < others
        default: requests != others
        }
    }
}

extension LoadRun {
    /// The most failures that any of the run's files has; nil if none knows.
    var worstFailures: Int? {
        ([proof?.seen.failed] + tallies.map(\.failures)).compactMap(\.self).max()
    }

    /// Whether two independent counts agree on how many requests there were and how many failed.
    var hasConfirmedCounts: Bool {
        if tallies.contains(where: \.isConfirmed) { return true }
        return tallies.contains { one in tallies.contains { one.agrees(with: $0) } }
    }

    /// Which counts of the requests differ, in one line; nil if none do.
    ///
    /// A proof has counts of its own that decide; the client's files count the warm-up, too.
    var contradiction: String? {
        guard proof == nil, tallies.contains(where: { one in tallies.contains { one.contradicts($0) } }) else {
            return nil
        }
        let counts = tallies.compactMap { tally in tally.requests.map { "\(tally.kind.rawValue) \($0.grouped)" } }
        return "the counts of requests differ: \(counts.joined(separator: ", "))"
    }

    /// What is missing from its files, or does not fit, within a file or between two.
    var faults: [String] { gaps + [contradiction].compactMap(\.self) }

    mutating func set(_ tally: RequestTally) { tallies = [tally] }

    mutating func merge(_ others: [RequestTally]) {
        for other in others {
            let index = tallies.firstIndex {
                $0.kind == other.kind && (other.kind.isSpread || $0.requests == other.requests)
            }
            guard let index else {
                tallies.append(other)
                continue
            }
            guard other.kind.isSpread else {
                // Two of a kind: the worse one counts.
                if (other.failures ?? 0) > (tallies[index].failures ?? 0) { tallies[index] = other }
                continue
            }
            let known = tallies[index]
            tallies[index].requests = known.requests.flatMap { sum in other.requests.map { sum + $0 } }
            tallies[index].failures = known.failures.flatMap { sum in other.failures.map { sum + $0 } }
            tallies[index].isConfirmed = known.isConfirmed && other.isConfirmed
        }
    }
}
