import Logging
import NIOCore
import ScoringLog
import ServiceLifecycle

/// Writes what the scoring log still has, once no call is under way.
struct LogService: Service {
    let workers: [Worker]
    let writer: ScoringLogWriter
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        for worker in workers { try? await worker.flushLog().get() }
        let lostBefore = lostBlocks
        guard !writer.close(within: .seconds(5)), lostBefore == 0 else { return }
        logger.warning("scoring log: stdout was not read in time; \(lostBlocks) blocks are lost")
    }

    /// Without lines of refused calls, of which was spoken when they were dropped.
    private var lostBlocks: Int { [.closed, .diskFull].reduce(0) { $0 + writer.lostBlocks($1) } }
}

/// Ends the cache, last of all.
struct CacheService: Service {
    let workers: [Worker]

    func run() async throws {
        try? await gracefulShutdown()
        for worker in workers { try? await worker.closeCache().get() }
    }
}
