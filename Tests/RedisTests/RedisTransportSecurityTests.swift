import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import Redis

/// The place for TLS: nothing is said before it is up, and it does not get for ever.
@Suite struct RedisTransportSecurityTests {
    @Test func theSecurityLayerComesBeforeTheFirstCommand() throws {
        let connection = try EmbeddedConnection { $0.security = RedisTransportSecurity { _, _ in } }
        defer { connection.finish() }
        #expect(try connection.sent() == [])
        connection.channel.pipeline.fireUserInboundEventTriggered(
            TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        #expect(try connection.sent() == ["*1\r\n$4\r\nPING\r\n"])
    }

    @Test func aSecurityLayerThatNeverFinishesIsGivenUp() throws {
        let connection = try EmbeddedConnection { $0.security = RedisTransportSecurity { _, _ in } }
        defer { connection.finish() }
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1001))
        #expect(
            connection.events == [
                .ended(.connect("TLS: no handshake within the time to connect; is it a port for TLS?")),
                .closed(hasAnswered: false),
            ])
    }

    @Test func theHandlersAreAddedWithTheNameTheCertificateMustCarry() async throws {
        let names = NIOLockedValueBox<[String]>([])
        for serverName in [nil, "cache.example"] {
            try await ScriptedPeer.with(script: { _, command in ScriptedPeer.behave(command) }) { peer in
                let configure: (inout RedisConfiguration) -> Void = {
                    $0.security = RedisTransportSecurity(serverName: serverName) { channel, name in
                        names.withLockedValue { $0.append(name) }
                        try channel.pipeline.syncOperations.addHandler(InstantHandshake())
                    }
                }
                try await LoopClient.with(port: peer.port, configure: configure) { client in
                    try await client.waitUntilUp()
                    #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
                }
            }
        }
        #expect(names.withLockedValue { $0 } == ["127.0.0.1", "cache.example"])
    }

    @Test func handlersThatCannotBeAddedFailTheAttempt() async throws {
        try await ScriptedPeer.with(script: { _, command in ScriptedPeer.behave(command) }) { peer in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.security = RedisTransportSecurity { _, _ in throw ChannelError.operationUnsupported }
            }
            try await LoopClient.with(port: peer.port, configure: configure) { client in
                let events = await client.events(3).map(\.name)
                #expect(events == ["fault connect", "down connect", "fault connect"])
            }
        }
    }
}

/// A security layer that is up a tick after it was added.
private final class InstantHandshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute {
            context.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        }
    }
}
