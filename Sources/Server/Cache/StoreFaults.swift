import Synchronization

/// Entries that were dropped by a cache that all event loops share, by reason; no loop's own metrics can count them.
final class StoreFaults: Sendable {
    private let counts = Mutex<[CacheFault: UInt64]>([:])

    /// How many so far.
    var counted: [CacheFault: UInt64] { counts.withLock { $0 } }

    /// Counts one; from any thread.
    func count(_ fault: CacheFault) { counts.withLock { $0[fault, default: 0] += 1 } }
}
