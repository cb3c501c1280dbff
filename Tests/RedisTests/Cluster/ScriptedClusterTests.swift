import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Redis

/// The client against cluster nodes that misbehave, and redirects that a real cluster makes only now and then.
@Suite(.timeLimit(.minutes(2))) struct ScriptedClusterTests {
    /// The reply to CLUSTER SLOTS in which one node owns all slots.
    static func slots(_ host: String, _ port: Int) -> String {
        "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$\(host.utf8.count)\r\n\(host)\r\n:\(port)\r\n"
    }

    /// A node that owns all slots; the value of every key is the key itself.
    static func owner(_ command: [String], port: Int) -> [ScriptedPeer.Action] {
        command.first == "CLUSTER" ? [.send(slots("127.0.0.1", port))] : ScriptedPeer.behave(command)
    }

    private func value(_ text: String) -> RedisLookup { .value(ByteBuffer(string: text)) }

    /// Two nodes; the client is given the first.
    ///
    /// - Parameters:
    ///   - first: what the first does with look-ups, stores and CLUSTER; nil for what a good server does.
    ///   - second: the same for the second, which otherwise owns all slots.
    private func with(
        first: @escaping @Sendable (_ command: [String], _ first: Int, _ second: Int) -> [ScriptedPeer.Action]?,
        second: @escaping @Sendable (_ command: [String]) -> [ScriptedPeer.Action]? = { _ in nil },
        configure: (inout RedisConfiguration) -> Void = { _ in },
        body: (LoopClient, _ first: ScriptedPeer, _ second: ScriptedPeer) async throws -> Void
    ) async throws {
        let ports = NIOLockedValueBox((first: 0, second: 0))
        let secondScript: ScriptedPeer.Script = { _, command in
            second(command) ?? Self.owner(command, port: ports.withLockedValue { $0.second })
        }
        let firstScript: ScriptedPeer.Script = { _, command in
            let ports = ports.withLockedValue { $0 }
            return first(command, ports.first, ports.second) ?? ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: secondScript) { two in
            try await ScriptedPeer.with(script: firstScript) { one in
                ports.withLockedValue { $0 = (one.port, two.port) }
                try await LoopClient.with(port: one.port, configure: configure) { client in
                    try await client.waitUntilUp()
                    try await body(client, one, two)
                }
            }
        }
    }

    @Test("the look-up and the store that met the first MOVED get replies from the node that owns them")
    func firstMoved() async throws {
        try await with(first: { command, _, second in
            switch command.first {
            case "CLUSTER": [.send(Self.slots("127.0.0.1", second))]
            case "GETRANGE", "SET": [.send("-MOVED 7 127.0.0.1:\(second)\r\n")]
            default: nil
            }
        }) { client, first, second in
            #expect(await client.get(["a", "b", "c"]) == ["a", "b", "c"].map(value))
            #expect(try await client.event { $0.name.hasPrefix("cluster") } == .cluster(primaries: 1))
            try await client.set("d", "1")
            #expect(await client.get("d") == value("d"))
            #expect(second.connectionCount == 1, "one connection per node")
        }
    }

    @Test("a redirect that comes late and repeats what is known does not cause another query for the slots")
    func lateMoved() async throws {
        let askedFor = NIOLockedValueBox(0)
        try await with(
            first: { command, _, second in
                let moved = "-MOVED 7 127.0.0.1:\(second)\r\n"
                switch command.first {
                case "CLUSTER":
                    askedFor.withLockedValue { $0 += 1 }
                    return [.send(Self.slots("127.0.0.1", second))]
                case "GETRANGE": return [command[1] == "late" ? .hold(moved) : .send(moved)]
                default: return nil
                }
            },
            second: { command in
                if command.first == "CLUSTER" { askedFor.withLockedValue { $0 += 1 } }
                return nil
            }
        ) { client, first, second in
            async let values = client.get(["early", "late"])
            #expect(try await client.event { $0.name.hasPrefix("cluster") } == .cluster(primaries: 1))
            await first.release()
            #expect(await values == ["early", "late"].map(value))
            // A query would come after a millisecond.
            try await Task.sleep(for: .milliseconds(100))
            #expect(askedFor.withLockedValue { $0 } == 1)
        }
    }

    @Test("ASK redirects one command, after ASKING, and changes no slot")
    func ask() async throws {
        let seen = NIOLockedValueBox<[String]>([])
        try await with(
            first: { command, first, second in
                switch command.first {
                case "GETRANGE" where command[1] == "moving": [.send("-ASK 7 127.0.0.1:\(second)\r\n")]
                case "SET": [.send("-ASK 7 127.0.0.1:\(second)\r\n")]
                case "CLUSTER": [.send(Self.slots("127.0.0.1", first))]
                default: nil
                }
            },
            second: { command in
                seen.withLockedValue { $0.append(command[0..<min(2, command.count)].joined(separator: " ")) }
                return nil
            }
        ) { client, _, second in
            #expect(await client.get(["a", "moving", "b"]) == ["a", "moving", "b"].map(value))
            try await client.set("moving", "1")
            while try await client.storesUnderWay() > 0 {}
            #expect(await client.get("c") == value("c"))
            #expect(
                seen.withLockedValue { $0 } == [
                    "", "PING", "ASKING", "GETRANGE moving", "ASKING", "SET moving",
                ], "one connection, and nothing but what was sent elsewhere")
            #expect(second.connectionCount == 1)
        }
    }

    @Test("TRYAGAIN is tried again at the same node")
    func tryAgain() async throws {
        let isFirst = NIOLockedValueBox(true)
        try await with(first: { command, _, _ in
            guard command.first == "GETRANGE" else { return nil }
            let again = isFirst.withLockedValue { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            return again ? [.send("-TRYAGAIN Multiple keys request\r\n")] : nil
        }) { client, _, _ in
            #expect(await client.get("a") == value("a"))
        }
    }

    @Test("a command that is redirected again and again fails after two redirects", .proves("C1.31"))
    func loop() async throws {
        let count = NIOLockedValueBox(0)
        try await with(
            first: { command, _, second in
                guard command.first == "GETRANGE" || command.first == "SET" else { return nil }
                count.withLockedValue { $0 += 1 }
                return [.send("-MOVED 7 127.0.0.1:\(second)\r\n")]
            },
            second: { command in
                guard command.first == "GETRANGE" || command.first == "SET" else { return nil }
                count.withLockedValue { $0 += 1 }
                return [.send("-MOVED 7 :1\r\n")]
            }
        ) { client, first, second in
            let lookup = await client.get("a")
            #expect(lookup.error != nil)
            #expect(count.withLockedValue { $0 } == 2, "the third would go to a port without a listener")
            try await client.set("a", "1")
            while try await client.storesUnderWay() > 0 {}
        }
    }

    @Test(
        "a MOVED to a dead, a silent or a forbidden host fails the look-up within its deadline",
        .proves("C1.31", "T55"),
        arguments: ["127.0.0.1:1", "192.0.2.1:6379", "169.254.169.254:80", "127.0.0.1:0", "a%b:1"])
    func deadHost(target: String) async throws {
        let configure: (inout RedisConfiguration) -> Void = {
            $0.commandDeadline = .milliseconds(300)
            $0.connectTimeout = .seconds(1)
        }
        try await with(
            first: { command, _, _ in
                command.first == "GETRANGE" && command[1] == "gone" ? [.send("-MOVED 7 \(target)\r\n")] : nil
            }, configure: configure
        ) { client, _, _ in
            let error = await client.get("gone").error
            // A host that does not respond costs the deadline, not the time to connect, which is longer.
            #expect(error == .deadline || error?.name == "connect")
            if case .connect(let text)? = error { #expect(!text.contains("in time")) }
            #expect(await client.get("here") == value("here"))
        }
    }

    @Test(
        "an invalid reply instead of the slots only means that redirects are followed one by one",
        .proves("T56"),
        arguments: [
            "garbage\r\n", "*2147483647\r\n", "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\na\r\n:1\r\n", "*0\r\n",
            "$-1\r\n",
            "+OK\r\n", "-NOPERM this user has no permissions\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        ])
    func garbage(reply: String) async throws {
        try await with(
            first: { command, _, second in
                switch command.first {
                case "CLUSTER": [.send(reply)]
                case "GETRANGE", "SET": [.send("-MOVED 7 127.0.0.1:\(second)\r\n")]
                default: nil
                }
            }, second: { command in command.first == "CLUSTER" ? [.send(reply)] : nil }
        ) { client, _, _ in
            for key in ["a", "b", "c"] { #expect(await client.get(key) == value(key)) }
            _ = try await client.event { $0.name.hasPrefix("slots unknown") }
            #expect(await client.get("d") == value("d"))
        }
    }

    @Test("a cluster with another database than 0 is refused")
    func database() async throws {
        let configure: (inout RedisConfiguration) -> Void = { $0.database = 3 }
        try await with(
            first: { command, _, second in
                command.first == "GETRANGE" ? [.send("-MOVED 7 127.0.0.1:\(second)\r\n")] : nil
            }, configure: configure
        ) { client, _, second in
            #expect(await client.get("a").error?.name == "error_reply")
            let refused = try await client.event { $0.name.hasPrefix("node refused") }
            #expect(refused.name.contains("a cluster has database 0 only: write the URL without /3"))
            #expect(second.connectionCount == 0)
        }
    }

    @Test("a server that has no cluster any more is used as a single one")
    func dissolved() async throws {
        let isCluster = NIOLockedValueBox(true)
        try await with(first: { command, _, second in
            switch command.first {
            case "CLUSTER": [.send("-ERR This instance has cluster support disabled\r\n")]
            case "GETRANGE" where isCluster.withLockedValue({ $0 }): [.send("-MOVED 7 127.0.0.1:\(second)\r\n")]
            default: nil
            }
        }) { client, first, second in
            #expect(await client.get("a") == value("a"))
            isCluster.withLockedValue { $0 = false }
            var lookup = RedisLookup.failed(.notReady)
            while second.connectionCount > 0, first.connectionCount < 3 || lookup != value("b") {
                lookup = await client.get("b")
            }
        }
    }
}
