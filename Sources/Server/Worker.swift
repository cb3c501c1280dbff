import Logging
import Model
import NIOCore
import PredictionCache
import ScoringLog

/// Everything that one event loop owns. Loops share nothing, so no call takes a lock.
///
/// `@unchecked Sendable`: its state is touched on its event loop only; what others ask of it hops there first.
final class Worker: @unchecked Sendable {
    let eventLoop: any EventLoop
    let replica: Replica
    let logger: Logger
    let routes: Routes
    let metrics: Metrics
    let wallClock = WallClock()
    let maximumBodyBytes: Int
    let timeouts: ConnectionPatience.Timeouts
    var requestIDs = RequestIDGenerator()
    /// Whether answers tell clients that their connection ends.
    private(set) var isStopping = false
    /// The clock that connections are waited for by. It goes on when they are looked at, by half a second at most, so that
    /// a pause of the server, however long, is not held against its clients; a loop that can look more rarely waits longer.
    private(set) var patienceTime = NIODeadline.now()
    private var lastLook = NIODeadline.now()
    static let lookInterval = TimeAmount.milliseconds(250)
    /// How far the clock goes on at most at a look.
    static let patienceStep = TimeAmount.milliseconds(500)

    private let cache: any PredictionCache
    private let log: CallLog
    private let admission: Admission
    private let runner: ModelRunner
    private let predictor: Predictor
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var drained: EventLoopPromise<Void>?

    private var unflushed: [HTTPConnection] = []
    private var flushing: [HTTPConnection] = []
    private var isTickOpen = false

    /// What workers are made of that they share.
    struct Parts: Sendable {
        let configuration: Configuration
        let replica: Replica
        let model: LinearModel
        let apiKeys: APIKeys?
        let caches: CacheFactory
        let logWriter: ScoringLogWriter
        let reports: Reports
        let pages: Pages
        let syntheticCost: ModelRunner.SyntheticCost
        let logger: Logger
    }

    /// There is no memory for a worker's buffers.
    struct OutOfMemory: Error {}

    /// To be made on its event loop.
    ///
    /// - Parameter isFirst: whether this is the one that says when the cache comes and goes.
    init(_ parts: Parts, on eventLoop: any EventLoop, isFirst: Bool) throws(OutOfMemory) {
        let configuration = parts.configuration
        let (records, bytes) = (configuration.maximumBatchRecords, configuration.maximumBodyBytes)
        let padded = PaddedBody()
        guard let reader = BatchReader(maximumRecords: records, maximumBytes: bytes, padded),
            let inferenceReader = InferenceReader(maximumRecords: records, maximumBytes: bytes, padded)
        else { throw OutOfMemory() }
        let patience = TimeAmount.milliseconds(Int64(configuration.queueDeadlineMilliseconds))
        self.eventLoop = eventLoop
        replica = parts.replica
        logger = parts.logger
        maximumBodyBytes = configuration.maximumBodyBytes
        timeouts = .init(
            head: .seconds(Int64(configuration.headTimeoutSeconds)),
            body: .seconds(Int64(configuration.bodyTimeoutSeconds)),
            idle: .seconds(Int64(configuration.idleTimeoutSeconds)))
        metrics = Metrics()
        cache = parts.caches.cache(on: eventLoop, metrics, isFirst: isFirst)
        log = CallLog(configuration.scoringLog, parts.logWriter, wallClock)
        admission = Admission(replica, log, on: eventLoop, patience: patience)
        runner = ModelRunner(parts.syntheticCost, replica, admission, on: eventLoop, patience: patience)
        predictor = Predictor(
            model: parts.model, namespace: configuration.cacheNamespace, reader: reader,
            inferenceReader: inferenceReader, cache: cache, runner: runner, admission: admission, log: log,
            metrics: metrics)
        routes = Routes(
            predictor: predictor, admission: admission, replica: replica, log: log, metrics: metrics,
            reports: parts.reports, pages: parts.pages, apiKeys: parts.apiKeys)
        admission.register(self)
    }

    // MARK: The tick

    /// Has a connection's answers sent when the loop has dealt with everything that it was woken for.
    func flushAtEndOfTick(_ connection: HTTPConnection) {
        unflushed.append(connection)
        openTick()
    }

    /// Has the tick's end dealt with: one write to the cache, one to each client, one to the log, whatever happened in it.
    func openTick() {
        guard !isTickOpen else { return }
        isTickOpen = true
        wallClock.update()
        // NIO runs what is handed to a loop from the loop itself after all events at hand.
        eventLoop.assumeIsolated().execute(endTick)
    }

    private func endTick() {
        isTickOpen = false
        cache.flush()
        swap(&unflushed, &flushing)
        for connection in flushing { connection.flush() }
        flushing.removeAll(keepingCapacity: true)
        log.flush()
    }

    // MARK: Connections

    func opened(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if drained != nil { connection.drain() }
    }

    func closed(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { drained?.succeed() }
    }

    /// Looks for connections that have been waited for long enough.
    func lookAtConnections() {
        let now = NIODeadline.now()
        patienceTime = patienceTime + min(now - lastLook, Self.patienceStep)
        lastLook = now
        for connection in connections.values { connection.closeIfOverdue(patienceTime) }
    }

    // MARK: What others ask of it, from any thread

    /// Has waiting calls looked at again, since something that they wait for was given back.
    func wakeWaitingCalls() {
        eventLoop.execute { self.startWaitingCalls() }
    }

    /// Refuses waiting calls whose clients have gone; on the event loop.
    func refuseAbandonedCalls() {
        guard replica.queued.inUse > 0 else { return }
        admission.refuseAbandoned()
        runner.refuseAbandoned()
        openTick()
    }

    /// Lets waiting calls go on; on the event loop.
    func startWaitingCalls() {
        admission.startWaiting()
        runner.startWaiting()
        openTick()
    }

    /// This loop's share of the metrics.
    func metricsSnapshot() -> EventLoopFuture<Metrics.Snapshot> {
        eventLoop.submit { self.metrics.snapshot }
    }

    /// Scores new calls with another model, and asks them for other keys.
    func replace(_ model: LinearModel?, _ apiKeys: APIKeys?) -> EventLoopFuture<Void> {
        eventLoop.submit { [self] in
            if let model { predictor.model = model }
            if let apiKeys { routes.apiKeys = apiKeys }
        }
    }

    /// Stops being ready, and has every answer tell its client to come back on another connection.
    func beginStopping() -> EventLoopFuture<Void> {
        eventLoop.submit { [self] in
            routes.isReady = false
            isStopping = true
        }
    }

    /// Whether no connection has a call under way.
    func isIdle() -> EventLoopFuture<Bool> {
        eventLoop.submit { self.connections.values.allSatisfy(\.isIdle) }
    }

    /// Answers what is under way, takes nothing new, and closes connections as they fall idle.
    ///
    /// - Returns: done when the last connection has closed.
    func drain() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit { [self] in
            let promise = drained ?? eventLoop.makePromise(of: Void.self)
            drained = promise
            for connection in connections.values { connection.drain() }
            if connections.isEmpty { promise.succeed() }
            return promise.futureResult
        }
    }

    /// Ends all connections, whatever is under way.
    func closeConnections() -> EventLoopFuture<Void> {
        eventLoop.submit { [self] in
            for connection in connections.values { connection.close() }
        }
    }

    /// Hands over what the log still has.
    func flushLog() -> EventLoopFuture<Void> {
        eventLoop.submit { [self] in log.flush() }
    }

    /// Ends the cache's own connections and threads.
    func closeCache() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit { [self] in cache.close() }
    }
}
