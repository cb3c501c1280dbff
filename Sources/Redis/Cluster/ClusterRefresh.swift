import NIOCore

/// When the slots are asked for again: wishes are coalesced, and a pause that grows lies between two questions.
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

    /// - Parameter maximum: the largest pause; a wish that comes later than this after the last answer is met at once.
    init(initial: TimeAmount, maximum: TimeAmount) {
        backoff = ReconnectBackoff(initial: initial, maximum: maximum)
        calm = maximum
    }

    /// The map may be out of date.
    ///
    /// - Returns: the pause until the question; nil if one is on its way already.
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

    /// The pause is over. Returns whether to ask.
    mutating func begin() -> Bool {
        guard case .scheduled = stage else { return false }
        stage = .asking(isWantedAgain: false)
        return true
    }

    /// The question was answered, or was not.
    ///
    /// - Returns: the pause until the next question, if there is to be one.
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
