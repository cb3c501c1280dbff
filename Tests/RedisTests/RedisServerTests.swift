import Foundation
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Redis

/// The client against a real server, through everything that happens to one.
@Suite(.timeLimit(.minutes(2))) struct RedisServerTests {
    private func value(_ text: String) -> RedisLookup {
        .value(ByteBuffer(string: text))
    }

    @Test func whatIsStoredIsFoundUntilItExpires() async throws {
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

    @Test func anyBytesAreKeysAndValues() async throws {
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

    @Test func manyCommandsAtOnceEachGetTheirOwnAnswer() async throws {
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

    @Test func largeValuesComeInManyReads() async throws {
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

    @Test func aDatabaseIsSelected() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port, configure: { $0.database = 5 }) { client in
                try await client.waitUntilUp()
                try await client.set("key", "five")
                #expect(await client.get("key") == value("five"))
                #expect(try server.cli("GET", "key") == "")
                #expect(try server.cli("-n", "5", "GET", "key") == "five")
            }
            try await LoopClient.with(port: server.port, configure: { $0.database = 99 }) { client in
                let fault = try await client.waitUntilDown()
                #expect(fault == .errorReply("ERR DB index is out of range"))
            }
        }
    }

    @Test func aPasswordAloneAndAUserWithOne() async throws {
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

    @Test func aWrongPasswordIsReadAgainOnEachAttempt() async throws {
        try await RedisProcess.with(arguments: ["--requirepass", "secret"]) { server in
            let password = NIOLockedValueBox<String?>("wrong")
            let configure: (inout RedisConfiguration) -> Void = {
                $0.password = { password.withLockedValue { $0 } }
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                #expect(try await client.waitUntilDown().name == "auth")
                #expect(await client.get("key") == .failed(.notReady))
                password.withLockedValue { $0 = nil }
                _ = try await client.event { $0 == .fault(.auth("NOAUTH Authentication required.")) }
                password.withLockedValue { $0 = "secret" }
                try await client.waitUntilUp()
                #expect(await client.get("key") == .missing)
            }
        }
    }

    @Test func aPasswordThatCannotBeReadIsAFaultOfItsOwn() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.password = { throw ChildProcess.Failure("no such\nfile") }
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                let fault = try await client.waitUntilDown()
                #expect(fault == .auth("the password cannot be read: no such?file"))
            }
        }
    }

    @Test func errorsOfTheServerKeepTheConnection() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                try server.cli("LPUSH", "list", "x")
                #expect(await client.get("list").fault?.name == "error_reply")
                try server.cli("CONFIG", "SET", "maxmemory", "1")
                try await client.set("key", "1")
                _ = try await client.event { $0.name == "store error_reply" }
                #expect(await client.get("key") == .missing)
                #expect(try await client.isReady())
            }
        }
    }

    @Test func aServerThatIsKilledAndStartedAgain() async throws {
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

    @Test func aClientWhoseConnectionIsKilledConnectsAgain() async throws {
        try await RedisProcess.with { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                try server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                let fault = try await client.waitUntilDown()
                #expect(fault == .connect("closed by the server"))
                try await client.waitUntilUp()
                #expect(await client.get("key") == .missing)
            }
        }
    }

    @Test(.proves("C1.31")) func aFrozenServerCostsOneDeadlineAndThenNothing() async throws {
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
                let fault = try await client.waitUntilDown()
                #expect(fault == .deadline)
                _ = try await client.event { $0 == .fault(.deadline) }
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

    @Test func aServerThatIsBusyPastTheDeadline() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = { $0.commandDeadline = .milliseconds(500) }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                try await client.waitUntilUp()
                try await client.set("key", "old")
                #expect(await client.get("key") == value("old"))
                let port = server.port
                async let slept = debugSleep(seconds: 2, port: port)
                // Look-ups go on until the sleep has begun, and one of them meets it.
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

    @Test func nobodyListens() async throws {
        let port = try RedisProcess.freePort()
        try await LoopClient.with(port: port) { client in
            let events = await client.events(3).map(\.name)
            #expect(events == ["fault connect", "down connect", "fault connect"])
            #expect(await client.get("key") == .failed(.notReady))
            try await client.set("key", "1")
        }
    }
}
