import Logging
import NIOCore
import Synchronization

/// What the event loops share of a cache: the size of its queue, what was dropped, and whether the file is missing.
package final class SharedCacheStatus: Sendable {
    private let state = Mutex(
        (dropped: [CacheErrorReason: UInt64](), isUnavailable: false, lastDrop: NIODeadline?.none))
    private let logger: Logger
    /// Dropped entries cause one warning until none has been dropped for this long.
    private let quietInterval: TimeAmount
    /// The bytes of entries that are neither written nor dropped.
    let queuedStoreBytes = Atomic(0)

    init(_ logger: Logger, quietInterval: TimeAmount = .seconds(10)) {
        self.logger = logger
        self.quietInterval = quietInterval
    }

    /// Entries that were dropped instead of stored, by reason.
    package var dropped: [CacheErrorReason: UInt64] { state.withLock { $0.dropped } }

    /// Whether the cache cannot be used now; set from any thread.
    package internal(set) var isUnavailable: Bool {
        get { state.withLock { $0.isUnavailable } }
        set { state.withLock { $0.isUnavailable = newValue } }
    }

    /// Counts dropped entries; from any thread.
    ///
    /// - Parameter cause: for the log; nil if the log has it already.
    func drop(_ count: Int, _ reason: CacheErrorReason, because cause: String?) {
        guard count > 0 else { return }
        let now = NIODeadline.now()
        let isFirst = state.withLock { state in
            state.dropped[reason, default: 0] += UInt64(count)
            guard cause != nil else { return false }
            defer { state.lastDrop = now }
            return state.lastDrop.map { now - $0 > quietInterval } ?? true
        }
        if isFirst, let cause {
            logger.warning("The cache drops new entries for now (\(cause)); requests are served without them.")
        }
    }
}
