import Foundation
import TestSupport
import Testing

/// The server with a Redis Cluster of six real servers as its cache.
@Suite(.serialized) struct RedisClusterTests {
    /// Requests with different houses, all on one connection; all must be 200 with the right value.
    private func results(_ server: ServerProcess, _ count: Int) throws -> [String: Int] {
        let connection = try server.connect()
        var results: [String: Int] = [:]
        for number in 0..<count {
            let body = Array("[\(ServerProcess.record(medInc: Double(number)))]".utf8)
            try connection.send("POST", "/predict", body: body)
            let response = try connection.response()
            #expect(response.status == 200)
            try expectPrediction(response, medInc: Double(number))
            results[response["X-Cache"] ?? "", default: 0] += 1
        }
        return results
    }

    private func serve(_ url: String, _ more: String...) throws -> ServerProcess {
        let server = try ServerProcess(
            ["--cache-url", url, "--event-loops", "1", "--cache-deadline-ms", "5000"] + more)
        try server.waitForMessage("answers")
        return server
    }

    @Test("the second request is a HIT, whichever node of a cluster CACHE_URL names", .proves("C5.2"))
    func hits() throws {
        let cluster = try RedisCluster()
        let server = try serve(cluster.nodes[4].url)
        let (first, second) = (try results(server, 300), try results(server, 300))
        #expect(first == ["MISS": 300] && second == ["HIT": 300], "\(first) \(second) \(server.messages)")
        try server.waitForMessage("cache: redis://127.0.0.1:\(cluster.nodes[4].port)/0 is a cluster of 3 primaries")
        for node in cluster.primaries { #expect(try node.cli("DBSIZE") != "0") }
    }

    @Test("an encrypted cluster that announces addresses: each certificate is valid for the URL's host", .proves("T55"))
    func encrypted() throws {
        let authority = try PrivateAuthority()
        let flags = try authority.redisFlags()
        let client = ["--tls", "--cacert", authority.certificate]
        let cluster = try RedisCluster(encryption: ({ _ in flags }, client))
        let server = try serve(
            "rediss://localhost:\(cluster.encryptedPorts[1])", "--cache-ca-file", authority.certificate)
        #expect(try results(server, 100) == ["MISS": 100])
        #expect(try results(server, 100) == ["HIT": 100])
    }

    @Test(
        "a node of an encrypted cluster that has another host's certificate gets no password: BYPASS and one warning",
        .proves("T55"))
    func wrongCertificate() throws {
        let authority = try PrivateAuthority()
        let client = ["--tls", "--cacert", authority.certificate]
        let right = try authority.redisFlags()
        let wrong = try authority.redisFlags(names: "DNS:other.example,IP:127.0.0.1", file: "other")
        let cluster = try RedisCluster(encryption: ({ $0 == 0 ? wrong : right }, client))
        let server = try serve(
            "rediss://localhost:\(cluster.encryptedPorts[1])", "--cache-ca-file", authority.certificate)
        let first = try results(server, 100)
        #expect(first["BYPASS", default: 0] > 10 && first["MISS", default: 0] > 10)
        #expect(try results(server, 100) == ["BYPASS": first["BYPASS", default: 0], "HIT": first["MISS", default: 0]])
        let node = "node 127.0.0.1:\(cluster.encryptedPorts[0]) is not used until it answers"
        let line = try server.waitForMessage(node)
        #expect(line.contains("TLS: the certificate is not valid for the host localhost"))
        #expect(server.messages.components(separatedBy: node).count == 2)
    }

    @Test(
        "a user with the documented rights and no others is enough for a cluster, even if SLOTS is missing",
        arguments: ["", "+cluster|slots"])
    func rights(without missing: String) throws {
        let cluster = try RedisCluster()
        let rights = RefusingRedisTests.rights.filter { $0 != missing }
        for node in cluster.nodes {
            #expect(try node.cli(["ACL", "SETUSER", "ann", "on", ">secret"] + rights) == "OK")
        }
        let server = try serve("redis://ann:secret@127.0.0.1:\(cluster.nodes[2].port)")
        #expect(try results(server, 100) == ["MISS": 100])
        #expect(try results(server, 100) == ["HIT": 100])
        try server.waitForMessage("is a cluster of 3 primaries")
        #expect(!server.messages.contains("warning"))
    }
}
