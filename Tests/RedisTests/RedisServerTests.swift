import Foundation
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Redis

/// The client against a real server, through everything that can happen to one.
@Suite(.timeLimit(.minutes(2))) struct RedisServerTests {
    private func value(_ text: String) -> RedisLookup {
        .value(ByteBuffer(string: text))
    }

    @Test("an entry is found until it expires")
    func whatIsStoredIsFoundUntilItExpires() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                #expect(await client.get("key") == .missing)
                try await client.set("key", "[4.5,1.25]", expireSeconds: 1000)
                #expect(await client.get("key") == value("[4.5,1.25]"))
                #expect(await client.get("key", upTo: 4) == value("[4.5"))
                #expect((990...1000).contains(try Int(server.cli("TTL", "key")) ?? 0))
                try server.cli("SET", "empty", "")
                #expect(await client.get("empty") == .missing)
            }
        }
    }

    @Test("keys and values may hold any bytes")
    func anyBytesAreKeysAndValues() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                for key in ["", "\0", "\r\n", "a\r\nSET b 1\r\n", String(repeating: "ü", count: 50_000)] {
                    try await client.set(key, "<\(key)>")
                    #expect(await client.get(key, upTo: 1 << 20) == value("<\(key)>"))
                }
                #expect(await client.get("b") == .missing)
            }
        }
    }

    @Test("many commands at once each get their own reply")
    func manyCommandsAtOnceEachGetTheirOwnAnswer() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                let keys = (0..<2000).map { "key \($0)" }
                let stored = keys.filter { $0.hasSuffix("7") }
                try await client.set(Dictionary(uniqueKeysWithValues: zip(stored, stored)))
                let lookups = await client.get(keys)
                #expect(lookups == keys.map { $0.hasSuffix("7") ? value($0) : .missing })
            }
        }
    }

    @Test("large values come in many reads")
    func largeValuesComeInManyReads() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                let text = String(repeating: "0123456789", count: 90_000)
                try await client.set("key", text)
                #expect(
                    await client.get(["key", "key", "key"], upTo: 1 << 20) == [value(text), value(text), value(text)])
            }
        }
    }

    @Test("the database is selected, and one that does not exist is an error")
    func aDatabaseIsSelected() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port, configure: { $0.database = 5 }) { client in
                try await client.waitUntilUp()
                try await client.set("key", "five")
                #expect(await client.get("key") == value("five"))
                #expect(try server.cli("GET", "key") == "")
                #expect(try server.cli("-n", "5", "GET", "key") == "five")
            }
            try await LoopClient.with(port: server.port, configure: { $0.database = 99 }) { client in
                let error = try await client.waitUntilDown()
                #expect(error == .errorReply("ERR DB index is out of range"))
            }
        }
    }

    @Test("the client authenticates with a password alone, and as a user")
    func aPasswordAloneAndAUserWithOne() async throws {
        try await RedisProcess.with { server in
            try server.cli("ACL", "SETUSER", "bob", "on", ">pass word", "~*", "+@all")
            try server.cli("CONFIG", "SET", "requirepass", "secret")
            let withUser: (inout RedisConfiguration) -> Void = {
                $0.user = "bob"
                $0.password = { "pass word" }
            }
            for configure in [withUser, { $0.password = { "secret" } }] {
                try await LoopClient.with(port: server.port, configure: configure) { client in
                    try await client.waitUntilUp()
                    try await client.set("key", "1")
                    #expect(await client.get("key") == value("1"))
                }
            }
        }
    }

    @Test("the password is read again at each attempt to connect")
    func aWrongPasswordIsReadAgainOnEachAttempt() async throws {
        try await RedisProcess.with(arguments: ["--requirepass", "secret"]) { server in
            let password = NIOLockedValueBox<String?>("wrong")
            let configure: (inout RedisConfiguration) -> Void = {
                $0.password = { password.withLockedValue { $0 } }
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                #expect(try await client.waitUntilDown().name == "auth")
                #expect(await client.get("key") == .failed(.notReady))
                password.withLockedValue { $0 = nil }
                _ = try await client.event { $0 == .error(.auth("NOAUTH Authentication required.")) }
                password.withLockedValue { $0 = "secret" }
                try await client.waitUntilUp()
                #expect(await client.get("key") == .missing)
            }
        }
    }

    @Test("a password that cannot be read fails the attempt as auth")
    func aPasswordThatCannotBeReadIsAnErrorOfItsOwn() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.password = { throw ChildProcess.Failure("no such\nfile") }
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                let error = try await client.waitUntilDown()
                #expect(error == .auth("the password cannot be read: no such?file"))
            }
        }
    }

    @Test("an error reply keeps the connection")
    func errorsOfTheServerKeepTheConnection() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                try server.cli("LPUSH", "list", "x")
                #expect(await client.get("list").error?.name == "error_reply")
                try server.cli("CONFIG", "SET", "maxmemory", "1")
                try await client.set("key", "1")
                _ = try await client.event { $0.name == "store error_reply" }
                // Not `notReady`: the connection is the same.
                #expect(await client.get("key") == .missing)
            }
        }
    }

    @Test("the client connects again to a server that was killed and started again")
    func aServerThatIsKilledAndStartedAgain() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                try server.kill()
                #expect(try await client.waitUntilDown().name == "connect")
                #expect(await client.get("key") == .failed(.notReady))
                try server.start()
                try await client.waitUntilUp()
                try await client.set("key", "1")
                #expect(await client.get("key") == value("1"))
            }
        }
    }

    @Test("the client connects again when the server kills its connection")
    func aClientWhoseConnectionIsKilledConnectsAgain() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                try server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                let error = try await client.waitUntilDown()
                #expect(error == .connect("closed by the server"))
                try await client.waitUntilUp()
                #expect(await client.get("key") == .missing)
            }
        }
    }

    @Test("a frozen server costs one deadline and then nothing", .proves("C1.31"))
    func aFrozenServerCostsOneDeadlineAndThenNothing() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = { $0.commandDeadline = .seconds(1) }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                try await client.waitUntilUp()
                try await client.set("key", "1")
                server.signal(SIGSTOP)
                let lookups = await client.get(["key", "key", "key"])
                #expect(lookups == Array(repeating: .failed(.deadline), count: 3))
                let refused = await client.get(Array(repeating: "key", count: 50))
                #expect(refused == Array(repeating: .failed(.notReady), count: 50))
                let error = try await client.waitUntilDown()
                #expect(error == .deadline)
                _ = try await client.event { $0 == .error(.deadline) }
                server.signal(SIGCONT)
                try await client.waitUntilUp()
                #expect(await client.get("key") == value("1"))
            }
        }
    }

    /// On a thread that Swift's tasks do not need.
    private func debugSleep(seconds: Int, port: Int) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result { try RedisProcess.cli(port: port, ["DEBUG", "SLEEP", "\(seconds)"]) })
            }.start()
        }
    }

    @Test("a server that is busy past the deadline fails the look-up, and is used again later")
    func aServerThatIsBusyPastTheDeadline() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = { $0.commandDeadline = .milliseconds(500) }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                try await client.waitUntilUp()
                try await client.set("key", "old")
                #expect(await client.get("key") == value("old"))
                let port = server.port
                async let slept = debugSleep(seconds: 2, port: port)
                // Look-ups continue until the sleep has begun, and one of them meets it.
                var lookup = await client.get("key")
                while lookup == value("old") {
                    lookup = await client.get("key")
                }
                #expect(lookup == .failed(.deadline))
                #expect(try await slept == "OK")
                try await client.waitUntilUp()
                #expect(await client.get(["key", "none", "key"]) == [value("old"), .missing, value("old")])
            }
        }
    }

    @Test("a port without a listener is reported down once")
    func nobodyListens() async throws {
        let port = try RedisProcess.freePort()
        try await LoopClient.with(port: port) { client in
            let events = await client.events(3).map(\.name)
            #expect(events == ["error connect", "down connect", "error connect"])
            #expect(await client.get("key") == .failed(.notReady))
            try await client.set("key", "1")
        }
    }
}
