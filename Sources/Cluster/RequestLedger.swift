/// Compares what one instance of a container has counted with the requests in its log.
///
/// A server counts a request no later than it logs it. So a count that was read before the log is a lower bound for
/// it, and one that was read after it an upper bound; if both are equal, the log holds that many requests or lacks
/// some. While requests keep arriving, the bounds are some requests apart, and a gap between them goes unnoticed. An
/// instance that ended must match its last count, if that was read after its deletion began and it exited on its own:
/// then it flushed its log.
struct RequestLedger: Sendable, Equatable {
    /// How the instance ended.
    enum Ending: Sendable, Equatable {
        case stillRuns
        /// On its own, with exit code 0, and its log was read to the end.
        case completed
        /// Otherwise; the text says how, to follow the pod's name.
        case cutShort(String)
    }

    /// What the counts show about the log.
    enum Verdict: Sendable, Equatable {
        /// Nothing is missing, or no more than this.
        case complete(within: Int)
        /// At least this many are missing.
        case missing(Int)
        case surplus(Int)
        /// Why it is not known, to follow the pod's name, how many requests there were at least, and whether they
        /// seem to be more than the log holds.
        case unknown(String, atLeast: Int, seemsShort: Bool = false)
    }

    var ending = Ending.stillRuns
    /// Why the counters could not be read; nil after they were.
    var failure: String?
    /// The requests that the instance had responded to before the log's first: all of them may be unknown.
    private(set) var before: ClosedRange<Int>
    // There were certainly as many before the log.
    private var leastBefore = 0
    private(set) var last: Int?
    /// A count that was read after the log's end.
    private var most: Int?
    private var isLastOfEnding = false
    // Requests that were counted but not in the log when none arrived between two readings; nil if that never happened.
    private var lag: Int?
    // The fewest requests that the log lacked in any attempt to settle; nil once it held all that had been counted.
    private var shortfall: Int?
    private var readings = 0

    private static let readingsOfBeginning = 20

    /// - Parameter isWhole: whether the log begins with the instance.
    init(isWhole: Bool) { before = isWhole ? 0...0 : 0...Int.max }

    /// Notes a count that was read before the log's first line.
    mutating func begin(at count: Int) {
        before = count...Int.max
        (leastBefore, last) = (count, count)
    }

    /// Whether the number of requests before the log is known exactly.
    var isPinned: Bool { before.lowerBound == before.upperBound }

    /// Notes a count.
    ///
    /// - Parameters:
    ///   - recorded: the requests in the log before the count was read.
    ///   - isTerminating: whether the pod's deletion had begun before that.
    mutating func read(_ count: Int, recorded: Int, isTerminating: Bool) {
        // Requests that are neither recorded nor missing came before the log. If there are fewer than were assumed, the
        // log was late in the moment that seemed to show their number.
        let upper = max(min(before.upperBound, count - recorded), leastBefore)
        before = (before.lowerBound > upper ? leastBefore : before.lowerBound)...upper
        if count == last {
            lag = count - before.upperBound - recorded
            // In a moment without requests, the number of requests before the log is known exactly.
            if readings < Self.readingsOfBeginning { before = before.upperBound...before.upperBound }
        }
        readings += 1
        (last, failure) = (count, nil)
        isLastOfEnding = isTerminating
    }

    /// Forgets the count after the log's end, which is about to move: a failed attempt leaves no count.
    mutating func beginAttempt() { most = nil }

    /// The result of an attempt to settle.
    enum Settlement: Sendable {
        /// The log holds each request up to the second count.
        case exact
        /// It holds as many as the first count.
        case bracketed
        case lagging
    }

    /// Notes the counts around the log's end.
    ///
    /// - Parameter isLate: whether the log was late after the first count, so that later requests may make up
    ///   for missing ones.
    mutating func settle(first: Int, recorded: Int, second: Int, isLate: Bool = false) -> Settlement {
        read(second, recorded: recorded, isTerminating: isLastOfEnding)
        let slack = second - before.upperBound - recorded
        if first == second || slack == 0 { lag = slack }
        (last, most) = (first, second)
        if slack > 0, isLate || recorded < least {
            shortfall = min(shortfall ?? slack, slack)
            return .lagging
        }
        shortfall = nil
        return slack <= 0 ? .exact : .bracketed
    }

    /// How many requests the log should hold at least.
    var least: Int { max((last ?? 0) - (before.upperBound == .max ? last ?? 0 : before.upperBound), 0) }

    /// Whether a log with this many requests lacks some of a count.
    func lacks(_ count: Int, recorded: Int) -> Bool {
        before.upperBound != .max && recorded < count - before.upperBound
    }

    /// - Parameter found: requests in the log.
    func verdict(found: Int) -> Verdict {
        guard last != nil, before.upperBound != .max else {
            return .unknown("the counters are unknown" + (failure.map { ": \($0)" } ?? ""), atLeast: least)
        }
        if found < least { return .missing(least - found) }
        let lag = lag ?? 0
        switch ending {
        case .cutShort(let words): return .unknown(words, atLeast: least)
        case .completed:
            guard isLastOfEnding else { return .unknown("it ended before its last count was read", atLeast: least) }
            guard lag > 0, found > least else { return .complete(within: found - least + before.count - 1) }
            return .unknown("its log lacked \(Self.requests(lag)) when it was last asked", atLeast: least)
        case .stillRuns:
            guard let most, failure == nil else {
                let words =
                    isLastOfEnding
                    ? "it was still ending at the end of the recording"
                    : "its counters are unknown at the end" + (failure.map { ": \($0)" } ?? "")
                return .unknown(words, atLeast: least)
            }
            let surplus = found - (most - before.lowerBound)
            if surplus > 0 { return .surplus(surplus) }
            let missing = max(shortfall ?? 0, lag)
            guard missing == 0 else {
                let words = "up to \(Self.requests(missing)) missing or late: others came while it was asked"
                return .unknown(words, atLeast: least, seemsShort: true)
            }
            let isExact = most - before.upperBound == found
            return .complete(within: (isExact ? 0 : most - least - before.upperBound) + before.count - 1)
        }
    }

    /// `1 request`, `2 requests`.
    static func requests(_ count: Int) -> String { count == 1 ? "1 request" : "\(count) requests" }
}
