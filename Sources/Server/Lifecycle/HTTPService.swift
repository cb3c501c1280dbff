import Logging
import NIOCore
import NIOPosix

/// The listeners and their connections, from start to shutdown.
struct HTTPService {
    let listeners: [any Channel]
    let workers: [Worker]
    let shutdown: Shutdown

    /// Makes a new connection one of ours; runs on the connection's event loop.
    static func addHandlers(to channel: any Channel, _ workers: [Worker]) throws {
        guard let worker = workers.first(where: { $0.eventLoop === channel.eventLoop }) else {
            throw ChannelError.operationUnsupported
        }
        try worker.add(channel)
    }

    /// Serves until the stream ends, and then until the last connection is closed.
    func run(until stop: AsyncStream<Never>) async {
        let watches = workers.map { $0.watchDeadlines() }
        var isServing = stop.makeAsyncIterator()
        _ = await isServing.next()
        // Load balancers get time to notice while every client is still served.
        await all { $0.beginStopping() }
        await pause(shutdown.delay)
        shutdown.beginGrace()
        let eventLoops = workers.map(\.eventLoop)
        await withDiscardingTaskGroup { group in
            for listener in listeners {
                group.addTask { await ListenerDrain(listener: listener, eventLoops: eventLoops).close() }
            }
        }
        // Requests on open connections still get their responses; idle connections close last.
        while await !isIdle(), shutdown.timeLeft(for: .calls) > .zero { await pause(.milliseconds(20)) }
        let drained = EventLoopFuture.andAllComplete(workers.map { $0.drain() }, on: eventLoops[0])
        if await !drained.isDone(within: shutdown.timeLeft(for: .connections)) {
            await all { $0.closeConnections() }
        }
        for watch in watches { watch.cancel() }
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
        try? await workers.first?.eventLoop.scheduleTask(in: time) {}.futureResult.get()
    }
}
