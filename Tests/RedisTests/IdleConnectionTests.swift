import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Redis

/// Connections that stay unused for a while.
@Suite(.timeLimit(.minutes(2))) struct IdleConnectionTests {
    @Test("an unused connection is kept open by PING")
    func keptByPing() async throws {
        let pings = NIOLockedValueBox(0)
        let script: ScriptedPeer.Script = { _, command in
            if command.first == "PING" { pings.withLockedValue { $0 += 1 } }
            return ScriptedPeer.behave(command)
        }
        try await ScriptedPeer.with(script: script) { peer in
            try await LoopClient.with(port: peer.port, configure: { $0.keepAliveInterval = .milliseconds(20) }) {
                client in
                try await client.waitUntilUp()
                while pings.withLockedValue({ $0 }) < 5 { try await Task.sleep(for: .milliseconds(5)) }
                #expect(await client.get("a") == .value(ByteBuffer(string: "a")))
                #expect(peer.connectionCount == 1)
            }
        }
    }

    @Test(
        "one that the server closes while it is idle is reopened without an error or a message, each time, used or not",
        arguments: [(true, 1), (false, 3)])
    func closedByTheServer(isUsed: Bool, times: Int) async throws {
        try await RedisProcess.with(arguments: ["--timeout", "1"]) { server in
            try await LoopClient.with(port: server.port) { client in
                try await client.waitUntilUp()
                if isUsed { #expect(await client.get("a") == .missing) }
                func connections() throws -> Int {
                    let lines = try server.cli("INFO", "stats").split(whereSeparator: \.isNewline)
                    // redis-cli's own connections are not counted: each sends one command.
                    return lines.filter { $0.hasPrefix("total_connections_received:") }.compactMap {
                        Int($0.dropFirst(27))
                    }
                    .first ?? 0
                }
                var asked = 1
                let before = try connections()
                while try connections() < before + asked + times {
                    asked += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
                try server.kill()
                let events = await client.events(2).map(\.name)
                #expect(events == ["error connect", "down connect"], "the first error since it was up")
            }
        }
    }

    @Test("PING shows that a server accepts stores again, even if nothing is stored")
    func probed() async throws {
        try await RedisProcess.with { server in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.keepAliveInterval = .milliseconds(20)
                $0.probeKey = "probe"
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                try await client.waitUntilUp()
                try server.cli("CONFIG", "SET", "maxmemory", "1")
                try await client.set("a", "1")
                _ = try await client.event { $0.name == "refused store" }
                try server.cli("CONFIG", "SET", "maxmemory", "0")
                _ = try await client.event { $0 == .accepted(.store) }
                #expect(await client.get("a") == .missing)
            }
        }
    }

    @Test("a changed password is sent on the connection in use, and no look-up is lost", .proves("C5.3"))
    func passwordChanged() async throws {
        let password = NIOLockedValueBox("one")
        let token = String(repeating: "t", count: 16_000)
        try await RedisProcess.with(arguments: ["--requirepass", "one"]) { server in
            let configure: (inout RedisConfiguration) -> Void = {
                $0.password = { password.withLockedValue { $0 } }
                $0.passwordInterval = .milliseconds(20)
            }
            try await LoopClient.with(port: server.port, configure: configure) { client in
                try await client.waitUntilUp()
                password.withLockedValue { $0 = "wrong" }
                let refused = try await client.event { $0.name.contains("authenticated") }
                #expect(refused.name == "not authenticated auth")
                #expect(await client.get("a") == .missing, "the connection is still the same")
                try server.cli("-a", "one", "CONFIG", "SET", "requirepass", token)
                password.withLockedValue { $0 = token }
                while try await client.event(where: { $0.name.contains("authenticated") }).name != "authenticated" {
                    #expect(await client.get("a") == .missing)
                }
            }
        }
    }
}
