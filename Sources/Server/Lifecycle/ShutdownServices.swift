import Logging
import NIOCore
import ScoringLog

/// Writes the rest of the scoring log, once no request is under way.
struct LogService {
    let workers: [Worker]
    let writer: ScoringLogWriter
    let shutdown: Shutdown
    let logger: Logger

    /// The longest wait for a reader of stdout.
    private static let patience = TimeAmount.seconds(5)

    func close() async {
        for worker in workers { try? await worker.flushLog().get() }
        let lostBefore = lostBlocks
        let time = min(Self.patience, shutdown.timeLeft(for: .log))
        guard !writer.close(within: .nanoseconds(time.nanoseconds)), lostBefore == 0 else { return }
        logger.warning("scoring log: stdout was not read in time; \(lostBlocks) blocks are lost")
    }

    /// Excludes dropped lines of rejected requests, which were already reported.
    private var lostBlocks: Int { [.closed, .diskFull].reduce(0) { $0 + writer.lostBlocks($1) } }
}

/// Closes the cache, last of all.
struct CacheService {
    let workers: [Worker]
    let shutdown: Shutdown

    /// The longest wait for a disk that does not respond.
    private static let patience = TimeAmount.seconds(3)

    func close() async {
        let closed = workers.map { $0.closeCache() }
        for cache in closed { _ = await cache.isDone(within: min(Self.patience, shutdown.timeLeft(for: .cache))) }
    }
}

extension EventLoopFuture<Void> {
    /// Whether it completes in time.
    func isDone(within time: TimeAmount) async -> Bool {
        let result = eventLoop.makePromise(of: Bool.self)
        let timeout = eventLoop.scheduleTask(in: time) { result.succeed(false) }
        whenComplete { _ in
            timeout.cancel()
            result.succeed(true)
        }
        return (try? await result.futureResult.get()) ?? false
    }
}
