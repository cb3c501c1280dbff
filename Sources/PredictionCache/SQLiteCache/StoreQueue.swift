import NIOCore
import Synchronization

/// The look-ups of one event loop's tick; `deliver` takes what was found, in the same order, or less after an error.
struct LookUpBatch: Sendable {
    let number: UInt64
    let deadline: NIODeadline
    var requests: [(key: CacheKey, maximumBytes: Int)] = []
    let deliver: @Sendable ([CacheLookup]) -> Void
}

/// One entry on its way to the file.
struct StoreRequest: Sendable {
    let key: CacheKey
    let value: ByteBuffer
    /// Unix milliseconds; set when the thread takes it.
    var expiresAt: Int64 = 0

    var byteCount: Int { key.byteCount + value.readableBytes }
}

/// The bounds of what waits for the cache's thread, over all event loops.
final class StoreQueue: Sendable {
    private struct State {
        var lookUps = 0
        /// Not yet written or dropped.
        var stores = 0
        var storeBytes = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let settings: SQLiteCacheSettings

    init(_ settings: SQLiteCacheSettings) { self.settings = settings }

    var isClosed: Bool { state.withLock { $0.isClosed } }
    var waitingStores: Int { state.withLock { $0.stores } }

    /// Takes room for look-ups, all or none; false where there is none.
    func enter(lookUps count: Int) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.lookUps + count <= settings.maximumQueuedLookUps else { return false }
            state.lookUps += count
            return true
        }
    }

    /// Takes room for a store; false where there is none.
    func enter(_ store: StoreRequest) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.stores < settings.maximumQueuedStores,
                state.storeBytes + store.byteCount <= settings.maximumQueuedStoreBytes
            else { return false }
            state.stores += 1
            state.storeBytes += store.byteCount
            return true
        }
    }

    /// Gives room back.
    func leave(lookUps: Int = 0, stores: Int = 0, storeBytes: Int = 0) {
        state.withLock { state in
            state.lookUps -= lookUps
            state.stores -= stores
            state.storeBytes -= storeBytes
        }
    }

    /// Accepts nothing more. Returns false if that was so before.
    func close() -> Bool {
        state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
    }
}
