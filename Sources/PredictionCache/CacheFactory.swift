import Logging
import NIOCore
import Redis

/// Makes each event loop's door to the one cache that the configuration names.
struct CacheFactory: Sendable {
    private enum Kind: Sendable {
        case redis(RedisConfiguration)
        case sqlite(SQLitePredictionStore)
        case off
    }

    /// What the start-up message says of the cache; without secrets.
    let description: String
    /// What was dropped and not stored where all loops share the cache.
    let storeFaults = StoreFaults()

    private let kind: Kind
    private let timeToLiveSeconds: Int
    private let logger: Logger

    /// Opens what the caches share. A file that cannot be used is warned of once; then there is no cache.
    init(_ configuration: Configuration, _ logger: Logger) {
        timeToLiveSeconds = configuration.cacheTTLSeconds
        self.logger = logger
        switch configuration.cache {
        case .redis(let host, let port, let user, let password, let database, _):
            var redis = RedisConfiguration(host: host, port: port)
            redis.user = user
            redis.password = { password }
            if let path = configuration.cachePasswordFile {
                redis.password = { try CachePasswordFile(path: path).read() }
            }
            redis.database = database
            // The largest answer that the limits allow can be stored, and two of them in one tick.
            let entryBytes = PredictAnswer.maximumBytes(predictions: configuration.maximumBatchRecords)
            redis.maximumCommandBytes = max(redis.maximumCommandBytes, entryBytes + 1024)
            redis.maximumOutgoingBytes = max(redis.maximumOutgoingBytes, 2 * redis.maximumCommandBytes)
            redis.security = configuration.cacheTLS?.security
            redis.commandDeadline = .milliseconds(Int64(configuration.cacheDeadlineMilliseconds))
            kind = .redis(redis)
            description = configuration.cache.description
        case .sqlite(let path):
            (kind, description) = Self.open(path, configuration, logger, storeFaults)
        case .userCacheFolder:
            (kind, description) = Self.open(
                CacheLocation.defaultPath, configuration, logger, storeFaults)
        case .off:
            kind = .off
            description = "off"
        }
    }

    private static func open(
        _ path: String, _ configuration: Configuration, _ logger: Logger, _ faults: StoreFaults
    ) -> (Kind, String) {
        var sqlite = SQLitePredictionStoreConfiguration(path: path)
        sqlite.timeToLiveMilliseconds = Int64(configuration.cacheTTLSeconds) * 1000
        sqlite.lookUpDeadline = .milliseconds(Int64(configuration.cacheDeadlineMilliseconds))
        do {
            let store = try SQLitePredictionStore(
                configuration: sqlite, logger: logger, onFault: faults.count, onAway: faults.fileChanged)
            return (.sqlite(store), "sqlite:\(path)")
        } catch {
            logger.warning("no cache: \(error)")
            return (.off, "off")
        }
    }

    /// A cache for one event loop; to be made on it.
    ///
    /// - Parameter isFirst: whether this loop is the one that says when the cache comes and goes.
    func cache(on eventLoop: any EventLoop, _ metrics: Metrics, isFirst: Bool) -> any PredictionCache {
        switch kind {
        case .redis(let configuration):
            return RedisPredictionCache(configuration, timeToLiveSeconds: timeToLiveSeconds, on: eventLoop) { event in
                Self.count(event, metrics)
                guard isFirst else { return }
                switch event {
                case .up: logger.info("cache: \(description) answers")
                case .down(let fault): logger.warning("cache: \(description) is not used until it answers: \(fault)")
                case .fault, .storeFault: break
                }
            }
        case .sqlite(let store):
            metrics.cacheChanged(isUp: true)
            return store.makeCache(on: eventLoop, onFault: metrics.cacheFailed)
        case .off: return NoCache(eventLoop)
        }
    }

    private static func count(_ event: RedisEvent, _ metrics: Metrics) {
        switch event {
        case .up: metrics.cacheChanged(isUp: true)
        case .down: metrics.cacheChanged(isUp: false)
        case .storeFault: metrics.cacheFailed(.store)
        case .fault(let fault): CacheFault(fault).map(metrics.cacheFailed)
        }
    }
}
