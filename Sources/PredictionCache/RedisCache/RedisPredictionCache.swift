import NIOCore
import Redis

/// Predictions in Redis: `GETRANGE` to look up, `SET … EX` to store, over one connection of this event loop.
///
/// Redis carries out the commands of a connection in order, so a look-up that is sent after a store finds it; one that
/// was sent before finds it among the stores under way, until the store's reply. A store that cannot be sent is dropped,
/// and what follows is a miss.
final class RedisPredictionCache: PredictionCache {
    private let client: RedisClient
    private let timeToLiveSeconds: Int
    private let stores = StoresUnderWay()

    /// Begins to connect; to be made on the event loop.
    ///
    /// - Parameter observer: receives errors and the connection's ups and downs.
    init(
        _ configuration: RedisConfiguration, timeToLiveSeconds: Int, on eventLoop: any EventLoop,
        observer: @escaping (RedisEvent) -> Void
    ) {
        client = RedisClient(
            configuration: configuration, eventLoop: eventLoop, storeSettled: { [stores] in stores.removeFirst() },
            observer: observer)
        self.timeToLiveSeconds = timeToLiveSeconds
        client.start()
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void) {
        key.withBytes { bytes in
            // One byte more than is usable, so that a longer entry is seen to be one.
            client.getRange(key: bytes, upTo: maximumBytes + 1) { [stores] found in
                completion(stores.outcome(CacheLookup(found), for: key))
            }
        }
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        let isSent = key.withBytes { key in
            value.withUnsafeReadableBytes { value in
                client.set(key: key, value: value, expireSeconds: timeToLiveSeconds)
            }
        }
        if isSent { stores.append(StoreRequest(key: key, value: value)) }
    }

    func flush() { client.flush() }

    func close() -> EventLoopFuture<Void> { client.close() }
}

extension CacheLookup {
    fileprivate init(_ lookup: RedisLookup) {
        switch lookup {
        case .value(let bytes): self = .entry(bytes)
        case .missing: self = .missing
        case .failed(let error): self = .unavailable(CacheErrorReason(error))
        }
    }
}

extension CacheErrorReason {
    /// The reason that an error of Redis is counted under; nil where nothing was sent.
    init?(_ error: RedisError) {
        switch error {
        case .connect: self = .connect
        case .auth: self = .auth
        case .deadline: self = .deadline
        case .protocolViolation: self = .protocol
        case .errorReply: self = .errorReply
        case .queueFull, .commandTooLarge: self = .queueFull
        case .notReady, .closed: return nil
        }
    }
}
