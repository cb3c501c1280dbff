import Foundation
import TestSupport
import Testing

/// `Expect: 100-continue` (RFC 9110, section 10.1.1).
@Suite struct ExpectContinueTests {
    private let body = Array(ServerProcess.sample.utf8)
    private let expect = "Expect: 100-continue"

    @Test("Expect: 100-continue is honoured, request after request on one connection", .proves("C2.13"))
    func honoured() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for path in ["/predict", "/score", "/predict"] {
            try connection.send("POST", path, headers: [expect, "Content-Length: \(body.count)"])
            #expect(try connection.response().status == 100)
            try connection.send(body)
            #expect(try connection.response().status == 200)
        }
        try connection.send("POST", "/predict", headers: [expect, "Transfer-Encoding: chunked"])
        #expect(try connection.response().status == 100)
        try connection.send(TransportChecks.chunked(body, size: 64))
        #expect(try connection.response().status == 200)
        connection.endSending()
        #expect(try connection.readToEnd() == "")
    }

    @Test("100 Continue waits for the responses to earlier requests")
    func behindPendingAnswers() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--cache-deadline-ms", "300"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        redis.signal(SIGSTOP)
        let connection = try server.connect()
        for _ in 1...2 { try connection.send("POST", "/predict", body: body) }
        try connection.send("POST", "/predict", headers: [expect, "Content-Length: \(body.count)"])
        #expect(try connection.response().status == 200)
        #expect(try connection.response().status == 200)
        #expect(try connection.response().status == 100)
        try connection.send(body)
        #expect(try connection.response().status == 200)
    }

    @Test("a body that comes without 100 Continue is read, and its response comes once")
    func uninvited() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST", "/predict", headers: [expect], body: body)
        try connection.send("GET", "/health", headers: ["X-Request-Id: next"])
        var response = try connection.response()
        if response.status == 100 { response = try connection.response() }
        #expect(response.status == 200)
        #expect(try connection.response()["X-Request-Id"] == "next")
    }

    @Test(
        "if the response is an error whatever the body, it comes instead of 100 Continue",
        arguments: [
            ("POST", "/predict", "Content-Length: 2000000", 413), ("POST", "/nothing", "Content-Length: 9", 404),
            ("PUT", "/predict", "Content-Length: 9", 405), ("POST", "/health", "Transfer-Encoding: chunked", 405),
            ("POST", "/predict", "Content-Length: 9223372036854775808", 413),
        ])
    func errorInstead(method: String, path: String, length: String, status: Int) throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("GET", "/health")
        try connection.send(method, path, headers: [expect, length, "X-Request-Id: mine"])
        #expect(try connection.response().status == 200)
        let response = try connection.response(to: method)
        try TransportChecks.expectError(response, status)
        #expect(response["X-Request-Id"] == "mine")
        #expect((response["Allow"] != nil) == (status == 405))
        #expect(response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("an HTTP/1.0 client is sent no 100 Continue")
    func oldClient() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST /predict HTTP/1.0\r\n\(expect)\r\nContent-Length: \(body.count)\r\n\r\n")
        try connection.send(body)
        #expect(try connection.response().status == 200)
        #expect(try connection.readToEnd() == "")
    }

    @Test("curl's own Expect: 100-continue of a large body gets 100 and then predictions")
    func curl() throws {
        let server = try ServerProcess()
        let records = "[" + Array(repeating: ServerProcess.record(), count: 500).joined(separator: ",") + "]"
        let result = try TransportChecks.curl(
            "--verbose", "--expect100-timeout", "25", "--header", expect, "--data", records,
            "http://127.0.0.1:\(server.port)/predict")
        #expect(result.exitCode == 0)
        #expect(result.conversation.contains("< HTTP/1.1 100 Continue"))
        #expect(result.conversation.contains("< HTTP/1.1 200 OK"))
        #expect(result.output.hasPrefix(#"{"query_key":""#))
    }
}
