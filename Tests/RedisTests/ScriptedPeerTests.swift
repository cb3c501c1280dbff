import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Redis

/// The client against servers that misbehave: each look-up ends once, no reply goes to another, and the client
/// recovers.
@Suite(.timeLimit(.minutes(2))) struct ScriptedPeerTests {
    /// One way to reply to the first look-up of the first connection, and its consequences.
    struct Misdeed: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let actions: [ScriptedPeer.Action]
        let error: String

        init(_ description: String, _ actions: [ScriptedPeer.Action], _ error: String) {
            testDescription = description
            self.actions = actions
            self.error = error
        }
    }

    static let misdeeds = [
        Misdeed("silent", [], "deadline"),
        Misdeed("slow", [.hold("$3\r\nold\r\n")], "deadline"),
        Misdeed("half a reply", [.send("$5\r\nhe")], "deadline"),
        Misdeed("only a type byte", [.send("$")], "deadline"),
        Misdeed("a length and no more", [.send("$8589934592\r\n")], "deadline"),
        Misdeed("an integer", [.send(":5\r\n")], "protocol"),
        Misdeed("a status", [.send("+OK\r\n")], "protocol"),
        Misdeed("an array", [.send("*1\r\n$1\r\nx\r\n")], "protocol"),
        Misdeed("an empty array", [.send("*0\r\n")], "protocol"),
        Misdeed("a null array", [.send("*-1\r\n")], "protocol"),
        Misdeed("two billion elements", [.send("*2147483647\r\n")], "protocol"),
        Misdeed("a map of the newer protocol", [.send("%1\r\n+a\r\n+b\r\n")], "protocol"),
        Misdeed("garbage", [.send("HTTP/1.1 400 Bad Request\r\n\r\n")], "protocol"),
        Misdeed("NUL bytes", [.send("\0\0\0")], "protocol"),
        Misdeed("a negative length", [.send("$-2\r\n")], "protocol"),
        Misdeed(
            "a value larger than was asked for", [.send("$65\r\n" + String(repeating: "x", count: 65) + "\r\n")],
            "protocol"),
        Misdeed("a huge value", [.send("$8589934592\r\n" + String(repeating: "x", count: 100_000))], "protocol"),
        Misdeed("a huge line", [.send("-" + String(repeating: "x", count: 100_000))], "protocol"),
        Misdeed("a reset", [.reset], "connect"),
        Misdeed("a close", [.close], "connect"),
        Misdeed("half a reply and a close", [.send("$5\r\nhe"), .close], "connect"),
        Misdeed("half a reply and a reset", [.send("$5\r\nhe"), .reset], "connect"),
    ]

    @Test(
        "a server that breaks the protocol fails all outstanding commands, and the client connects again",
        arguments: misdeeds)
    func aMisdeedFailsAllOutstandingAndIsHealedFrom(misdeed: Misdeed) async throws {
        let script: ScriptedPeer.Script = { connection, command in
            guard connection == 0, command.first == "GETRANGE" else { return ScriptedPeer.behave(command) }
            return command[1] == "first" ? misdeed.actions : []
        }
        try await ScriptedPeer.with(script: script) { peer in
            let configure: (inout RedisConfiguration) -> Void = {
                if misdeed.error == "deadline" { $0.commandDeadline = .seconds(1) }
            }
            try await LoopClient.with(port: peer.port, configure: configure) { client in
                try await client.waitUntilUp()
                let lookups = await client.get(["first", "second", "third"])
                for lookup in lookups {
                    #expect(lookup.error?.name == misdeed.error)
                }
                let events = await client.events(3)
                #expect(events.map(\.name) == ["error \(misdeed.error)", "down \(misdeed.error)", "up"])
                await peer.release()
                let keys = (0..<20).map { "key \($0)" }
                #expect(await client.get(keys) == keys.map { .value(ByteBuffer(string: $0)) })
                #expect(peer.connectionCount == 2)
            }
        }
    }

    @Test("a stray reply after a good one ends the connection and nothing else")
    func aStrayReplyAfterAGoodOneEndsTheConnectionAndNothingElse() async throws {
        let script: ScriptedPeer.Script = { connection, command in
            let good = ScriptedPeer.behave(command)
            return connection == 0 && command.first == "GETRANGE" ? good + [.send("$1\r\nx\r\n$1\r\ny\r\n")] : good
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                try await client.waitUntilUp()
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
                #expect(try await client.waitUntilDown().name == "protocol")
                try await client.waitUntilUp()
                #expect(await client.get("b") == .value(ByteBuffer(string: "b")))
            }
        }
    }

    @Test("stray replies in one read crash nothing")
    func strayRepliesInOneReadCrashNothing() async throws {
        let script: ScriptedPeer.Script = { connection, command in
            connection == 0 && command.first == "PING"
                ? [.send("+PONG\r\n+PONG\r\n+PONG\r\n$1\r\nx\r\n")] : ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                let events = await client.events(4)
                #expect(events.map(\.name) == ["up", "error protocol", "down protocol", "up"])
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
            }
        }
    }

    @Test(
        "an error reply fails its own look-up and keeps the connection",
        arguments: [
            "LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required.",
            "MOVED 3999 nonsense", "WRONGTYPE Operation against a key", "OOM command not allowed",
        ])
    func anErrorReplyFailsItsOwnLookupAndKeepsTheConnection(line: String) async throws {
        let script: ScriptedPeer.Script = { _, command in
            command.contains("bad") ? [.send("-\(line)\r\n")] : ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                try await client.waitUntilUp()
                let lookups = await client.get(["a", "bad", "b"])
                #expect(
                    lookups == [
                        .value(ByteBuffer(string: "a")), .failed(.errorReply(line)), .value(ByteBuffer(string: "b")),
                    ]
                )
                try await client.set("bad", "x")
                #expect(await client.events(2) == [.error(.errorReply(line)), .storeError(.errorReply(line))])
                #expect(peer.connectionCount == 1)
            }
        }
    }

    @Test(
        "a handshake that goes wrong is reported once, and tried again",
        arguments: [
            Misdeed("silent", [], "deadline"),
            Misdeed("loading", [.send("-LOADING Redis is loading the dataset in memory\r\n")], "error_reply"),
            Misdeed("unauthenticated", [.send("-NOAUTH Authentication required.\r\n")], "auth"),
            Misdeed("another status", [.send("+OK\r\n")], "protocol"),
            Misdeed("a string", [.send("$4\r\nPONG\r\n")], "protocol"),
            Misdeed("two billion elements", [.send("*2147483647\r\n")], "protocol"),
            Misdeed("garbage", [.send("garbage")], "protocol"),
            Misdeed("a reset", [.reset], "connect"),
            Misdeed("a close", [.close], "connect"),
        ])
    func theCircuitStaysOpenUntilAProperPong(misdeed: Misdeed) async throws {
        let behaves = NIOLockedValueBox(false)
        let script: ScriptedPeer.Script = { _, command in
            command.first == "PING" && !behaves.withLockedValue { $0 } ? misdeed.actions : ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            let configure: (inout RedisConfiguration) -> Void = {
                if misdeed.error == "deadline" { $0.commandDeadline = .milliseconds(500) }
            }
            try await LoopClient.with(port: peer.port, configure: configure) { client in
                let events = await client.events(4).map(\.name)
                let error = "error \(misdeed.error)"
                #expect(events == [error, "down \(misdeed.error)", error, error], "reported once, not per attempt")
                #expect(await client.get("a") == .failed(.notReady))
                behaves.withLockedValue { $0 = true }
                try await client.waitUntilUp()
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
            }
        }
    }

    @Test("a greeting is not taken for a reply")
    func aGreetingThatNobodyAskedForIsNoAnswer() async throws {
        let script: ScriptedPeer.Script = { connection, command in
            connection == 0 && command.isEmpty
                ? [.send("-ERR max number of clients reached\r\n"), .close] : ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                try await client.waitUntilUp()
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
            }
        }
    }

    @Test("replies that come byte by byte are read whole")
    func repliesThatDripInByteByByteAreWhole() async throws {
        let script: ScriptedPeer.Script = { _, command in
            ScriptedPeer.behave(command).map { if case .send(let text) = $0 { .drip(text) } else { $0 } }
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                try await client.waitUntilUp()
                for key in ["a", "key with spaces", "\r\n$5\r\nhello\r\n"] {
                    #expect(await client.get(key) == .value(ByteBuffer(string: key)))
                }
            }
        }
    }

    @Test("a reply that is in the socket already is read before the deadline applies")
    func aReplyThatLiesInTheSocketIsReadBeforeTheDeadlineIsLookedAt() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let isAsked = NIOLockedValueBox(false)
        let script: ScriptedPeer.Script = { _, command in
            if command.first == "GETRANGE" { isAsked.withLockedValue { $0 = true } }
            return ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            let loop = group.next()
            let configure: (inout RedisConfiguration) -> Void = { $0.commandDeadline = .milliseconds(300) }
            try await LoopClient.with(port: peer.port, eventLoop: loop, configure: configure) { client in
                try await client.waitUntilUp()
                let lookup = try await loop.flatSubmit {
                    let promise = loop.makePromise(of: RedisLookup.self)
                    client.getOnLoop("a") { promise.succeed($0) }
                    client.flushOnLoop()
                    // The loop is blocked until long after the deadline, and the peer has had time to reply meanwhile.
                    while !isAsked.withLockedValue({ $0 }) {}
                    let end = NIODeadline.now() + .milliseconds(600)
                    while NIODeadline.now() < end {}
                    return promise.futureResult
                }.get()
                #expect(lookup == .value(ByteBuffer(string: "a")))
            }
        }
        try await group.shutdownGracefully()
    }

    @Test("closing fails what is outstanding and ends all attempts")
    func closingFailsWhatIsOutstandingAndStopsForGood() async throws {
        let script: ScriptedPeer.Script = { _, command in
            command.first == "GETRANGE" ? [] : ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port) { client in
                try await client.waitUntilUp()
                let lookups = try await client.eventLoop.flatSubmit {
                    let promises = (0..<5).map { _ in client.eventLoop.makePromise(of: RedisLookup.self) }
                    for promise in promises {
                        client.getOnLoop("a") { promise.succeed($0) }
                    }
                    client.flushOnLoop()
                    return client.closeOnLoop().flatMap {
                        EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: client.eventLoop)
                    }
                }.get()
                #expect(lookups == Array(repeating: .failed(.closed), count: 5))
                #expect(await client.get("a") == .failed(.closed))
                #expect(peer.connectionCount == 1)
            }
        }
    }
}

extension RedisLookup {
    var error: RedisError? {
        if case .failed(let error) = self { error } else { nil }
    }
}

extension RedisEvent {
    /// The event and its error, one word each.
    var name: String {
        switch self {
        case .up: return "up"
        case .down(let error): return "down \(error.name)"
        case .error(let error): return "error \(error.name)"
        case .storeError(let error): return "store \(error.name)"
        case .refused(let kind, _): return "refused \(kind)"
        case .accepted(let kind): return "accepted \(kind)"
        case .authenticated(let error): return error.map { "not authenticated \($0.name)" } ?? "authenticated"
        case .cluster(let primaries): return "cluster \(primaries)"
        case .nodeDown(_, let error): return "node down \(error.name)"
        case .nodeUp: return "node up"
        case .nodeLeft: return "node left"
        case .nodeRefused(let error): return "node refused \(error)"
        case .slotsUnknown(let error): return "slots unknown \(error.name)"
        }
    }
}
