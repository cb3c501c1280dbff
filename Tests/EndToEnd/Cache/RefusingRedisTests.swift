import Foundation
import TestSupport
import Testing

/// A Redis that responds and refuses: each refusal has a line when it begins and when it ends, and a counter.
@Suite(.serialized) struct RefusingRedisTests {
    /// The rights that a user needs according to docs/operations.md.
    static let rights = [
        "~bungalow:*", "+ping", "+getrange", "+set", "+select", "+asking", "+cluster|slots", "+cluster|shards",
    ]

    private func serve(_ redis: RedisProcess, _ credentials: String = "") throws -> ServerProcess {
        let server = try ServerProcess(
            ["--cache-url", "redis://\(credentials)127.0.0.1:\(redis.port)", "--event-loops", "1"]
                + ["--cache-deadline-ms", "5000"])
        try server.waitForMessage("answers")
        return server
    }

    private func errors(_ server: ServerProcess, _ reason: String) throws -> Double {
        let text = try #require(String(bytes: server.call("GET", "/metrics").body, encoding: .utf8))
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("bungalow_cache_errors_total{reason=\"\(reason)\"}")
        }
        return Double(line?.split(separator: " ").last ?? "") ?? -1
    }

    private func count(_ server: ServerProcess, _ part: String) -> Int {
        server.messages.components(separatedBy: part).count - 1
    }

    @Test("the documented rights are enough, and nothing is logged")
    func rightsAreEnough() throws {
        let redis = try RedisProcess()
        #expect(try redis.cli(["ACL", "SETUSER", "ann", "on", ">secret"] + Self.rights) == "OK")
        let server = try serve(redis, "ann:secret@")
        _ = try server.wait(for: "HIT")
        #expect(server.messages.contains("answers\n") && !server.messages.contains("warning"))
    }

    @Test("a user that may not read: the start-up reports it, requests are BYPASS, and HITs return with the right")
    func mayNotRead() throws {
        let redis = try RedisProcess()
        let rights = Self.rights.filter { $0 != "+getrange" }
        #expect(try redis.cli(["ACL", "SETUSER", "ann", "on", ">secret"] + rights) == "OK")
        let server = try serve(redis, "ann:secret@")
        try server.waitForMessage("/0 answers, but refuses look-ups")
        for _ in 0..<3 {
            let response = try server.predict(ServerProcess.sample)
            #expect(response.status == 200 && response["X-Cache"] == "BYPASS")
        }
        #expect(try errors(server, "error_reply") == 4)
        #expect(count(server, "refuses look-ups, which are BYPASS: NOPERM") == 1)
        #expect(try redis.cli("ACL", "SETUSER", "ann", "+getrange") == "OK")
        _ = try server.wait(for: "HIT")
        try server.waitForMessage("accepts look-ups again")
    }

    @Test("a user that may not write: the start-up reports it, requests are MISS, and HITs return with the right")
    func mayNotWrite() throws {
        let redis = try RedisProcess()
        let rights = Self.rights.filter { $0 != "+set" }
        #expect(try redis.cli(["ACL", "SETUSER", "ann", "on", ">secret"] + rights) == "OK")
        let server = try serve(redis, "ann:secret@")
        try server.waitForMessage("/0 answers, but refuses stores")
        for _ in 0..<3 { #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "MISS") }
        #expect(try redis.cli("ACL", "SETUSER", "ann", "+set") == "OK")
        _ = try server.wait(for: "HIT")
        try server.waitForMessage("accepts stores again")
        #expect(count(server, "refuses stores, so nothing new is cached: NOPERM") == 1)
        #expect(try errors(server, "store") == 4 && errors(server, "error_reply") == 0)
    }

    @Test(
        "a Redis that is full or may not write: one warning in its own words, and one line when it ends",
        .proves("T27"),
        arguments: [("maxmemory", "1", "0", "OOM"), ("min-replicas-to-write", "1", "0", "NOREPLICAS")])
    func refusesStores(setting: String, bad: String, good: String, word: String) throws {
        let redis = try RedisProcess()
        let server = try serve(redis)
        _ = try server.wait(for: "HIT")
        #expect(try redis.cli("CONFIG", "SET", setting, bad) == "OK")
        for number in 0..<5 {
            #expect(try server.predict("[\(ServerProcess.record(medInc: Double(number)))]").status == 200)
        }
        try server.waitForMessage("refuses stores, so nothing new is cached: \(word) ")
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "HIT", "look-ups continue")
        #expect(try redis.cli("CONFIG", "SET", setting, good) == "OK")
        _ = try server.wait(for: "HIT", "[\(ServerProcess.record(medInc: 9))]")
        try server.waitForMessage("accepts stores again")
        #expect(count(server, "refuses stores") == 1)
        #expect(try errors(server, "store") >= 1)
    }

    @Test("a Redis that became a replica refuses stores: a new connection is made, by name, and look-ups continue")
    func replica() throws {
        let primary = try RedisProcess()
        let redis = try RedisProcess()
        let server = try serve(redis)
        _ = try server.wait(for: "HIT")
        let before = try redis.cli("CLIENT", "LIST", "TYPE", "normal")
        #expect(try redis.cli("REPLICAOF", "127.0.0.1", "\(primary.port)") == "OK")
        #expect(try server.predict("[\(ServerProcess.record(medInc: 1))]").status == 200)
        try server.waitForMessage("refuses stores, so nothing new is cached: READONLY")
        #expect(try server.predict("[\(ServerProcess.record(medInc: 2))]").status == 200)
        #expect(try redis.cli("REPLICAOF", "NO", "ONE") == "OK")
        _ = try server.wait(for: "HIT", "[\(ServerProcess.record(medInc: 3))]")
        try server.waitForMessage("accepts stores again")
        let id = before.prefix { $0 != " " }
        #expect(try !redis.cli("CLIENT", "LIST", "TYPE", "normal").contains("\(id) "), "the old connection is gone")
        #expect(!server.messages.contains("is not used until"))
    }
}
