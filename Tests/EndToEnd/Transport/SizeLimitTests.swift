import Foundation
import TestSupport
import Testing

/// Requests at their maximum size, and larger.
@Suite struct SizeLimitTests {
    private static let limit = 1 << 20
    private static let tooMuch = 10 << 20

    @Test("a body of exactly MAX_BODY_BYTES is accepted, and one byte more is 413", .proves("C2.6", "C5.6"))
    func exactBody() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST", "/predict", body: TransportChecks.sample(bytes: Self.limit))
        #expect(try connection.response().status == 200)
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked"])
        try connection.send(TransportChecks.chunked(TransportChecks.sample(bytes: Self.limit), size: 10_000))
        #expect(try connection.response().status == 200)

        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked"])
        try connection.send(TransportChecks.chunked(TransportChecks.sample(bytes: Self.limit + 1), size: 10_000))
        try TransportChecks.expectError(try connection.response(), 413)
        #expect(try connection.readToEnd() == "")
        #expect(try server.call("POST", "/predict", bytes: TransportChecks.sample(bytes: Self.limit + 1)).status == 413)
    }

    @Test("413 says both how large the body is and how large it may be", .proves("C2.17"))
    func bothNumbers() throws {
        let server = try ServerProcess(["--max-body-bytes", "2048"])
        let declared = try server.call("POST", "/predict", bytes: TransportChecks.sample(bytes: 3000))
        #expect(declared.text == #"{"detail":"The body has 3000 bytes, where MAX_BODY_BYTES allows 2048"}"#)
        let connection = try server.connect()
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked"])
        try connection.send(TransportChecks.chunked(TransportChecks.sample(bytes: 3000), size: 3000))
        let grown = try connection.response().text
        #expect(
            grown.wholeMatch(of: /\{"detail":"The body has at least \d+ bytes, where MAX_BODY_BYTES allows 2048"\}/)
                != nil)
        let inference = try server.call(
            "POST", "/v2/models/housing/infer", bytes: TransportChecks.sample(bytes: 2049))
        #expect(inference.text == #"{"error":"The body has 2049 bytes, where MAX_BODY_BYTES allows 2048"}"#)
    }

    @Test("MAX_BODY_BYTES can be configured", .proves("C5.6"))
    func configuredLimit() throws {
        let server = try ServerProcess(["--max-body-bytes", "2048"])
        #expect(try server.call("POST", "/predict", bytes: TransportChecks.sample(bytes: 2048)).status == 200)
        try TransportChecks.expectError(
            try server.call("POST", "/predict", bytes: TransportChecks.sample(bytes: 2049)), 413)
    }

    @Test(
        "413 by Content-Length reaches a client that reads only after it has sent everything, without a reset",
        .proves("C2.12"))
    func declaredTooLarge() throws {
        let server = try ServerProcess()
        for path in ["/predict", "/health", "/nothing"] {
            let connection = try server.connect()
            try connection.send("GET", "/health")
            try connection.send(
                "POST", path, headers: ["X-Request-Id: large"], body: [UInt8](repeating: 0x20, count: Self.tooMuch))
            #expect(try connection.response().status == 200)
            let response = try connection.response()
            try TransportChecks.expectError(response, 413)
            #expect(response["X-Request-Id"] == "large")
            #expect(response["Connection"] == "close")
            #expect(try connection.readToEnd() == "")
        }
    }

    @Test(
        "413 by chunked growth reaches a client that reads only after it has sent everything, without a reset",
        .proves("C2.12"))
    func grownTooLarge() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("GET", "/health")
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked", "X-Request-Id: large"])
        try connection.send(TransportChecks.chunked([UInt8](repeating: 0x20, count: Self.tooMuch), size: 100_000))
        #expect(try connection.response().status == 200)
        let response = try connection.response()
        try TransportChecks.expectError(response, 413)
        #expect(response["X-Request-Id"] == "large")
        #expect(response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("413 comes as soon as the length is known, before the body")
    func beforeTheBody() throws {
        let server = try ServerProcess()
        for length in ["\(Self.limit + 1)", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
            let connection = try server.connect()
            try connection.send("POST", "/predict", headers: ["Content-Length: \(length)"])
            try TransportChecks.expectError(try connection.response(), 413, "\(length)")
        }
    }

    @Test("413 reaches curl, which is still sending")
    func curl() throws {
        let server = try ServerProcess()
        let file = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try Data(repeating: 0x20, count: Self.tooMuch).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let upload = ["--upload-file", file.path, "--request", "POST", "http://127.0.0.1:\(server.port)/predict"]
        for options in [["--header", "Expect:"], ["--header", "Transfer-Encoding: chunked"], []] {
            let arguments = ["--silent", "--max-time", "30", "--write-out", " %{http_code}"] + options + upload
            let curl = try ChildProcess.run("curl", arguments)
            #expect(curl.exitCode == 0, "\(options)")
            #expect(curl.output.hasSuffix(#""} 413"#), "\(options) \(curl.output)")
        }
    }

    @Test("a head of less than 32 KiB and exactly 100 fields is accepted", .proves("C5.8"))
    func headWithinLimits() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for value in ["1", String(repeating: "v", count: 315)] {
            let fields = (1...99).map { "X-Field-\($0): \(value)\r\n" }.joined()
            try connection.send("GET /health HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            #expect(try connection.response().status == 200)
        }
        try connection.send("GET /health?\(String(repeating: "q", count: 32_000)) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.response().status == 200)
    }

    @Test(
        "431 for too large a head reaches a client that is still sending, without a reset",
        .proves("C2.6", "C2.12", "C5.8"),
        arguments: [
            (1...101).map { "X-Field-\($0): 1\r\n" }.joined(),
            "X-Large: \(String(repeating: "v", count: 33 << 10))\r\n",
            "X-Large: \(String(repeating: "v", count: 10 << 20))\r\n",
            "\(String(repeating: "n", count: 33 << 10)): v\r\n",
            (1...90).map { "X-Field-\($0): \(String(repeating: "v", count: 400))\r\n" }.joined(),
            "X-Blanks:\(String(repeating: " ", count: 10 << 20))v\r\n",
        ])
    func headTooLarge(fields: String) throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("GET", "/health")
        try connection.send("POST /predict HTTP/1.1\r\nHost: a\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n")
        try connection.send([UInt8](repeating: 0x20, count: Self.tooMuch))
        #expect(try connection.response().status == 200)
        let response = try connection.response()
        try TransportChecks.expectError(response, 431)
        #expect(response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("a target of more than 32 KiB is 431", .proves("C2.6"))
    func targetTooLarge() throws {
        let server = try ServerProcess()
        try TransportChecks.expectError(
            try server.call("GET", "/health?\(String(repeating: "q", count: 33 << 10))"), 431)
    }

    @Test(
        "32 KiB of empty lines before a request are skipped, and more are 431, also after a request", .proves("C2.6")
    )
    func emptyLines() throws {
        let server = try ServerProcess()
        let request = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        func lines(_ bytes: Int) -> String { String(repeating: "\r\n", count: bytes / 2) }
        let connection = try server.connect()
        for _ in 0..<3 {
            try connection.send(lines(32 << 10) + request)
            #expect(try connection.response().status == 200)
        }
        try connection.send(request + lines(1 << 20) + request)
        #expect(try connection.response().status == 200)
        try TransportChecks.expectError(try connection.response(), 431)
        #expect(try connection.readToEnd() == "")
        let first = try server.connect()
        try first.send(lines(50_000) + request)
        try TransportChecks.expectError(try first.response(), 431)
        // White space of a body is not an empty line before a request.
        let body = Array((lines(100_000) + ServerProcess.sample).utf8)
        #expect(try server.call("POST", "/predict", bytes: body).status == 200)
    }

    @Test("trailers count as a head does", .proves("T8"))
    func trailers() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked"])
        try connection.send("2\r\n[]\r\n0\r\nX-Large: \(String(repeating: "v", count: 10 << 20))\r\n\r\n")
        try TransportChecks.expectError(try connection.response(), 431)
        #expect(try connection.readToEnd() == "")
    }
}
