import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// The listener and its connections, from the first to the last.
struct HTTPService: Service {
    let listener: any Channel
    let workers: [Worker]
    /// Called once signals are waited for: whoever was told that the server is there may also end it.
    let announce: @Sendable () -> Void

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

    /// How long calls under way are waited for.
    private static let grace = TimeAmount.seconds(20)

    /// Makes a new connection one of ours; runs on the connection's event loop.
    static func addHandlers(to channel: any Channel, _ workers: [Worker]) throws {
        guard let worker = workers.first(where: { $0.eventLoop === channel.eventLoop }) else {
            throw ChannelError.operationUnsupported
        }
        let decoder = HTTPRequestDecoder(limitConfiguration: headLimits)
        try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(decoder, maximumBufferSize: unparsedBytes), HTTPConnection(worker))
    }

    func run() async throws {
        announce()
        let sweeps = workers.map { worker in
            worker.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                worker.closeOverdueConnections()
            }
        }
        try? await gracefulShutdown()
        try? await listener.close()
        let drained = EventLoopFuture.andAllComplete(workers.map { $0.drain() }, on: listener.eventLoop)
        let timer = listener.eventLoop.makePromise(of: Void.self)
        let timeout = listener.eventLoop.scheduleTask(in: Self.grace) { timer.succeed() }
        drained.cascade(to: timer)
        try? await timer.futureResult.get()
        timeout.cancel()
        for sweep in sweeps { sweep.cancel() }
    }
}
