import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

/// The handler's limits, and what happens to stores and to commands that were not sent.
@Suite final class RedisChannelHandlerBoundsTests: EmbeddedConnections {
    @Test("a command that is too large fails alone")
    func aCommandThatIsTooLargeIsRefusedAlone() throws {
        let connection = try connectAndShakeHands { $0.maximumCommandBytes = 10 }
        connection.get("12345678901")
        connection.set("123456", "78901")
        connection.set("12345", "67890")
        #expect(connection.answers == ["12345678901": [.failed(.commandTooLarge)]])
        #expect(connection.events == [.lookupError(.commandTooLarge), .storeError(.commandTooLarge)])
        connection.handler.flush()
        #expect(try connection.sentText().hasPrefix("*5\r\n$3\r\nSET\r\n"))
    }

    @Test("commands beyond the limits fail at once")
    func commandsOverTheBoundsAreRefused() throws {
        let connection = try connectAndShakeHands { configuration in
            configuration.maximumOutgoingBytes = 1000
            configuration.maximumOutstandingCommands = 100
        }
        for number in 0..<100 {
            connection.get("\(number)")
        }
        let refused = connection.answers.filter { $0.value == [.failed(.queueFull)] }.count
        #expect(refused > 0 && refused == connection.answers.count)
        #expect(connection.events.count == refused)
        connection.handler.flush()
        #expect(try connection.sentText().utf8.count <= 1000)
        connection.get("later")
        #expect(connection.answers["later"] == nil)
    }

    @Test("commands fail at once while the socket accepts no bytes")
    func aSocketThatTakesNothingRefusesCommands() throws {
        let connection = try connectAndShakeHands()
        connection.becomeWritable(false)
        connection.get("a")
        connection.set("b", "1")
        #expect(connection.answers == ["a": [.failed(.queueFull)]])
        #expect(connection.events == [.lookupError(.queueFull), .storeError(.queueFull)])
        connection.becomeWritable(true)
        connection.get("c")
        #expect(connection.answers["c"] == nil)
    }

    @Test("a handler that is added to a closed channel reports that it is closed")
    func aHandlerAddedToAClosedChannelTellsSo() throws {
        var events: [RedisChannelHandler.Event] = []
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish() }
        let handler = try #require(
            RedisChannelHandler(
                configuration: RedisConfiguration(host: "redis.test"),
                password: nil,
                connectDeadline: channel.eventLoop.now,
                onEvent: { events.append($0) }
            )
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        #expect(events == [.ended(.connect("closed by the server")), .closed(hasAnswered: false)])
    }

    @Test("a store that was sent is settled once: by its reply, an error reply, or the connection's end")
    func aStoreThatWasSentIsSettledOnce() throws {
        let connection = try connectAndShakeHands()
        for (key, number) in [("a", 1), ("b", 2), ("c", 3)] { #expect(connection.set(key, "1", number: number)) }
        connection.handler.flush()
        #expect(connection.settled.isEmpty)
        try connection.receive("+OK\r\n")
        #expect(connection.settled == [1])
        try connection.receive("-OOM command not allowed\r\n")
        #expect(connection.settled == [1, 2])
        var settledBeforeTheLookUp: [Int] = []
        connection.get("d") { settledBeforeTheLookUp = connection.settled }
        connection.handler.close()
        #expect(settledBeforeTheLookUp == [1, 2, 3])
        #expect(!connection.set("e", "1"))
        connection.finish()
        #expect(connection.settled == [1, 2, 3])
    }

    @Test("closing writes the commands that were not flushed yet")
    func closingWritesWhatWasAskedFor() throws {
        let connection = try connectAndShakeHands()
        connection.set("a", "1")
        connection.handler.close()
        #expect(try connection.sentText().contains("SET"))
        #expect(connection.events == [.ended(.closed), .storeError(.closed), .closed(hasAnswered: false)])
    }
}
