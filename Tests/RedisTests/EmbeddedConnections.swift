import NIOCore

@testable import Redis

/// The connections of one test, which end with it.
class EmbeddedConnections {
    private var connections: [EmbeddedConnection] = []

    deinit {
        // An open channel and its pipeline retain each other forever.
        for connection in connections {
            connection.finish()
        }
    }

    func connect(
        password: String? = nil,
        configure: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> EmbeddedConnection {
        let connection = try EmbeddedConnection(password: password, configure: configure)
        connections.append(connection)
        return connection
    }

    /// A connection past its handshake, with nothing left to read.
    func connectAndShakeHands(
        configure: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> EmbeddedConnection {
        let connection = try connect(configure: configure)
        try connection.receive("+PONG\r\n")
        _ = try connection.sentText()
        connection.events = []
        return connection
    }

    func value(_ text: String) -> RedisLookup {
        .value(ByteBuffer(string: text))
    }
}
