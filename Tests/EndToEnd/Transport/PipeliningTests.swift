import Foundation
import TestSupport
import Testing

/// Requests sent without waiting for responses: each gets its response, in its place.
@Suite struct PipeliningTests {
    @Test("pipelined requests of mixed routes and methods get responses in their order")
    func mixed() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let body = ServerProcess.sample
        let predict = "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let requests: [(method: String, path: String, rest: String, status: Int)] = [
            ("GET", "/health", "\r\n", 200), ("POST", "/predict", predict, 200), ("HEAD", "/health", "\r\n", 200),
            ("OPTIONS", "/score", "\r\n", 204), ("GET", "/nothing", "\r\n", 404), ("GET", "/predict", "\r\n", 405),
            ("POST", "/score", predict, 200), ("HEAD", "/nothing", "\r\n", 404), ("GET", "/test", "\r\n", 200),
            ("POST", "/predict", "Content-Length: 2\r\n\r\n[]", 422), ("HEAD", "/predict", "\r\n", 405),
            ("POST", "/health", predict, 405), ("GET", "/livez", "\r\n", 200),
        ]
        let rounds = 20
        var bytes = ""
        for round in 0..<rounds {
            for (index, request) in requests.enumerated() {
                bytes += "\(request.method) \(request.path) HTTP/1.1\r\nHost: a\r\n"
                bytes += "X-Request-Id: call-\(round)-\(index)\r\n\(request.rest)"
            }
        }
        try connection.send(bytes)
        for round in 0..<rounds {
            for (index, request) in requests.enumerated() {
                let response = try connection.response(to: request.method)
                #expect(response["X-Request-Id"] == "call-\(round)-\(index)")
                #expect(response.status == request.status)
            }
        }
        connection.endSending()
        #expect(try connection.readToEnd() == "")
    }

    @Test("responses keep their order when an earlier request is slower")
    func slowerFirst() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--cache-deadline-ms", "300"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        // The look-up gets no reply, so that the request takes until its deadline.
        redis.signal(SIGSTOP)
        let connection = try server.connect()
        let large = "[" + Array(repeating: ServerProcess.record(), count: 1000).joined(separator: ",") + "]"
        for (index, body) in [large, ServerProcess.sample].enumerated() {
            try connection.send("POST", "/predict", headers: ["X-Request-Id: slow-\(index)"], body: Array(body.utf8))
            try connection.send("GET", "/health", headers: ["X-Request-Id: quick-\(index)"])
            try connection.send("POST", "/predict", headers: ["X-Request-Id: refused-\(index)"], body: Array("[]".utf8))
        }
        let answers = try (0..<6).map { _ in try connection.response() }
        let ids = (0..<2).flatMap { ["slow-\($0)", "quick-\($0)", "refused-\($0)"] }
        #expect(answers.map { $0["X-Request-Id"] } == ids)
        #expect(answers.map(\.status) == [200, 200, 422, 200, 200, 422])
    }

    @Test("more pipelined requests than are accepted at once all get responses", .proves("T13"))
    func many() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let count = 1000
        let requests = (0..<count).map { "GET /health HTTP/1.1\r\nHost: a\r\nX-Request-Id: \($0)\r\n\r\n" }
        try connection.send(requests.joined())
        for index in 0..<count {
            let response = try connection.response(to: "GET")
            #expect(response["X-Request-Id"] == "\(index)")
        }
    }

    @Test(
        "an error in one pipelined request never loses the responses to earlier ones", .proves("C2.12"),
        arguments: [
            ("NO HTTP\r\n\r\n", 400), ("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            ("POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
            ("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
            ("GET /health HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n", 431),
        ])
    func faultBehindOthers(fault: String, status: Int) throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let body = ServerProcess.sample
        let predict = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try connection.send(predict + "GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + predict + fault + predict)
        for _ in 1...3 { #expect(try connection.response().status == 200) }
        let response = try connection.response()
        try TransportChecks.expectError(response, status)
        #expect(response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("an error after slow requests is sent after their responses", .proves("C2.12"))
    func faultBehindSlowCalls() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--cache-deadline-ms", "300"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        redis.signal(SIGSTOP)
        let connection = try server.connect()
        for _ in 1...3 { try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8)) }
        try connection.send("NO HTTP\r\n\r\n")
        for _ in 1...3 { #expect(try connection.response().status == 200) }
        try TransportChecks.expectError(try connection.response(), 400)
        #expect(try connection.readToEnd() == "")
    }
}
