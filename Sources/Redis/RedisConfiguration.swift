public import NIOCore

/// Where the server is, the user to authenticate as, and every limit of a client.
public struct RedisConfiguration: Sendable {
    /// Host name or address of the server, or of any node of a cluster; a name is resolved at each attempt to connect.
    public var host: String
    /// TCP port of the server.
    public var port: Int
    /// ACL user; nil or empty authenticates by password alone.
    public var user: String?
    /// Returns the password, or nil for none; called on the event loop at each attempt to connect and every
    /// `passwordInterval`, so a rotated secret is picked up. If it throws, the attempt fails as `auth`.
    public var password: @Sendable () throws -> String?
    /// Number of the logical database; for 0 no SELECT is sent.
    public var database: Int
    /// The transport security to put under the connection; nil for plain TCP.
    public var security: RedisTransportSecurity?
    /// Longest time that any command, including the handshake's, may wait for its reply. After that the connection
    /// closes, since a late reply would be taken for the next command's.
    public var commandDeadline: TimeAmount
    /// Longest time until the TCP connection, and TLS if it is used, is established.
    public var connectTimeout: TimeAmount
    /// Ceiling of the first pause between attempts, doubled after each attempt. A pause is drawn evenly below its
    /// ceiling.
    public var initialBackoff: TimeAmount
    /// Largest ceiling of a pause between attempts.
    public var maximumBackoff: TimeAmount
    /// How long a connection may be idle before PING is sent: well below the ten minutes after which Azure closes it.
    public var keepAliveInterval: TimeAmount
    /// A key that does not exist. With it, a look-up and a store without effect test whether the user may do both; nil
    /// for no test. They are sent with AUTH only.
    public var probeKey: String?
    /// How often to ask for the password again, so as to authenticate the connections in use after a change; nil if it
    /// does not change.
    public var passwordInterval: TimeAmount?
    /// The least time between two reasons reported by `RedisEvent.down` while no connection can be made.
    public var reasonInterval: TimeAmount
    /// Most commands without a reply; further look-ups and stores are refused.
    public var maximumOutstandingCommands: Int
    /// Most bytes of commands in memory: the sum of one tick's, and the same again for those the socket has not taken.
    public var maximumOutgoingBytes: Int
    /// Most bytes of a key and value together.
    public var maximumCommandBytes: Int

    /// A plain TCP connection with the defaults, which suit a server in the same network.
    public init(host: String, port: Int = 6379) {
        self.host = host
        self.port = port
        user = nil
        password = { nil }
        database = 0
        security = nil
        commandDeadline = .milliseconds(20)
        connectTimeout = .seconds(1)
        initialBackoff = .milliseconds(50)
        maximumBackoff = .seconds(2)
        keepAliveInterval = .seconds(60)
        probeKey = nil
        passwordInterval = nil
        reasonInterval = .seconds(5)
        maximumOutstandingCommands = 4096
        maximumOutgoingBytes = 4 * 1024 * 1024
        maximumCommandBytes = 1024 * 1024
    }
}

/// The place for TLS: what to put between the socket and the client's own handler.
public struct RedisTransportSecurity: Sendable {
    /// Adds handlers to the channel's pipeline, on its event loop, before the client adds its own.
    ///
    /// The client sends its first command when they fire NIO's `TLSUserEvent.handshakeCompleted`. The certificate must
    /// carry one of `names`; the first is the one to ask the server for.
    public var addHandlers: @Sendable (_ channel: any Channel, _ names: [String]) throws -> Void

    /// A security layer made of the handlers that `addHandlers` adds.
    public init(addHandlers: @escaping @Sendable (_ channel: any Channel, _ names: [String]) throws -> Void) {
        self.addHandlers = addHandlers
    }
}
