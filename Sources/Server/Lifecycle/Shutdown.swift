import NIOCore
import Synchronization

/// The schedule of a shutdown: all its parts keep within `DRAIN_DELAY_SECONDS` and `SHUTDOWN_GRACE_SECONDS`.
final class Shutdown: Sendable {
    /// The parts that end one after the other in the grace period.
    enum Part {
        case calls, connections, log, cache
    }

    /// How long a stopping server continues to accept connections.
    private let drainDelay: TimeAmount
    private let grace: TimeAmount
    private let isUrgent = Atomic(false)
    private let end = Mutex<NIODeadline?>(nil)

    init(drainDelay: TimeAmount, grace: TimeAmount) {
        self.drainDelay = drainDelay
        self.grace = grace
    }

    /// Skips the delay: the operator is at a terminal, and no load balancer has to notice first.
    func skipDelay() { isUrgent.store(true, ordering: .relaxed) }

    /// How long the server still accepts connections.
    var delay: TimeAmount { isUrgent.load(ordering: .relaxed) ? .zero : drainDelay }

    /// The delay is over.
    func beginGrace() { end.withLock { $0 = .now() + grace } }

    /// How long a part may still take. All parts but `.calls` get a little time even with no grace period, so that
    /// short work gets done.
    func timeLeft(for part: Part) -> TimeAmount {
        let closing = min(grace.nanoseconds / 4, TimeAmount.seconds(2).nanoseconds)
        let reserved =
            switch part {
            case .calls: closing
            case .connections: closing * 2 / 3
            case .log: closing / 2
            // The last messages go to stderr after it.
            case .cache: closing / 3
            }
        let end = end.withLock { $0 } ?? .now() + grace
        return max(part == .calls ? .zero : .milliseconds(100), end - .now() - .nanoseconds(reserved))
    }
}
