import NIOCore
import NIOPosix
import NIOTLS

/// Connects to the server of the URL and to the nodes of its cluster, under one set of rules.
struct NodeConnector {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop

    /// Connects; nothing is read before `add`.
    func connect(to address: NodeAddress) -> EventLoopFuture<any Channel> {
        let highWaterMark = max(configuration.maximumOutgoingBytes, 2)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: highWaterMark / 2, high: highWaterMark))
            // A name may have several addresses, each with a channel of its own, so the handlers are added to the
            // channel that connected first. Until then nothing is read, so no byte of the server is lost.
            .channelOption(.autoRead, value: false)
            .connect(host: address.host, port: address.port)
    }

    /// Adds the security layer and the last handler to a channel that `connect` has made, and starts reading.
    ///
    /// - Parameter names: the certificate must carry one of these.
    func add(_ handler: some ChannelInboundHandler, to channel: any Channel, names: [String]) throws {
        if let security = configuration.security { try security.addHandlers(channel, names) }
        try channel.pipeline.syncOperations.addHandler(handler)
        // Fails only on a channel that has been closed meanwhile, which the handler has reported.
        channel.setOption(.autoRead, value: true).whenComplete { _ in }
    }

    /// The current password; the error is a line for people.
    func password() throws(RedisError) -> String? {
        do {
            return try configuration.password()
        } catch {
            throw .auth(ByteBuffer(string: "the password cannot be read: \(error)").printableLine)
        }
    }
}

extension RedisError {
    /// Why there is no connection to a server, as one line.
    static func connecting(_ error: any Error, to address: NodeAddress) -> RedisError {
        .connect(ConnectionErrorText(error, host: address.host, port: address.port).description)
    }

    /// An error of our own layers, as one line.
    static func transport(_ error: any Error) -> RedisError {
        .connect(ByteBuffer(string: "\(error)").printableLine)
    }
}
