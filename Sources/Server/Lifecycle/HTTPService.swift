import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The listener and its connections, from the first to the last.
struct HTTPService: Service {
    let listener: any Channel
    let workers: [Worker]
    let shutdown: Shutdown

    /// Makes a new connection one of ours; runs on the connection's event loop.
    static func addHandlers(to channel: any Channel, _ workers: [Worker]) throws {
        guard let worker = workers.first(where: { $0.eventLoop === channel.eventLoop }) else {
            throw ChannelError.operationUnsupported
        }
        try channel.pipeline.syncOperations.addHandler(HTTPConnection(worker))
    }

    func run() async throws {
        let looks = workers.map { worker in
            worker.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Worker.lookInterval) { _ in
                worker.lookAtConnections()
            }
        }
        try? await gracefulShutdown()
        // Balancers are told first, and given time to notice, while everybody is still served.
        await all { $0.beginStopping() }
        await pause(shutdown.delay)
        shutdown.beginGrace()
        await ListenerEnd(listener: listener, eventLoops: workers.map(\.eventLoop)).close()
        // Calls on open connections are still answered; connections that nobody uses end last.
        while await !isIdle(), shutdown.timeLeft(for: .calls) > .zero { await pause(.milliseconds(20)) }
        let drained = EventLoopFuture.andAllComplete(workers.map { $0.drain() }, on: listener.eventLoop)
        if await !drained.isDone(within: shutdown.timeLeft(for: .connections)) {
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
}
