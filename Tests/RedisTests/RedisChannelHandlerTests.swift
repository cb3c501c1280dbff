import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import Redis

/// The handler with a channel that has no socket: exact bytes out, exact reads in, and time by hand.
@Suite final class RedisChannelHandlerTests: EmbeddedConnections {
    @Test("the commands of the handshake leave in one write")
    func theHandshakeLeavesInOneWrite() throws {
        let connection = try connect(password: "secret") { configuration in
            configuration.user = "bob"
            configuration.database = 3
        }
        #expect(
            try connection.sent() == [
                "*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n"
            ]
        )
        try connection.receive("+OK\r\n+OK\r\n")
        #expect(!connection.handler.isReady)
        try connection.receive("+PONG\r\n")
        #expect(connection.handler.isReady)
        #expect(connection.events == [.ready])
    }

    @Test("the commands of a tick leave in one write, and none before the flush")
    func aTickLeavesInOneWriteAndNothingBeforeTheFlush() throws {
        let connection = try connectAndShakeHands()
        connection.get("a")
        connection.set("b", "1")
        connection.get("c")
        #expect(try connection.sent() == [])
        connection.handler.flush()
        connection.handler.flush()
        let writes = try connection.sent()
        #expect(writes.count == 1)
        #expect(writes.first?.ranges(of: "GETRANGE").count == 2)
        try connection.receive("$1\r\nx\r\n+OK\r\n$0\r\n\r\n")
        #expect(connection.answers == ["a": [value("x")], "c": [.missing]])
        #expect(connection.events == [])
    }

    @Test("replies that are cut at any byte are read the same", .proves("T30"))
    func repliesCutAtEveryByteAreTheSame() throws {
        let replies = "$3\r\n\r\n\0\r\n+OK\r\n-ERR no\r\n$0\r\n\r\n"
        for cut in 0...replies.utf8.count {
            let connection = try connectAndShakeHands()
            connection.get("a")
            connection.set("b", "1")
            connection.get("c")
            connection.get("d")
            connection.handler.flush()
            try connection.channel.writeInbound(ByteBuffer(bytes: replies.utf8.prefix(cut)))
            try connection.channel.writeInbound(ByteBuffer(bytes: replies.utf8.dropFirst(cut)))
            let expected = ["a": [value("\r\n\0")], "c": [.failed(.errorReply("ERR no"))], "d": [.missing]]
            #expect(connection.answers == expected)
            #expect(connection.events == [.lookupError(.errorReply("ERR no"))])
            #expect(connection.handler.isReady)
        }
    }

    @Test("nothing is sent before the connection is ready")
    func whileNotReadyNothingTouchesTheSocket() throws {
        let connection = try connect()
        _ = try connection.sent()
        connection.get("a")
        connection.set("b", "1")
        connection.handler.flush()
        #expect(connection.answers == ["a": [.failed(.notReady)]])
        #expect(try connection.sent() == [])
        #expect(connection.events == [])
    }

    @Test("a missed deadline fails all commands at once and closes the channel")
    func theDeadlineFailsEverybodyAtOnceAndClosesTheChannel() throws {
        let connection = try connectAndShakeHands()
        connection.get("a")
        connection.handler.flush()
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(10))
        connection.get("b")
        connection.set("c", "1")
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(10))
        #expect(connection.answers == [:])
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(connection.answers == ["a": [.failed(.deadline)], "b": [.failed(.deadline)]])
        #expect(
            connection.events == [.ended(.deadline), .storeError(.deadline), .closed(hasAnswered: false)]
        )
        #expect(!connection.channel.isActive)
        connection.get("d")
        #expect(connection.answers["d"] == [.failed(.notReady)])
    }

    @Test("a timer that fires after its command got its reply waits for the next command")
    func aTimerThatFindsAYoungerCommandWaitsForIt() throws {
        let connection = try connectAndShakeHands()
        let loop = connection.channel.embeddedEventLoop
        for number in 0..<100 {
            connection.get("\(number)")
            connection.handler.flush()
            loop.advanceTime(by: .milliseconds(15))
            try connection.receive("$1\r\nx\r\n")
        }
        #expect(connection.answers.count == 100)
        #expect(connection.handler.isReady)
        connection.get("last")
        connection.handler.flush()
        loop.advanceTime(by: .milliseconds(21))
        #expect(connection.answers["last"] == [.failed(.deadline)])
    }

    @Test("a handshake without a reply ends at its deadline")
    func aFrozenHandshakeExpires() throws {
        let connection = try connect()
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(21))
        #expect(connection.events == [.ended(.deadline), .closed(hasAnswered: false)])
    }

    @Test("two stray replies in one read close the connection")
    func twoStrayRepliesInOneReadCloseTheConnection() throws {
        let connection = try connectAndShakeHands()
        try connection.receive("+a\r\n+b\r\n+c\r\n")
        #expect(
            connection.events == [
                .ended(.protocolViolation("a reply that nothing asked for")), .closed(hasAnswered: false),
            ]
        )
    }

    @Test("a stray reply never completes a command that a completion sends")
    func aStrayReplyNeverAnswersWhatACompletionSends() throws {
        let connection = try connectAndShakeHands()
        connection.get("a") {
            connection.get("b")
            connection.handler.flush()
        }
        connection.handler.flush()
        try connection.receive("$1\r\nx\r\n$5\r\nstray\r\n$5\r\nstray\r\n")
        #expect(connection.answers == ["a": [value("x")], "b": [.failed(.notReady)]])
        #expect(!connection.channel.isActive)
    }

    @Test("a reply that comes before its command was written is a stray reply")
    func aReplyThatComesBeforeItsCommandWasWrittenIsStray() throws {
        let connection = try connectAndShakeHands()
        connection.get("a")
        try connection.receive("$5\r\nstray\r\n")
        #expect(connection.answers == ["a": [.failed(.protocolViolation("a reply that nothing asked for"))]])
    }

    @Test("a completion may close the connection in the middle of a read")
    func aCompletionMayCloseInTheMidstOfARead() throws {
        let connection = try connectAndShakeHands()
        connection.get("a") { connection.handler.close() }
        connection.get("b")
        connection.get("c")
        connection.handler.flush()
        try connection.receive("$1\r\nx\r\n$1\r\ny\r\n")
        #expect(connection.answers == ["a": [value("x")], "b": [value("y")], "c": [.failed(.closed)]])
        #expect(connection.events == [.ended(.closed), .closed(hasAnswered: true)])
    }

    @Test("a completion may look up again when its connection ends")
    func aCompletionMayAskAgainWhenItsConnectionEnds() throws {
        let connection = try connectAndShakeHands()
        connection.get("a") { connection.get("again") }
        connection.handler.flush()
        connection.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        #expect(connection.answers["a"]?.count == 1)
        #expect(connection.answers["again"] == [.failed(.notReady)])
    }

    @Test("the server's text is cut and made printable")
    func textOfThePeerIsCutAndMadePrintable() throws {
        let connection = try connectAndShakeHands()
        connection.get("a")
        connection.handler.flush()
        try connection.receive("-ERR \u{1B}[31m\u{2028}127.0.0.1\t\0" + String(repeating: "x", count: 500) + "\r\n")
        guard case .failed(.errorReply(let text))? = connection.answers["a"]?.first else {
            Issue.record("no error reply")
            return
        }
        #expect(text.hasPrefix("ERR ?[31m?127.0.0.1??xxx") && text.utf8.count == 158)
    }

    @Test(
        "however a stream is cut, each look-up gets its own reply",
        arguments: 0..<100 as Range<UInt64>)
    func anyCutsOfAnyStreamGiveEachLookupItsOwnAnswer(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let connection = try connectAndShakeHands { $0.maximumOutstandingCommands = 1000 }
        var expected: [String: [RedisLookup]] = [:]
        var stream = ByteBuffer()
        for number in 0..<200 {
            if Int.random(in: 0..<3, using: &generator) == 0 {
                connection.set("\(number)", "x")
                stream.writeString("+OK\r\n")
            } else {
                connection.get("\(number)")
                let text = Bool.random(using: &generator) ? "\(number)" : ""
                stream.writeString("$\(text.utf8.count)\r\n\(text)\r\n")
                expected["\(number)"] = [text.isEmpty ? .missing : value(text)]
            }
        }
        connection.handler.flush()
        while stream.readableBytes > 0 {
            let length = min(Int.random(in: 1...40, using: &generator), stream.readableBytes)
            let chunk = stream.readSlice(length: length)
            try connection.channel.writeInbound(try #require(chunk))
        }
        #expect(connection.answers == expected)
        #expect(connection.handler.isReady)
    }
}
