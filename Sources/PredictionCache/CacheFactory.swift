package import Logging
package import NIOCore
import Redis

/// Makes each event loop's handle to the one cache that the settings describe.
package struct CacheFactory: Sendable {
    private enum Kind: Sendable {
        case redis(RedisConfiguration)
        case sqlite(SQLitePredictionStore)
        case off
        /// The named file cannot be used.
        case unusable
    }

    /// For the start-up message, without secrets.
    package let description: String
    /// The state of a cache that all event loops share.
    package let sharedStatus: SharedCacheStatus

    private let kind: Kind
    private let episodes = CacheEpisodes()
    private let timeToLiveSeconds: Int
    private let logger: Logger

    /// Opens what the event loops share. If the file cannot be used, it logs one warning and there is no cache.
    package init(_ settings: CacheSettings, _ logger: Logger) {
        timeToLiveSeconds = settings.timeToLiveSeconds
        sharedStatus = SharedCacheStatus(logger)
        self.logger = logger
        switch settings.location {
        case .redis(let redis):
            kind = .redis(Self.configuration(redis, settings, logger))
            description = redis.description
        case .sqlite(let path):
            (kind, description) = Self.open(path, settings, logger, sharedStatus) ?? (.unusable, "off")
        case .userCacheFolder:
            let path = CacheLocation.defaultPath
            (kind, description) = Self.open(path, settings, logger, sharedStatus) ?? (.off, "off")
        case .off: (kind, description) = (.off, "off")
        }
    }

    private static func configuration(
        _ server: RedisLocation, _ settings: CacheSettings, _ logger: Logger
    ) -> RedisConfiguration {
        var redis = RedisConfiguration(host: server.host, port: server.port)
        redis.user = server.user
        redis.password = { server.password }
        if let path = settings.passwordFile {
            let file = CachePasswordSource(CachePasswordFile(path: path), logger)
            redis.password = { try file.read() }
            redis.passwordInterval = .seconds(5)
        }
        redis.database = server.database
        redis.probeKey = CacheKey.prefix(namespace: settings.namespace, modelVersion: "probe")
        // So that the largest entry can be stored, and two of them in one tick.
        redis.maximumCommandBytes = max(redis.maximumCommandBytes, settings.maximumEntryBytes + 1024)
        redis.maximumOutgoingBytes = max(redis.maximumOutgoingBytes, 2 * redis.maximumCommandBytes)
        redis.security = settings.tls?.security
        redis.commandDeadline = .milliseconds(Int64(settings.deadlineMilliseconds))
        return redis
    }

    private static func open(
        _ path: String, _ settings: CacheSettings, _ logger: Logger, _ status: SharedCacheStatus
    ) -> (Kind, String)? {
        var sqlite = SQLiteCacheSettings(path: path)
        sqlite.timeToLiveMilliseconds = Int64(settings.timeToLiveSeconds) * 1000
        sqlite.lookUpDeadline = .milliseconds(Int64(settings.deadlineMilliseconds))
        do {
            return (.sqlite(try SQLitePredictionStore(sqlite, status, logger)), "sqlite:\(path)")
        } catch {
            logger.warning("no cache: \(error)")
            return nil
        }
    }

    /// A handle for one event loop; to be made on it.
    ///
    /// - Parameter isFirst: whether this loop logs when the cache becomes available or unavailable.
    package func cache(
        on eventLoop: any EventLoop, _ observer: any CacheObserver, isFirst: Bool
    ) -> any PredictionCache {
        switch kind {
        case .redis(let configuration):
            observer.cacheChanged(isUp: false)
            let messages = RedisMessages(description, isFirst: isFirst, episodes, on: eventLoop, logger)
            return RedisPredictionCache(
                configuration, timeToLiveSeconds: timeToLiveSeconds, messages, on: eventLoop
            ) { event in
                Self.report(event, to: observer)
                messages.log(event)
            }
        case .sqlite(let store):
            observer.cacheChanged(isUp: true)
            return SQLitePredictionCache(store, on: eventLoop, onError: observer.cacheFailed)
        case .unusable:
            observer.cacheChanged(isUp: false)
            return NoCache(eventLoop)
        case .off: return NoCache(eventLoop)
        }
    }

    private static func report(_ event: RedisEvent, to observer: any CacheObserver) {
        switch event {
        case .up: observer.cacheChanged(isUp: true)
        case .down: observer.cacheChanged(isUp: false)
        case .storeError: observer.cacheFailed(.store)
        case .error(let error): CacheErrorReason(error).map(observer.cacheFailed)
        case .cluster, .nodeDown, .nodeUp, .nodeLeft, .nodeRefused, .slotsUnknown, .refused, .accepted, .authenticated:
            break
        }
    }
}
