import NIOCore
import Synchronization

/// How the server ends: the times of `DRAIN_DELAY_SECONDS` and `SHUTDOWN_GRACE_SECONDS`, which all of it keeps within.
final class Shutdown: Sendable {
    /// What ends one after the other in the grace time.
    enum Part {
        case calls, connections, log, cache
    }

    /// How long a stopping server goes on accepting.
    private let drainDelay: TimeAmount
    private let grace: TimeAmount
    private let isUrgent = Atomic(false)
    private let end = Mutex<NIODeadline?>(nil)

    init(drainDelay: TimeAmount, grace: TimeAmount) {
        self.drainDelay = drainDelay
        self.grace = grace
    }

    /// Somebody at a terminal wants it to end, and no balancer has to notice first.
    func skipDelay() { isUrgent.store(true, ordering: .relaxed) }

    /// How long the server still goes on accepting.
    var delay: TimeAmount { isUrgent.load(ordering: .relaxed) ? .zero : drainDelay }

    /// The delay is over.
    func beginGrace() { end.withLock { $0 = .now() + grace } }

    /// How long a part may still take; what is not for calls is never nothing, so that a moment's work is done even where
    /// there is no grace.
    func timeLeft(for part: Part) -> TimeAmount {
        let closing = min(grace.nanoseconds / 4, TimeAmount.seconds(2).nanoseconds)
        let reserved =
            switch part {
            case .calls: closing
            case .connections: closing * 2 / 3
            case .log: closing / 2
            // The last messages go to stderr behind it.
            case .cache: closing / 3
            }
        let end = end.withLock { $0 } ?? .now() + grace
        return max(part == .calls ? .zero : .milliseconds(100), end - .now() - .nanoseconds(reserved))
    }
}
