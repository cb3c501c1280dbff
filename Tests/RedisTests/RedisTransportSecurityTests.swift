import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import Redis

/// The place for TLS: nothing is sent before it is up, and its handshake has a time limit.
@Suite struct RedisTransportSecurityTests {
    @Test("the first command waits for the TLS handshake")
    func theSecurityLayerComesBeforeTheFirstCommand() throws {
        let connection = try EmbeddedConnection { $0.security = RedisTransportSecurity { _, _ in } }
        defer { connection.finish() }
        #expect(try connection.sent() == [])
        connection.channel.pipeline.fireUserInboundEventTriggered(
            TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        #expect(try connection.sent() == ["*1\r\n$4\r\nPING\r\n"])
    }

    @Test("a TLS handshake that never ends is given up")
    func aSecurityLayerThatNeverFinishesIsGivenUp() throws {
        let connection = try EmbeddedConnection { $0.security = RedisTransportSecurity { _, _ in } }
        defer { connection.finish() }
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1001))
        #expect(
            connection.events == [
                .ended(.connect("TLS: no handshake within the time to connect; is it a port for TLS?")),
                .closed(hasAnswered: false),
            ])
    }

    @Test("the TLS handlers are added with the name that the certificate must carry")
    func theHandlersAreAddedWithTheNameTheCertificateMustCarry() async throws {
        let names = NIOLockedValueBox<[[String]]>([])
        try await ScriptedPeer.with(script: { _, command in ScriptedPeer.behave(command) }) { peer in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.security = RedisTransportSecurity { channel, certificateNames in
                    names.withLockedValue { $0.append(certificateNames) }
                    try channel.pipeline.syncOperations.addHandler(InstantHandshake())
                }
            }
            try await LoopClient.with(port: peer.port, configure: configure) { client in
                try await client.waitUntilUp()
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
            }
        }
        #expect(names.withLockedValue { $0 } == [["127.0.0.1"]])
    }

    @Test("TLS handlers that cannot be added fail the attempt to connect")
    func handlersThatCannotBeAddedFailTheAttempt() async throws {
        try await ScriptedPeer.with(script: { _, command in ScriptedPeer.behave(command) }) { peer in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.security = RedisTransportSecurity { _, _ in throw ChannelError.operationUnsupported }
            }
            try await LoopClient.with(port: peer.port, configure: configure) { client in
                let events = await client.events(3).map(\.name)
                #expect(events == ["error connect", "down connect", "error connect"])
            }
        }
    }
}

/// A security layer that is up one tick after it was added.
private final class InstantHandshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute {
            context.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        }
    }
}
