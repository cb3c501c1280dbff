import Synchronization

/// What became of a cache that all event loops share: entries that were dropped, by reason, and whether its file is
/// away; no loop's own metrics can tell.
final class StoreFaults: Sendable {
    private let counts = Mutex<[CacheFault: UInt64]>([:])
    private let away = Atomic(false)

    /// How many so far.
    var counted: [CacheFault: UInt64] { counts.withLock { $0 } }

    /// Whether the file cannot be used for now.
    var isAway: Bool { away.load(ordering: .relaxed) }

    /// Notes that the file came or went; from any thread.
    func fileChanged(isAway: Bool) { away.store(isAway, ordering: .relaxed) }

    /// Counts one; from any thread.
    func count(_ fault: CacheFault) { counts.withLock { $0[fault, default: 0] += 1 } }
}
