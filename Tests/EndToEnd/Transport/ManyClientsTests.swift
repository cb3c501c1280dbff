import Foundation
import TestSupport
import Testing

/// Good and bad clients side by side.
@Suite struct ManyClientsTests {
    @Test("200 connections at once all get responses, each its own")
    func connections() throws {
        let server = try ServerProcess()
        let connections = try (0..<200).map { _ in try server.connect() }
        for round in 0..<2 {
            for (index, connection) in connections.enumerated() {
                let body = "[\(ServerProcess.record(medInc: Double(index)))]"
                try connection.send(
                    "POST", "/predict", headers: ["X-Request-Id: \(round)-\(index)"], body: Array(body.utf8))
            }
            for (index, connection) in connections.enumerated() {
                let response = try connection.response()
                #expect(response.status == 200)
                #expect(response["X-Request-Id"] == "\(round)-\(index)")
                let inputs = try #require(try response.json()["inputs"] as? [[String: Double]])
                #expect(inputs.first?["MedInc"] == Double(index))
            }
        }
    }

    @Test("clients that never read their responses hurt no others, and cost bounded memory", .proves("T15"))
    func neverReads() throws {
        let server = try ServerProcess()
        _ = try server.predict(TransportChecks.manyFailures)
        let before = try server.residentBytes()
        let body = TransportChecks.manyFailures
        let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        let request = Array("\(head)\(body)".utf8)
        let some = Array(repeatElement(request, count: 200).joined())
        let silent = try (0..<8).map { _ in try server.connect() }
        for connection in silent {
            connection.shrinkReceiveBuffer()
            // Responses are more than twenty times as large: without a limit they would be 80 MB per client.
            _ = try connection.sendUntilBlocked(some, limit: 4 << 20)
        }
        for _ in 1...20 { #expect(try server.predict(ServerProcess.sample).status == 200) }
        let grown = try server.residentBytes() - before
        #expect(grown < 60 << 20)
        withExtendedLifetime(silent) {}
    }

    @Test("clients that reset in the middle of a request leave no traces")
    func resets() throws {
        let server = try ServerProcess(["--event-loops", "1"])
        let part = [UInt8](repeating: 0x20, count: 900_000)
        func reset(_ count: Int) throws {
            for index in 0..<count {
                let connection = try server.connect()
                try connection.send("POST", "/predict", headers: ["Content-Length: 1000000"])
                try connection.send(part)
                if index.isMultiple(of: 2) {
                    connection.reset()
                } else {
                    connection.endSending()
                    #expect(try connection.response().status == 400)
                }
            }
        }
        try reset(10)
        let before = try server.residentBytes()
        try reset(100)
        #expect(try server.predict(ServerProcess.sample).status == 200)
        let grown = try server.residentBytes() - before
        #expect(grown < 30 << 20)
    }

    @Test("clients that reset while their requests are under way hurt no others")
    func resetsDuringCalls() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--cache-deadline-ms", "100"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        redis.signal(SIGSTOP)
        for count in 1...20 {
            let connection = try server.connect()
            for _ in 1...count { try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8)) }
            connection.reset()
        }
        for _ in 1...3 { #expect(try server.predict(ServerProcess.sample).status == 200) }
        #expect(try server.stop() == 0)
    }
}
