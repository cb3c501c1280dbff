import NIOCore
import Synchronization

/// The look-ups of one event loop's tick; `deliver` takes what was found, in the same order, or less after an error.
struct LookUpBatch: Sendable {
    typealias Request = (key: CacheKey, maximumBytes: Int)

    let requests: [Request]
    let deadline: NIODeadline
    let deliver: @Sendable ([CacheLookup]) -> Void
}

/// One entry on its way to the file.
struct StoreRequest: Sendable {
    let key: CacheKey
    let value: ByteBuffer
    /// Unix milliseconds; set when the thread takes it.
    var expiresAt: Int64 = 0

    var byteCount: Int { key.byteCount + value.readableBytes }
    /// What it takes in memory while it waits, about.
    var queuedBytes: Int { byteCount + 256 }
}

/// The bounds of what waits for the cache's thread, over all event loops; stores do until written or dropped.
final class StoreQueue: Sendable {
    private let state = Mutex((lookUps: 0, storeBytes: 0, isClosed: false))
    private let settings: SQLiteCacheSettings

    init(_ settings: SQLiteCacheSettings) { self.settings = settings }

    var storeBytes: Int { state.withLock { $0.storeBytes } }

    /// Takes room for all of it or, where that is too much, none. Returns why not.
    func enter(lookUps: Int = 0, storeBytes: Int = 0) -> CacheErrorReason? {
        state.withLock { state in
            guard !state.isClosed else { return .store }
            guard state.lookUps + lookUps <= settings.maximumQueuedLookUps,
                state.storeBytes + storeBytes <= settings.maximumQueuedStoreBytes
            else { return .queueFull }
            state.lookUps += lookUps
            state.storeBytes += storeBytes
            return nil
        }
    }

    func leave(lookUps: Int = 0, storeBytes: Int = 0) {
        state.withLock { state in
            state.lookUps -= lookUps
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
