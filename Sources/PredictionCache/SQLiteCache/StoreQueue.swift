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
    /// How much waits; stores until they are written or dropped.
    struct Amount {
        var lookUps = 0
        var stores = 0
        var storeBytes = 0
    }

    private let state = Mutex((waiting: Amount(), isClosed: false))
    private let settings: SQLiteCacheSettings

    init(_ settings: SQLiteCacheSettings) { self.settings = settings }

    var isClosed: Bool { state.withLock { $0.isClosed } }
    var waiting: Amount { state.withLock { $0.waiting } }

    /// Takes room for all of it or, where that is too much, none.
    func enter(_ amount: Amount) -> Bool {
        state.withLock { state in
            let sum = Amount(
                lookUps: state.waiting.lookUps + amount.lookUps, stores: state.waiting.stores + amount.stores,
                storeBytes: state.waiting.storeBytes + amount.storeBytes)
            guard !state.isClosed, sum.lookUps <= settings.maximumQueuedLookUps,
                sum.stores <= settings.maximumQueuedStores, sum.storeBytes <= settings.maximumQueuedStoreBytes
            else { return false }
            state.waiting = sum
            return true
        }
    }

    /// Gives room back.
    func leave(_ amount: Amount) {
        state.withLock { state in
            state.waiting.lookUps -= amount.lookUps
            state.waiting.stores -= amount.stores
            state.waiting.storeBytes -= amount.storeBytes
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
