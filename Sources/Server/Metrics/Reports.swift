import Foundation
import NIOCore
import NIOPosix
import PredictionCache
import ScoringLog
import Synchronization

/// What the replica says of itself: `/metrics` and `/version`.
final class Reports: Sendable {
    private let replica: Replica
    private let log: ScoringLogWriter
    private let cache: SharedCacheStatus
    private let build: Mutex<BuildInfo>

    init(_ replica: Replica, _ log: ScoringLogWriter, _ cache: SharedCacheStatus, _ build: BuildInfo) {
        self.replica = replica
        self.log = log
        self.cache = cache
        self.build = Mutex(build)
    }

    /// Another model scores from now on.
    func modelChanged(_ version: String) { build.withLock { $0.modelVersion = version } }

    /// Adds up all loops' shares, and answers with the text.
    func answerMetrics(_ call: Call) {
        let eventLoop = call.connection.eventLoop
        let shares = EventLoopFuture.whenAllSucceed(replica.workers.map { $0.metricsSnapshot() }, on: eventLoop)
        shares.assumeIsolated().whenSuccess { [self] shares in
            var sum = shares.reduce(into: Metrics.Snapshot()) { $0.add($1) }
            sum.isCacheUp = sum.isCacheUp && !cache.isUnavailable
            sum.cacheErrors.merge(cache.dropped) { $0 + $1 }
            let text = MetricsText(sum, replica, log, build.withLock { $0 }).text
            var head = ResponseHead.momentary
            head.contentType = "text/plain; version=0.0.4; charset=utf-8"
            call.answer(head, ByteBuffer(string: text))
        }
    }

    /// Answers with the build, once the executable has been hashed.
    func answerVersion(_ call: Call) {
        if build.withLock({ $0.executableSHA256 }) != nil { return answer(call) }
        let hash = NIOThreadPool.singleton.runIfActive(eventLoop: call.connection.eventLoop) {
            BuildInfo.hashExecutable()
        }
        hash.assumeIsolated().whenComplete { [self] result in
            build.withLock { $0.executableSHA256 = (try? result.get()) ?? nil }
            answer(call)
        }
    }

    private func answer(_ call: Call) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = (try? encoder.encode(build.withLock { $0 })) ?? Data("{}".utf8)
        call.answer(.momentary, ByteBuffer(bytes: json))
    }
}
