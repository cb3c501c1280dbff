import Foundation
import TestSupport
import Testing

/// Clients that are too slow, on a server whose time-outs are usually a second.
@Suite struct TimeoutTests {
    private func serve(sleep: Int = 0, seconds: Int = 1) throws -> ServerProcess {
        try ServerProcess(
            ["--event-loops", "2"],
            environment: [
                "HEAD_TIMEOUT_SECONDS": "\(seconds)", "BODY_TIMEOUT_SECONDS": "\(seconds)",
                "IDLE_TIMEOUT_SECONDS": "\(seconds)", "SYNTHETIC_SLEEP_MS": "\(sleep)",
            ])
    }

    private func expectTimeout(_ connection: Connection, at location: SourceLocation = #_sourceLocation) throws {
        let response = try connection.response()
        try TransportChecks.expectError(response, 408, at: location)
        #expect(response["Connection"] == "close", sourceLocation: location)
        #expect(try connection.readToEnd().isEmpty, sourceLocation: location)
    }

    @Test("a head or body that is too slow is 408, and the connection closes", .proves("C2.6", "C5.9"))
    func slow() throws {
        let server = try serve()
        let head = try server.connect()
        try head.send("GET /livez HTTP/1.1\r\nHost: a\r\nHos")
        let body = try server.connect()
        try body.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n[{")
        let bodiless = try server.connect()
        try bodiless.send("POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        let secondHead = try server.connect()
        try secondHead.send("GET", "/livez")
        #expect(try secondHead.response().status == 200)
        let began = Date()
        try secondHead.send("POST /predict HTT")
        for connection in [head, body, bodiless, secondHead] { try expectTimeout(connection) }
        #expect(Date().timeIntervalSince(began) >= 1)
        let metrics = try server.metrics()
        #expect(metrics["requests_total{route=\"other\",status=\"408\"}"] == 2)
        #expect(metrics["requests_total{route=\"/predict\",status=\"408\"}"] == 1)
        #expect(metrics["requests_total{route=\"/score\",status=\"408\"}"] == 1)
        try server.stop()
        let log = try StrictLog(server.log)
        #expect(log.scored.isEmpty && log.blocks.map(\.access.status) == [408, 408])
    }

    @Test(
        "a part of a head that comes with the end of the request before it is 408, and that request gets its response",
        arguments: ["G", "GET ", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\r\n"])
    func pipelinedHead(part: String) throws {
        let server = try serve()
        let body = ServerProcess.sample
        let requests = [
            "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)",
            "POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        ]
        for (request, status) in zip(requests, [200, 200, 422]) {
            let connection = try server.connect()
            try connection.send(request + part)
            #expect(try connection.response().status == status)
            try expectTimeout(connection)
        }
    }

    @Test("after a complete request, even with blank lines, the idle connection is closed without a response")
    func nothingBehind() throws {
        let server = try serve()
        for end in ["", "\r\n", "\r\n\r\n"] {
            let connection = try server.connect()
            try connection.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n[]" + end)
            #expect(try connection.response().status == 422)
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test("a client that reads late gets no 408 for a slow head or body, since those wait for its reading")
    func lateReader() throws {
        let server = try ServerProcess(
            ["--event-loops", "2"], environment: ["HEAD_TIMEOUT_SECONDS": "1", "BODY_TIMEOUT_SECONDS": "1"])
        let heads = "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        let body = String(repeating: "x", count: 500)
        let bodies = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n\(body)"
        for (request, status) in [(heads, 200), (heads + bodies, 422)] {
            let connection = try server.connect()
            connection.shrinkReceiveBuffer()
            for _ in 0..<600 { try connection.send(request) }
            // Far longer than a head or a body may take.
            Thread.sleep(forTimeInterval: 3)
            for _ in 0..<600 {
                #expect(try connection.response().status == 200)
                if status == 422 { #expect(try connection.response().status == status) }
            }
        }
    }

    @Test("bytes that come one at a time do not extend a time-out", .proves("T5"))
    func dripping() throws {
        let server = try serve()
        let head = try server.connect()
        let body = try server.connect()
        try body.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n[")
        try head.send("GET /livez HTTP/1.1\r\nHost: a\r\nX: ")
        for connection in [head, body] {
            var drips = 0
            var readable = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&readable, 1, 50) == 0, drips < 400 {
                try connection.send(" ")
                drips += 1
            }
            #expect(try connection.response().status == 408)
        }
    }

    @Test("an idle connection is closed without a response, whether it was used or not", .proves("C5.9"))
    func idle() throws {
        let server = try serve()
        let unused = try server.connect()
        let used = try server.connect()
        try used.send("GET", "/livez")
        #expect(try used.response().status == 200)
        for connection in [unused, used] { #expect(try connection.readToEnd().isEmpty) }
        let metrics = try server.metrics()
        #expect(metrics.values.keys.filter { $0.contains("status=\"408\"") }.isEmpty)
    }

    @Test(
        "a connection whose request takes long is not idle, and a slow head after it gets its response after it",
        .proves("C5.9"))
    func slowCall() throws {
        let server = try serve(sleep: 2500)
        let busy = try server.begin()
        let pipelined = try server.begin()
        try server.waitForMetrics { $0.inFlight == 2 }
        try pipelined.send("GET /li")
        #expect(try busy.response(to: "GET").status == 200)
        #expect(try pipelined.response(to: "GET").status == 200)
        try expectTimeout(pipelined)
        // Used again before it was idle for long enough.
        try busy.send("GET", "/livez")
        #expect(try busy.response().status == 200)
    }

    @Test("a pause of the server counts against no client", .proves("T38"))
    func pause() throws {
        let server = try serve(seconds: 3)
        let idle = try server.connect()
        try idle.send("GET", "/livez")
        #expect(try idle.response().status == 200)
        let body = try server.connect()
        try body.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n[")
        server.signal(SIGSTOP)
        let new = try server.connect()
        try new.send("GET", "/livez")
        Thread.sleep(forTimeInterval: 4.5)
        server.signal(SIGCONT)
        #expect(try new.response().status == 200)
        // More than one look at the connections later.
        Thread.sleep(forTimeInterval: 0.3)
        for connection in [new, idle] {
            try connection.send("GET", "/livez")
            #expect(try connection.response().status == 200)
        }
        try body.send("]")
        #expect(try body.response().status == 422)
    }
}
