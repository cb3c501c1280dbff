import HTTP1
import Logging
import Model
import NIOCore
import PredictionCache
import ScoringLog
import Synchronization

/// Everything that one event loop owns. Loops share only the limits and the log's one writer, so no request takes a
/// lock.
///
/// `@unchecked Sendable`: its state is used on its event loop only; requests from other threads hop there first.
final class Worker: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let connections: ConnectionGroup
    private let routes: Routes
    private let predictor: Predictor
    private let cache: any PredictionCache
    private let log: RequestLog
    private let isWakingUp = Atomic(false)

    /// The parts that workers are built from and share.
    struct Parts: Sendable {
        let configuration: Configuration
        let limits: ConcurrencyLimits
        let model: LinearModel
        let apiKeys: APIKeys?
        let caches: CacheFactory
        let logWriter: ScoringLogWriter
        let status: StatusEndpoints
        let pages: Pages
        let syntheticCost: ModelRunner.SyntheticCost
        let logger: Logger
    }

    /// There is no memory for a worker's buffers.
    struct OutOfMemory: Error {}

    /// To be made on its event loop.
    ///
    /// - Parameter isFirst: whether this one reports when the cache becomes available or unavailable.
    init(_ parts: Parts, on eventLoop: any EventLoop, isFirst: Bool) throws(OutOfMemory) {
        let configuration = parts.configuration
        let (records, bytes) = (configuration.maximumBatchRecords, configuration.maximumBodyBytes)
        let padded = PaddedBuffer()
        guard let reader = BatchReader(maximumRecords: records, maximumBytes: bytes, padded),
            let inferenceReader = InferenceReader(maximumRecords: records, maximumBytes: bytes, padded)
        else { throw OutOfMemory() }
        let maximumWait = TimeAmount.milliseconds(Int64(configuration.queueDeadlineMilliseconds))
        let tick = Tick(on: eventLoop, WallClock())
        let metrics = Metrics(tick.clock)
        let admission: Admission
        let runner = ModelRunner(parts.syntheticCost, parts.limits, on: eventLoop, maximumWait: maximumWait)
        self.eventLoop = eventLoop
        cache = parts.caches.cache(on: eventLoop, metrics, isFirst: isFirst)
        log = RequestLog(configuration.scoringLog, parts.logWriter, tick.clock)
        admission = Admission(parts.limits, log, on: eventLoop, maximumWait: maximumWait)
        predictor = Predictor(
            parts.model, namespace: configuration.cacheNamespace, reader, inferenceReader, admission, cache, runner,
            log,
            metrics)
        routes = Routes(
            predictor, parts.limits, metrics, parts.status, parts.pages, parts.apiKeys, parts.logger)
        connections = ConnectionGroup(
            configuration.connectionSettings, parts.limits.connections, tick, on: eventLoop)
        tick.onEnd { [cache] in
            cache.flush()
        } afterResponses: { [log] in
            log.flush()
        }
        parts.status.add(metrics, on: eventLoop)
        parts.limits.onWakeUp { [self] in wakeUp() }
    }

    /// Adds a new connection; on the event loop.
    func add(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(HTTPConnection(in: connections, routes))
    }

    /// Has waiting requests checked again, once, however often this is called meanwhile; from any thread.
    private func wakeUp() {
        guard !isWakingUp.exchange(true, ordering: .sequentiallyConsistent) else { return }
        eventLoop.execute { [self] in
            isWakingUp.store(false, ordering: .sequentiallyConsistent)
            predictor.startWaiting()
        }
    }

    // MARK: What others ask of it, from any thread

    /// Regularly closes connections whose clients have taken too long.
    func watchDeadlines() -> RepeatedTask {
        eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: ConnectionGroup.lookInterval) { [self] _ in
            connections.checkDeadlines()
        }
    }

    /// Scores new requests with another model.
    func replace(_ model: LinearModel) -> EventLoopFuture<Void> {
        eventLoop.submit { self.predictor.replaceModel(model) }
    }

    /// Requires other keys from new requests.
    func replace(_ apiKeys: APIKeys) -> EventLoopFuture<Void> {
        eventLoop.submit { self.routes.apiKeys = apiKeys }
    }

    /// Stops being ready, and lets every response announce that its connection closes.
    func beginStopping() -> EventLoopFuture<Void> {
        eventLoop.submit { [self] in
            routes.isReady = false
            connections.beginStopping()
        }
    }

    /// Whether no connection has a request under way.
    func isIdle() -> EventLoopFuture<Bool> {
        eventLoop.submit { self.connections.isIdle }
    }

    /// Responds to the requests under way, takes no new ones, and closes connections as they become idle.
    ///
    /// - Returns: done when the last connection has closed.
    func drain() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit { self.connections.drain() }
    }

    /// Closes all connections, even those with requests under way.
    func closeConnections() -> EventLoopFuture<Void> {
        eventLoop.submit { self.connections.close() }
    }

    /// Passes on the rest of the log.
    func flushLog() -> EventLoopFuture<Void> {
        eventLoop.submit { self.log.flush() }
    }

    /// Closes the cache's own connections and threads.
    func closeCache() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit { self.cache.close() }
    }
}

extension Configuration {
    /// The settings of its connections.
    fileprivate var connectionSettings: ConnectionGroup.Settings {
        .init(
            maximumBodyBytes: maximumBodyBytes,
            timeouts: .init(
                head: .seconds(Int64(headTimeoutSeconds)), body: .seconds(Int64(bodyTimeoutSeconds)),
                idle: .seconds(Int64(idleTimeoutSeconds))))
    }
}
