import NIOCore
import NIOTLS

/// Asks one node for the cluster's slots, on a connection of its own that ends with the reply.
///
/// A reply with arrays may be long and slow; on its own connection it never delays look-ups.
final class TopologyQuery: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Outcome = Result<[AnnouncedSlots], RedisError>

    private let command: ClusterCommand
    private let configuration: RedisConfiguration
    private let password: String?
    private var outcome: Outcome?
    private var reader = RESPArrayReader()
    private var awaitsAuthentication: Bool
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    private init(_ command: ClusterCommand, _ configuration: RedisConfiguration, password: String?) {
        self.command = command
        self.configuration = configuration
        self.password = password
        awaitsAuthentication = password != nil || !(configuration.user ?? "").isEmpty
    }

    /// - Parameters:
    ///   - trust: the rules that the node must meet; nil for the URL's own host.
    ///   - whenMade: receives the query, so that it can be ended early.
    /// - Returns: the outcome, once the connection is closed.
    static func ask(
        _ address: NodeAddress, _ command: ClusterCommand, trust: NodeTrust?, _ connector: NodeConnector,
        whenMade: @escaping (TopologyQuery) -> Void
    ) -> EventLoopFuture<Outcome> {
        let password: String?
        do throws(RedisError) {
            password = try connector.password()
        } catch {
            return connector.eventLoop.makeSucceededFuture(.failure(error))
        }
        let deadline = connector.eventLoop.now + connector.configuration.connectTimeout
        let promise = connector.eventLoop.makePromise(of: Outcome.self)
        connector.connect(to: address).assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error): promise.succeed(.failure(.connecting(error, to: address)))
            case .success(let channel):
                let query = TopologyQuery(command, connector.configuration, password: password)
                query.timer = connector.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak query] in
                    query?.finish(.failure(.deadline))
                }
                do {
                    try trust?.check(channel.remoteAddress, of: address)
                    let names = trust?.certificateNames(of: address) ?? [address.host]
                    try connector.add(query, to: channel, names: names)
                } catch {
                    query.finish(.failure(.connecting(error, to: address)))
                    channel.close(promise: nil)
                }
                whenMade(query)
                channel.closeFuture.assumeIsolated().whenComplete { _ in
                    query.finish(.failure(.connect("closed by the server")))
                    promise.succeed(query.outcome ?? .failure(.closed))
                }
            }
        }
        return promise.futureResult
    }

    /// Ends the query.
    func cancel() { finish(.failure(.closed)) }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if configuration.security == nil { open(in: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { open(in: context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.failure(.transport(error))) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard outcome == nil else { return }
        do throws(RESPArrayReader.Violation) {
            try reader.feed(unwrapInboundIn(data))
            while outcome == nil, let reply = try reader.next() { received(reply) }
        } catch {
            finish(.failure(.protocolViolation("the cluster's slots: \(error.text)")))
        }
    }

    private func open(in context: ChannelHandlerContext) {
        var commands = ByteBuffer()
        if awaitsAuthentication {
            RESPCommand.authenticate(user: configuration.user, password: password ?? "", into: &commands)
        }
        RESPCommand.cluster(command, into: &commands)
        context.writeAndFlush(wrapOutboundOut(commands), promise: nil)
    }

    private func received(_ reply: RESPValue) {
        if awaitsAuthentication {
            awaitsAuthentication = false
            if case .error(let line) = reply { finish(.failure(.auth(ByteBuffer(string: line).printableLine))) }
            return
        }
        if case .error(let line) = reply {
            return finish(.failure(.errorReply(ByteBuffer(string: line).printableLine)))
        }
        do {
            let usesTLS = configuration.security != nil
            finish(.success(try ClusterTopology.read(reply, of: command, usesTLS: usesTLS)))
        } catch {
            finish(.failure(.protocolViolation("the cluster's slots have an unknown form")))
        }
    }

    private func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        timer?.cancel()
        context?.close(promise: nil)
    }
}
