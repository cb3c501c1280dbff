import NIOCore
import Synchronization

/// How long the oldest request in one event loop's queue has waited, visible to all loops.
final class OldestWaiter: Sendable {
    private let deadline = Atomic<UInt64>(.max)

    /// Publishes the deadline of the oldest request; nil if none waits.
    func publish(_ oldest: NIODeadline?) {
        deadline.store(oldest?.uptimeNanoseconds ?? .max, ordering: .sequentiallyConsistent)
    }

    /// The published deadline in nanoseconds; the greatest number if no request waits.
    var nanoseconds: UInt64 { deadline.load(ordering: .sequentiallyConsistent) }
}
