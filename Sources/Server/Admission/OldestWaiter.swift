import NIOCore
import Synchronization

/// How long the first call of one event loop's line has waited, for all loops to see.
final class WaitingHead: Sendable {
    private let deadline = Atomic<UInt64>(.max)

    /// Tells when the patience of the first call ends; nil if nobody waits.
    func publish(_ first: NIODeadline?) {
        deadline.store(first?.uptimeNanoseconds ?? .max, ordering: .sequentiallyConsistent)
    }

    /// The moment that was told, in nanoseconds; the greatest number if nobody waits.
    var nanoseconds: UInt64 { deadline.load(ordering: .sequentiallyConsistent) }
}
