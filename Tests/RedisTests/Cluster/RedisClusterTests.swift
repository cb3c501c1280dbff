import Foundation
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Redis

/// The client against a real cluster of six servers, through everything that can happen to one.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RedisClusterTests {
    private static let keys = (0..<10_000).map { "key \($0)" }

    /// Stores every key under its own name, a batch at a time, and waits until all are settled.
    private func fill(_ client: LoopClient, _ keys: [String] = keys) async throws {
        for start in stride(from: 0, to: keys.count, by: 1000) {
            let batch = keys[start..<min(start + 1000, keys.count)]
            try await client.set(Dictionary(uniqueKeysWithValues: batch.map { ($0, $0) }))
            while try await client.storesUnderWay() > 0 {}
        }
    }

    /// How many of the keys are found; none may have another key's value.
    private func found(_ client: LoopClient, _ keys: [String] = keys) async -> Int {
        var count = 0
        for start in stride(from: 0, to: keys.count, by: 1000) {
            let batch = Array(keys[start..<min(start + 1000, keys.count)])
            for (key, lookup) in zip(batch, await client.get(batch)) {
                guard case .value(let value) = lookup else { continue }
                #expect(String(buffer: value) == key, "a value under another key")
                count += 1
            }
        }
        return count
    }

    /// Looks up until all keys are found again, storing missing ones.
    private func heal(_ client: LoopClient, _ keys: [String]) async throws {
        let deadline = NIODeadline.now() + .seconds(60)
        while await found(client, keys) < keys.count {
            try #require(NIODeadline.now() < deadline, "hits do not return")
            try await fill(client, keys)
        }
    }

    @Test("10 000 keys over all nodes are found, from the first one on, whichever node the URL names", .proves("C5.2"))
    func keys() async throws {
        let cluster = try RedisCluster()
        for node in [cluster.nodes[0], cluster.nodes[5]] {
            try await LoopClient.with(port: node.port) { client in
                try await client.waitUntilUp()
                #expect(await client.get("nothing") == .missing)
                try await fill(client)
                #expect(await found(client) == Self.keys.count)
                #expect(try await client.event { $0.name.hasPrefix("cluster") } == .cluster(primaries: 3))
            }
        }
        for node in cluster.primaries { #expect(try (Int(node.cli("DBSIZE")) ?? 0) > 3000) }
    }

    @Test("slots that are moved under load: no look-up is lost, and each finds its own value")
    func moved() async throws {
        let cluster = try RedisCluster()
        try await LoopClient.with(port: cluster.nodes[0].port) { client in
            try await client.waitUntilUp()
            let keys = Array(Self.keys.prefix(2000))
            try await fill(client, keys)
            let port = cluster.nodes[0].port
            let isDone = NIOLockedValueBox<String?>(nil)
            let ids = try cluster.primaries.map { try $0.cli("CLUSTER", "MYID") }
            Thread {
                let result = try? ChildProcess.run(
                    "redis-cli",
                    ["--cluster", "reshard", "127.0.0.1:\(port)", "--cluster-from", ids[0], "--cluster-to", ids[1]]
                        + ["--cluster-slots", "400", "--cluster-yes"])
                isDone.withLockedValue { $0 = result.map { "\($0.exitCode)" } ?? "failed" }
            }.start()
            while isDone.withLockedValue({ $0 }) == nil { #expect(await found(client, keys) == keys.count) }
            #expect(isDone.withLockedValue { $0 } == "0")
            #expect(await found(client, keys) == keys.count)
        }
    }

    @Test("a primary that is killed: its keys fail fast, its replica takes over, and hits return without help")
    func promoted() async throws {
        let cluster = try RedisCluster(nodeTimeoutMilliseconds: 1500)
        // Through a node that survives, and through the one that is killed.
        try await LoopClient.with(port: cluster.nodes[0].port) { client in
            try await client.waitUntilUp()
            let keys = Array(Self.keys.prefix(1000))
            try await fill(client, keys)
            try cluster.nodes[0].kill()
            let lookups = await client.get(keys)
            #expect(lookups.contains { $0.error != nil } && lookups.contains { $0.error == nil })
            #expect(try await client.event { $0.name.hasPrefix("node down") }.name == "node down connect")
            try await heal(client, keys)
            _ = try await client.event { $0 == .nodeLeft("127.0.0.1:\(cluster.nodes[0].port)") }
        }
    }

    @Test("a node that is frozen costs its look-ups one deadline, and then nothing until it is back")
    func frozen() async throws {
        let cluster = try RedisCluster()
        let configure: (inout RedisConfiguration) -> Void = { $0.commandDeadline = .seconds(1) }
        try await LoopClient.with(port: cluster.nodes[0].port, configure: configure) { client in
            try await client.waitUntilUp()
            let keys = Array(Self.keys.prefix(300))
            try await fill(client, keys)
            #expect(await found(client, keys) == keys.count)
            cluster.nodes[1].signal(SIGSTOP)
            let first = await client.get(keys)
            #expect(first.contains { $0.error == .deadline } && first.contains { $0.error == nil })
            #expect(try await client.event { $0.name.hasPrefix("node down") }.name == "node down deadline")
            let second = await client.get(keys)
            #expect(second.allSatisfy { $0.error == nil || $0.error == .notReady })
            cluster.nodes[1].signal(SIGCONT)
            try await heal(client, keys)
        }
    }
}
