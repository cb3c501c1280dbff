import Foundation
import TestSupport
import Testing

/// Whether a connection stays open after a response.
@Suite struct PersistenceTests {
    @Test(
        "an HTTP/1.1 connection stays open, says for how long, and Connection: close ends it after the response",
        .proves("C1.42"))
    func close() throws {
        let server = try ServerProcess(["--idle-timeout-seconds", "33"])
        let connection = try server.connect()
        for _ in 1...3 {
            try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response["Connection"] == "keep-alive" && response["Keep-Alive"] == "timeout=33")
        }
        let close = ["Connection: close"]
        try connection.send("POST", "/predict", headers: close, body: Array(ServerProcess.sample.utf8))
        // After a request that asked for the connection's end, nothing gets a response.
        try connection.send("GET", "/health")
        let response = try connection.response()
        #expect(response.status == 200)
        #expect(response["Connection"] == "close" && response["Keep-Alive"] == nil)
        #expect(try connection.readToEnd() == "")
    }

    @Test("Connection: close is recognized among other options, in any case")
    func closeAmongOthers() throws {
        let server = try ServerProcess()
        for option in ["Close", "TE, close", "x,CLOSE,y"] {
            let connection = try server.connect()
            try connection.send("GET", "/health", headers: ["Connection: \(option)"])
            #expect(try connection.response()["Connection"] == "close", "\(option)")
            #expect(try connection.readToEnd() == "")
        }
    }

    @Test("an HTTP/1.0 connection closes after the response")
    func http10() throws {
        let server = try ServerProcess()
        let body = ServerProcess.sample
        for head in ["", "Connection: close\r\n"] {
            let connection = try server.connect()
            try connection.send("POST /predict HTTP/1.0\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response["Connection"] == "close")
            #expect(try connection.readToEnd() == "")
        }
    }

    @Test("an HTTP/1.0 connection stays open for a client that asks for it, and the response says so")
    func http10KeepAlive() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for _ in 1...2 {
            try connection.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response["Connection"] == "keep-alive" && response["Keep-Alive"] == "timeout=75")
        }
        try connection.send("GET /health HTTP/1.0\r\n\r\n")
        #expect(try connection.response()["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("an HTTP/1.0 connection closes after a chunked body, which HTTP/1.0 does not know", .proves("T10"))
    func http10Chunked() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST /predict HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n")
        try connection.send(TransportChecks.chunked(Array(ServerProcess.sample.utf8), size: 100))
        try connection.send("GET", "/health")
        let response = try connection.response()
        #expect(response.status == 200 && response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test("a client that asks for another protocol gets HTTP/1.1, and its connection stays open", .proves("T12"))
    func upgrade() throws {
        let server = try ServerProcess()
        let body = ServerProcess.sample
        let upgrades = ["Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"]
        for upgrade in upgrades + ["Connection: upgrade\r\nUpgrade: websocket", "Upgrade: TLS/1.0"] {
            let connection = try server.connect()
            try connection.send(
                "POST /predict HTTP/1.1\r\nHost: a\r\n\(upgrade)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try connection.response().status == 200, "\(upgrade)")
            try connection.send("GET", "/health")
            #expect(try connection.response().status == 200, "\(upgrade)")
            connection.endSending()
            #expect(try connection.readToEnd() == "", "\(upgrade)")
        }
    }

    @Test("curl --http2 gets its responses in HTTP/1.1, with and without a body")
    func curlHTTP2() throws {
        let server = try ServerProcess()
        let base = "http://127.0.0.1:\(server.port)"
        let health = try TransportChecks.curl("--http2", "--write-out", " %{http_version}", "\(base)/health")
        #expect(health.exitCode == 0)
        #expect(health.output == #"{"status":"healthy"} 1.1"#)
        for options in [["--http2"], ["--http2", "--header", "Expect: 100-continue"]] {
            let arguments = ["--silent", "--max-time", "30"] + options
            let curl = try ChildProcess.run(
                "curl", arguments + ["--data", ServerProcess.sample, "\(base)/predict"])
            #expect(curl.exitCode == 0)
            #expect(curl.output.contains("e6cbfb3a74a56e69b3062ff4f3da035a"))
        }
    }

    @Test("a client that speaks HTTP/2 at once is rejected in HTTP/1.1", .proves("T12"))
    func http2PriorKnowledge() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        try TransportChecks.expectError(try connection.response(), 400)
        #expect(try connection.readToEnd() == "")
    }
}
