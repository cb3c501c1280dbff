import Foundation
import TestSupport
import Testing

/// The same request twice on one connection: the second finds what the first computed, also on its way to the store.
@Suite(.serialized) struct RepeatedRequestTests {
    /// How the second request follows the first.
    enum Sequence: CaseIterable {
        /// Both in one write.
        case pipelined
        /// In a write of its own, without waiting for the first response.
        case twoWrites
        case afterTheResponse
    }

    private static let keys = 200
    /// New connections are spread over the event loops.
    private static let keysPerConnection = 10

    /// The values of `X-Cache` for pairs of requests, each pair with a key of its own, counted.
    private func results(_ sequence: Sequence, _ server: ServerProcess) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var connection = try Connection(port: server.port)
        for key in 0..<Self.keys {
            if key % Self.keysPerConnection == 0 { connection = try Connection(port: server.port) }
            let body = "[\(ServerProcess.record(medInc: Double(key) + 0.5))]"
            let request = "POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            var responses: [Response] = []
            switch sequence {
            case .pipelined:
                try connection.send(request + request)
            case .twoWrites:
                try connection.send(request)
                try connection.send(request)
            case .afterTheResponse:
                try connection.send(request)
                responses.append(try connection.response())
                try connection.send(request)
            }
            while responses.count < 2 { responses.append(try connection.response()) }
            #expect(responses.allSatisfy { $0.status == 200 })
            #expect(responses[0].body == responses[1].body)
            counts[responses.map { $0["X-Cache"] ?? "none" }.joined(separator: ", "), default: 0] += 1
        }
        return counts
    }

    @Test(
        "with the embedded cache a request that repeats the one before it is a HIT", .proves("C1.41"),
        arguments: ["1", "4"], Sequence.allCases)
    func embedded(loops: String, sequence: Sequence) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try ServerProcess(["--cache-url", "sqlite:\(folder.path)/cache.sqlite", "--event-loops", loops])
        #expect(try results(sequence, server) == ["MISS, HIT": Self.keys])
    }

    @Test(
        "with Redis a request that repeats the one before it is a HIT", .proves("C1.41"),
        arguments: ["1", "4"], Sequence.allCases)
    func redis(loops: String, sequence: Sequence) throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", loops])
        try server.waitForMessage("answers")
        // Each event loop has a connection of its own, and only the first one logs that it is up.
        var hits = 0
        try Lifecycle.wait("each event loop has met Redis") {
            hits = try server.predict(ServerProcess.sample)["X-Cache"] == "HIT" ? hits + 1 : 0
            return hits == 20
        }
        #expect(try results(sequence, server) == ["MISS, HIT": Self.keys])
    }
}
