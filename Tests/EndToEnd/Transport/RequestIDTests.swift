import Foundation
import TestSupport
import Testing

/// A request's id, in both headers of its response.
@Suite struct RequestIDTests {
    /// One request on an open connection; returns the response's id, which both headers must carry.
    private func id(_ connection: Connection, _ headers: [String]) throws -> String? {
        try connection.send("GET", "/health", headers: headers)
        let response = try connection.response()
        #expect(response.status == 200)
        #expect(response["X-Request-Id"] == response["X-Ms-Request-Id"])
        return response["X-Ms-Request-Id"]
    }

    @Test("the caller's first valid id of the two headers is used, X-Ms-Request-Id first", .proves("C1.26"))
    func callers() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let longest = String(repeating: "a", count: 64)
        #expect(try id(connection, ["X-Request-Id: second", "X-Ms-Request-Id: first"]) == "first")
        #expect(try id(connection, ["X-Request-Id: second"]) == "second")
        #expect(try id(connection, ["X-Ms-Request-Id: not valid", "X-Request-Id: second"]) == "second")
        #expect(try id(connection, ["x-request-id: second", "X-MS-REQUEST-ID: \(longest)x"]) == "second")
        #expect(try id(connection, ["X-Ms-Request-Id: ", "X-Ms-Request-Id: again"]) == "again")
        for valid in ["a", "_", "-", "0", "AZaz09_-", longest, "5afbcc69-eec4-4661-9108-071428f0d50f"] {
            #expect(try id(connection, ["X-Ms-Request-Id: \(valid)"]) == valid)
            #expect(try id(connection, ["X-Request-Id:\t \(valid) \t"]) == valid)
        }
    }

    @Test("an invalid or absent id is replaced by a fresh UUID, another one each time", .proves("C1.26"))
    func fresh() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let invalid = [
            String(repeating: "a", count: 65), "with space", "a,b", "a.b", "a/b", "", "héllo", "日本", "a\tb",
            "a%0d%0aX: y",
            "a\\r\\nX-Injected: yes", "\"a\"", "a=b", "a;b", "{}",
        ]
        var seen: Set<String> = []
        for headers in [[]] + invalid.flatMap({ [["X-Ms-Request-Id: \($0)"], ["X-Request-Id: \($0)"]] }) {
            let id = try #require(try id(connection, headers))
            #expect(TransportChecks.isFreshID(id), "\(headers)")
            #expect(seen.insert(id).inserted, "\(headers)")
        }
    }

    @Test("an id cannot bring another line into the response or the log", .proves("T18"))
    func injection() throws {
        let server = try ServerProcess()
        for id in ["a\r\n X-Injected: yes", "a\rX-Injected: yes", "a\nX-Injected: yes", "a\r\nX-Injected: yes"] {
            let connection = try server.connect()
            let head = "POST /predict HTTP/1.1\r\nHost: a\r\nX-Ms-Request-Id: \(id)\r\n"
            try connection.send(
                "\(head)Content-Length: \(ServerProcess.sample.utf8.count)\r\n\r\n\(ServerProcess.sample)")
            let response = try connection.response()
            #expect(response.status == 200 || response.status == 400)
            #expect(response["X-Injected"] == nil)
            try TransportChecks.expectRequestID(response)
        }
        #expect(try server.stop() == 0)
        #expect(!server.log.contains("Injected"))
    }

    @Test("every response has an id, error responses too", .proves("C1.26"))
    func everyAnswer() throws {
        let server = try ServerProcess()
        let requests: [(method: String, path: String, body: String?, status: Int)] = [
            ("POST", "/predict", ServerProcess.sample, 200), ("GET", "/test", nil, 200), ("GET", "/health", nil, 200),
            ("OPTIONS", "/predict", nil, 204), ("HEAD", "/health", nil, 200), ("GET", "/nothing", nil, 404),
            ("GET", "/predict", nil, 405), ("POST", "/score", "{", 422),
            ("POST", "/score", String(repeating: " ", count: 1 << 20 | 1), 413),
        ]
        for request in requests {
            let ids: [String?] = [nil, "caller-1"]
            for id in ids {
                let headers = id.map { ["X-Request-Id: \($0)"] } ?? []
                let response = try server.call(request.method, request.path, headers: headers, body: request.body)
                #expect(response.status == request.status)
                try TransportChecks.expectRequestID(response, "\(request.method) \(request.path)")
                #expect(
                    id.map { response["X-Ms-Request-Id"] == $0 }
                        ?? TransportChecks.isFreshID(response["X-Ms-Request-Id"]))
            }
        }
    }

    @Test("the log names a request by the id of its response")
    func log() throws {
        let server = try ServerProcess()
        let named = try server.predict(ServerProcess.sample, headers: ["X-Request-Id: mine-1"])
        let fresh = try server.predict(ServerProcess.sample)
        #expect(named["X-Ms-Request-Id"] == "mine-1")
        let id = try #require(fresh["X-Ms-Request-Id"])
        #expect(try server.stop() == 0)
        let ids = server.log.split(separator: "\n").filter { $0.hasPrefix("X-Ms-Request-Id: ") }
        // Requests of different loops can be in either order.
        #expect(Set(ids) == ["X-Ms-Request-Id: mine-1", "X-Ms-Request-Id: \(id)"])
        #expect(ids.count == 2)
    }
}
