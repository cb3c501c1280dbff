import NIOCore

/// When to ask for the slots again: requests for it are coalesced, and the pauses between two queries grow.
///
///     quiet ──wanted──▶ scheduled ──begin──▶ asking ──end──▶ quiet, or scheduled if it failed or is wanted again
struct ClusterRefresh {
    private enum Stage {
        case quiet
        case scheduled
        case asking(isWantedAgain: Bool)
    }

    private var stage = Stage.quiet
    private var backoff: ReconnectBackoff
    private var lastEnd: NIODeadline?
    private let calm: TimeAmount

    /// - Parameter maximum: the largest pause; a request that comes later than this after the last reply is met at
    ///   once.
    init(initial: TimeAmount, maximum: TimeAmount) {
        backoff = ReconnectBackoff(initial: initial, maximum: maximum)
        calm = maximum
    }

    /// The map may be out of date.
    ///
    /// - Returns: the pause until the query; nil if one is under way or scheduled.
    mutating func wanted(now: NIODeadline, using generator: inout some RandomNumberGenerator) -> TimeAmount? {
        switch stage {
        case .scheduled: return nil
        case .asking:
            stage = .asking(isWantedAgain: true)
            return nil
        case .quiet:
            stage = .scheduled
            if lastEnd.map({ now >= $0 + calm }) ?? true {
                backoff.reset()
                return .zero
            }
            return backoff.next(using: &generator)
        }
    }

    /// The pause is over. Returns whether to send the query.
    mutating func begin() -> Bool {
        guard case .scheduled = stage else { return false }
        stage = .asking(isWantedAgain: false)
        return true
    }

    /// The query got its reply, or failed.
    ///
    /// - Returns: the pause until the next query, if there is to be one.
    mutating func end(
        isAnswered: Bool, now: NIODeadline, using generator: inout some RandomNumberGenerator
    ) -> TimeAmount? {
        guard case .asking(let isWantedAgain) = stage else { return nil }
        lastEnd = now
        guard isWantedAgain || !isAnswered else {
            stage = .quiet
            return nil
        }
        stage = .scheduled
        return backoff.next(using: &generator)
    }
}
