import HTTP1
import NIOCore
import NIOPosix
import Platform
import PredictionCache
import ScoringLog
import Synchronization

/// What the server reports about itself: `/metrics` and `/version`.
final class StatusEndpoints: Sendable {
    private let limits: ConcurrencyLimits
    private let log: ScoringLogWriter
    private let cache: SharedCacheStatus
    private let build: Mutex<BuildInfo>
    /// Each event loop's share of the metrics.
    private let shares = Mutex<[NIOLoopBound<Metrics>]>([])

    init(_ limits: ConcurrencyLimits, _ log: ScoringLogWriter, _ cache: SharedCacheStatus, _ build: BuildInfo) {
        self.limits = limits
        self.log = log
        self.cache = cache
        self.build = Mutex(build)
    }

    /// Adds an event loop's share; to be called on it.
    func add(_ metrics: Metrics, on eventLoop: any EventLoop) {
        shares.withLock { $0.append(NIOLoopBound(metrics, eventLoop: eventLoop)) }
    }

    /// Another model scores new requests from now on.
    func modelChanged(_ version: String) { build.withLock { $0.modelVersion = version } }

    /// Sums up all loops' shares, and responds with the text in the exchange's format.
    func respondMetrics(_ exchange: HTTPExchange) {
        let snapshots = shares.withLock { $0 }.map { share in share.eventLoop.submit { share.value.snapshot } }
        let shares = EventLoopFuture.whenAllSucceed(snapshots, on: exchange.eventLoop)
        shares.assumeIsolated().whenSuccess { [self] shares in
            var sum = shares.reduce(into: Metrics.Snapshot()) { $0.add($1) }
            sum.isCacheUp = sum.isCacheUp.map { $0 && !cache.isUnavailable }
            sum.cacheErrors.merge(cache.dropped) { $0 + $1 }
            let format = exchange.metricsFormat
            let text = MetricsText(sum, limits, log, build.withLock { $0 }, format).text
            var head = ResponseHead.momentary
            head.contentType = format.contentType
            exchange.respond(head, ByteBuffer(string: text))
        }
    }

    /// Responds with the build, once the executable has been hashed.
    func respondVersion(_ exchange: HTTPExchange) {
        if build.withLock({ $0.executableSHA256 }) != nil { return respond(exchange) }
        let hash = NIOThreadPool.singleton.runIfActive(eventLoop: exchange.eventLoop) {
            BuildInfo.hashExecutable()
        }
        hash.assumeIsolated().whenComplete { [self] result in
            build.withLock { $0.executableSHA256 = (try? result.get()) ?? nil }
            respond(exchange)
        }
    }

    private func respond(_ exchange: HTTPExchange) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = (try? encoder.encode(build.withLock { $0 })) ?? Data("{}".utf8)
        exchange.respond(.momentary, ByteBuffer(bytes: json))
    }
}
