import NIOCore
import Redis

/// Predictions in Redis: `GETRANGE` to look up, `SET … EX` to store, over one connection of this event loop.
final class RedisPredictionCache: PredictionCache {
    private let client: RedisClient
    private let timeToLiveSeconds: Int

    /// Begins to connect; to be made on the event loop.
    ///
    /// - Parameter observer: is told of faults and of the connection's ups and downs.
    init(
        _ configuration: RedisConfiguration, timeToLiveSeconds: Int, on eventLoop: any EventLoop,
        observer: @escaping (RedisEvent) -> Void
    ) {
        client = RedisClient(configuration: configuration, eventLoop: eventLoop, observer: observer)
        self.timeToLiveSeconds = timeToLiveSeconds
        client.start()
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheAnswer) -> Void) {
        key.withBytes { key in
            // One byte more than is usable, so that a longer entry is seen to be one.
            client.getRange(key: key, upTo: maximumBytes + 1) { lookup in
                switch lookup {
                case .value(let bytes): completion(.entry(bytes))
                case .missing: completion(.none)
                case .failed(let fault): completion(.unavailable(CacheFault(fault)))
                }
            }
        }
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        key.withBytes { key in
            value.withUnsafeReadableBytes { value in
                client.set(key: key, value: value, expireSeconds: timeToLiveSeconds)
            }
        }
    }

    func flush() { client.flush() }

    func close() -> EventLoopFuture<Void> { client.close() }
}

extension CacheFault {
    /// Files a fault of Redis under its reason; nil where nothing was tried.
    init?(_ fault: RedisFault) {
        switch fault {
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
