import NIOCore
import Redis

/// Predictions in Redis: `GETRANGE` to look up, `SET … EX` to store, over this event loop's connections.
///
/// Redis executes the commands of a connection in order, so a look-up that is sent after a store finds the entry. A
/// look-up that was sent before it, or to another node of a cluster, finds the entry among the stores under way, until
/// the store's reply. A store that cannot be sent is dropped, and later look-ups miss.
final class RedisPredictionCache: PredictionCache {
    private let client: RedisClient
    private let stores: Stores

    /// Starts connecting; to be made on the event loop.
    ///
    /// - Parameters:
    ///   - messages: receives each outcome.
    ///   - observer: receives errors, and whether the connection is up.
    init(
        _ configuration: RedisConfiguration, timeToLiveSeconds: Int, _ messages: RedisMessages,
        on eventLoop: any EventLoop, observer: @escaping (RedisEvent) -> Void
    ) {
        stores = Stores(timeToLiveSeconds: timeToLiveSeconds, messages)
        client = RedisClient(configuration: configuration, eventLoop: eventLoop, stores: stores, observer: observer)
        client.start()
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void) {
        // One byte more than is usable, so that a longer entry is recognized.
        client.getRange(LookUp(key, stores, completion), upTo: maximumBytes + 1)
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        let number = stores.underWay.append(StoreRequest(key: key, value: value))
        let isSent = key.withBytes { key in
            value.withUnsafeReadableBytes { value in
                client.set(number, key: key, value: value, expireSeconds: stores.timeToLiveSeconds)
            }
        }
        if !isSent { stores.underWay.remove(number) }
    }

    func flush() { client.flush() }

    func close() -> EventLoopFuture<Void> { client.close() }
}

extension RedisPredictionCache {
    private final class LookUp: RedisLookupRequest {
        private let key: CacheKey
        private let stores: Stores
        private let completion: (CacheLookup) -> Void

        init(_ key: CacheKey, _ stores: Stores, _ completion: @escaping (CacheLookup) -> Void) {
            self.key = key
            self.stores = stores
            self.completion = completion
        }

        func withKey(_ body: (UnsafeRawBufferPointer) -> Void) { key.withBytes(body) }

        func finish(_ found: RedisLookup) {
            if case .failed(let error) = found {
                stores.messages.outcome(of: .lookup, error)
            } else {
                stores.messages.outcome(of: .lookup, nil)
            }
            completion(stores.underWay.outcome(CacheLookup(found), for: key))
        }
    }

    private final class Stores: RedisStores {
        let underWay = StoresUnderWay()
        let messages: RedisMessages
        let timeToLiveSeconds: Int

        init(timeToLiveSeconds: Int, _ messages: RedisMessages) {
            self.timeToLiveSeconds = timeToLiveSeconds
            self.messages = messages
        }

        func withStore(
            _ number: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Int) -> Void
        ) {
            guard let store = underWay.request(number) else { return }
            store.key.withBytes { key in store.value.withUnsafeReadableBytes { body(key, $0, timeToLiveSeconds) } }
        }

        func settled(_ number: Int, _ error: RedisError?) {
            messages.outcome(of: .store, error)
            underWay.remove(number)
        }
    }
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
    /// The reason under which an error of Redis is counted; nil if nothing was sent.
    init?(_ error: RedisError) {
        switch error {
        case .connect: self = .connect
        case .auth: self = .auth
        case .deadline: self = .deadline
        case .protocolViolation: self = .protocol
        case .errorReply, .unusable: self = .errorReply
        case .queueFull, .commandTooLarge: self = .queueFull
        case .notReady, .closed: return nil
        }
    }
}
