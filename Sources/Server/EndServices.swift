import NIOCore
import ScoringLog
import ServiceLifecycle

/// Writes what the scoring log still has, once no call is under way.
struct LogService: Service {
    let workers: [Worker]
    let writer: ScoringLogWriter

    func run() async throws {
        try? await gracefulShutdown()
        for worker in workers { try? await worker.flushLog().get() }
        writer.close(within: .seconds(5))
    }
}

/// Ends the cache, last of all.
struct CacheService: Service {
    let workers: [Worker]

    func run() async throws {
        try? await gracefulShutdown()
        for worker in workers { try? await worker.closeCache().get() }
    }
}
