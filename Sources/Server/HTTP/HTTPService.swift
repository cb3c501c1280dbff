import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The listener and its connections, from the first to the last.
struct HTTPService: Service {
    let listener: any Channel
    let workers: [Worker]
    let shutdown: Shutdown
    /// Called once the service can be ended.
    let announce: @Sendable () -> Void

    /// How the service ends.
    final class Shutdown: Sendable {
        /// How long a stopping server goes on accepting.
        let drainDelay: TimeAmount
        /// How long calls under way are then waited for.
        let grace: TimeAmount
        private let isUrgent = Atomic(false)

        init(drainDelay: TimeAmount, grace: TimeAmount) {
            self.drainDelay = drainDelay
            self.grace = grace
        }

        /// Somebody at a terminal wants it to end, and no balancer has to notice first.
        func skipDelay() { isUrgent.store(true, ordering: .relaxed) }

        fileprivate var delay: TimeAmount { isUrgent.load(ordering: .relaxed) ? .zero : drainDelay }
    }

    /// Request heads are bounded at this many bytes of names, values and target, and at this many fields.
    private static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 32 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    /// Bytes that may wait for the parser. It does not count blanks before a value, and keeps what follows a request
    /// for another protocol.
    private static let unparsedBytes = 33 << 10

    /// Makes a new connection one of ours; runs on the connection's event loop.
    static func addHandlers(to channel: any Channel, _ workers: [Worker]) throws {
        guard let worker = workers.first(where: { $0.eventLoop === channel.eventLoop }) else {
            throw ChannelError.operationUnsupported
        }
        let decoder = CountingRequestDecoder(limits: headLimits)
        try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(decoder, maximumBufferSize: unparsedBytes), HTTPConnection(worker, decoder))
    }

    func run() async throws {
        announce()
        let looks = workers.map { worker in
            worker.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(250)) { _ in
                worker.lookAtConnections()
            }
        }
        try? await gracefulShutdown()
        // Balancers are told first, and given time to notice, while everybody is still served.
        await all { $0.beginStopping() }
        await pause(shutdown.delay)
        await ListenerEnd(listener: listener, eventLoops: workers.map(\.eventLoop)).close()
        let deadline = NIODeadline.now() + shutdown.grace
        // Calls on open connections are still answered; connections that nobody uses end last.
        while await !isIdle(), NIODeadline.now() < deadline { await pause(.milliseconds(20)) }
        let drained = EventLoopFuture.andAllComplete(workers.map { $0.drain() }, on: listener.eventLoop)
        if await !isDone(drained, within: max(.seconds(2), deadline - .now())) {
            await all { $0.closeConnections() }
        }
        for look in looks { look.cancel() }
    }

    private func all(_ ask: (Worker) -> EventLoopFuture<Void>) async {
        for answer in workers.map(ask) { try? await answer.get() }
    }

    private func isIdle() async -> Bool {
        for worker in workers where (try? await worker.isIdle().get()) == false { return false }
        return true
    }

    private func pause(_ time: TimeAmount) async {
        guard time > .zero else { return }
        try? await listener.eventLoop.scheduleTask(in: time) {}.futureResult.get()
    }

    private func isDone(_ future: EventLoopFuture<Void>, within time: TimeAmount) async -> Bool {
        let result = listener.eventLoop.makePromise(of: Bool.self)
        let timeout = listener.eventLoop.scheduleTask(in: time) { result.succeed(false) }
        future.whenComplete { _ in result.succeed(true) }
        defer { timeout.cancel() }
        return (try? await result.futureResult.get()) ?? false
    }
}
