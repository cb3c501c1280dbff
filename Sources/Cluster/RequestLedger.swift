/// What one instance of a container has counted, held against the requests in its log.
///
/// A server counts a request no later than it logs it. So a count that was read before the log bounds the log from
/// below, one that was read after it from above, and where both are equal the log holds that many or lacks some. Where
/// requests come all the time, the bounds are some requests apart, and what is missing between them goes unnoticed.
/// An instance that ended is held to its last count, if that was read after it was told to end and it ended by
/// itself: then it flushed its log.
struct RequestLedger: Sendable, Equatable {
    /// How the instance ended.
    enum Ending: Sendable, Equatable {
        case stillRuns
        /// By itself, with exit code 0, and its log was read to the end.
        case completed
        /// Otherwise; the words say how, to follow the pod's name.
        case cutShort(String)
    }

    /// What the counts say of the log.
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
    private(set) var last: Int?
    /// A count that was read after the log's end.
    private var most: Int?
    private var isLastOfEnding = false
    // Requests that were counted and not in the log when no request came between two readings; nil if that never was.
    private var lag: Int?
    // The least that the log was behind in all attempts to settle; nil once it held all that was counted before.
    private var behind: Int?
    private var readings = 0

    private static let readingsOfBeginning = 20

    /// - Parameter isWhole: whether the log begins with the instance.
    init(isWhole: Bool) { before = isWhole ? 0...0 : 0...Int.max }

    /// Notes a count that was read before the log's first line.
    mutating func begin(at count: Int) {
        before = count...Int.max
        last = count
    }

    /// Whether it is known to the request what came before the log.
    var isPinned: Bool { before.lowerBound == before.upperBound }

    /// Notes a count.
    ///
    /// - Parameters:
    ///   - recorded: the requests in the log before the count was read.
    ///   - isTerminating: whether the pod had been told to end before that.
    mutating func read(_ count: Int, recorded: Int, isTerminating: Bool) {
        // What is neither recorded nor missing came before the log.
        before = before.lowerBound...max(min(before.upperBound, count - recorded), before.lowerBound)
        if count == last {
            lag = count - before.upperBound - recorded
            // In a moment without requests it is known to the request what came before the log.
            if readings < Self.readingsOfBeginning { before = before.upperBound...before.upperBound }
        }
        readings += 1
        (last, failure) = (count, nil)
        isLastOfEnding = isTerminating
    }

    /// Forgets the count after the log's end, which is about to move: an attempt that comes to nothing leaves none.
    mutating func beginAttempt() { most = nil }

    /// What an attempt to settle came to.
    enum Settlement: Sendable {
        /// The log holds each request up to the second count.
        case exact
        /// It holds as many as the first count.
        case bracketed
        case behind
    }

    /// Notes the counts around the log's end.
    ///
    /// - Parameter isLate: whether the log was waited for after the first count, so that later requests may make up
    ///   for missing ones.
    mutating func settle(first: Int, recorded: Int, second: Int, isLate: Bool = false) -> Settlement {
        read(second, recorded: recorded, isTerminating: isLastOfEnding)
        let slack = second - before.upperBound - recorded
        if first == second || slack == 0 { lag = slack }
        (last, most) = (first, second)
        if slack > 0, isLate || recorded < least {
            behind = min(behind ?? slack, slack)
            return .behind
        }
        behind = nil
        return slack <= 0 ? .exact : .bracketed
    }

    /// How many requests the log should hold at least.
    var least: Int { max((last ?? 0) - (before.upperBound == .max ? last ?? 0 : before.upperBound), 0) }

    /// Whether a log of so many requests lacks some of a count.
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
            let missing = max(behind ?? 0, lag)
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
