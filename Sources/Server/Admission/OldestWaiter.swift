import NIOCore
import Synchronization

/// How long the oldest request of one event loop's queue has waited, for all loops to see.
final class OldestWaiter: Sendable {
    private let deadline = Atomic<UInt64>(.max)

    /// Publishes when the oldest request's time is up; nil if none waits.
    func publish(_ oldest: NIODeadline?) {
        deadline.store(oldest?.uptimeNanoseconds ?? .max, ordering: .sequentiallyConsistent)
    }

    /// What was published, in nanoseconds; the greatest number if no request waits.
    var nanoseconds: UInt64 { deadline.load(ordering: .sequentiallyConsistent) }
}
