import Logging
import Model
import NIOCore
import NIOHTTP1
import ScoringLog

/// Everything that one event loop owns. Loops share nothing, so no call takes a lock.
///
/// `@unchecked Sendable`: its state is touched on its event loop only; `drain()` and `close()`, which others call, hop
/// there first.
final class Worker: @unchecked Sendable {
    let eventLoop: any EventLoop
    let logger: Logger
    let routes: Routes
    let wallClock: WallClock
    let maximumBodyBytes: Int
    var requestIDs = RequestIDGenerator()
    private(set) var isDraining = false

    private let cache: any PredictionCache
    private let log: CallLog
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var drained: EventLoopPromise<Void>?

    private var unflushed: [HTTPConnection] = []
    private var flushing: [HTTPConnection] = []
    private var isTickOpen = false

    /// There is no memory for a worker's buffers.
    struct OutOfMemory: Error {}

    /// To be made on its event loop.
    init(
        eventLoop: any EventLoop, _ configuration: Configuration, logger: Logger, model: LinearModel,
        cache: any PredictionCache, logWriter: ScoringLogWriter
    ) throws(OutOfMemory) {
        let reader = BatchReader(
            maximumRecords: configuration.maximumBatchRecords, maximumBytes: configuration.maximumBodyBytes)
        guard let reader else { throw OutOfMemory() }
        self.eventLoop = eventLoop
        self.logger = logger
        self.cache = cache
        maximumBodyBytes = configuration.maximumBodyBytes
        wallClock = WallClock()
        log = CallLog(configuration.scoringLog, logWriter, wallClock)
        let predictor = Predictor(
            model: model, namespace: configuration.cacheNamespace, reader: reader, cache: cache, log: log)
        routes = Routes(predictor: predictor, log: log)
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
        if isDraining { connection.drain() }
    }

    func closed(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { drained?.succeed() }
    }

    /// Looks once a second for connections that have been waited for long enough.
    func closeOverdueConnections() {
        let now = NIODeadline.now()
        for connection in connections.values { connection.closeIfOverdue(now) }
    }

    // MARK: The end

    /// Answers what is under way, takes nothing new, and closes connections as they fall idle.
    ///
    /// - Returns: done when the last connection has closed.
    func drain() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit { [self] in
            isDraining = true
            routes.isReady = false
            let promise = drained ?? eventLoop.makePromise(of: Void.self)
            drained = promise
            for connection in connections.values { connection.drain() }
            if connections.isEmpty { promise.succeed() }
            return promise.futureResult
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
