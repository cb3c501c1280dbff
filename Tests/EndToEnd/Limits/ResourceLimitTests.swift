import Foundation
import TestSupport
import Testing

/// Connections and buffered bytes, over all connections.
@Suite struct ResourceLimitTests {
    /// Sends requests until the status is as expected: a server notices a client's end a moment after it.
    private func wait(for status: Int, at location: SourceLocation = #_sourceLocation, _ call: () -> Response?) throws {
        let deadline = Date().addingTimeInterval(30)
        while call()?.status != status { try #require(Date() < deadline, "never \(status)", sourceLocation: location) }
    }

    @Test(
        "MAX_CONNECTIONS: the next connection is 503 and closes, and permits are released",
        .proves("C2.7", "C5.8", "C6.11", "T6"))
    func connections() throws {
        let server = try ServerProcess(["--event-loops", "2"], environment: ["MAX_CONNECTIONS": "3"])
        var open = try (0..<3).map { _ in try server.connect() }
        for connection in open {
            try connection.send("GET", "/livez")
            #expect(try connection.response().status == 200)
        }
        for _ in 0..<3 {
            let refused = try server.connect()
            let response = try refused.response()
            try TransportChecks.expectError(response, 503)
            #expect(response["Retry-After"] == "1" && response["Connection"] == "close")
            #expect(try refused.readToEnd().isEmpty)
        }
        try open[0].send("GET", "/metrics")
        let metrics = try MetricsScrape(open[0].response(to: "GET").text)
        #expect(metrics.rejected("connections") == 3)
        #expect(metrics["requests_total{route=\"other\",status=\"503\"}"] == 3)
        open.removeLast()
        try wait(for: 200) { try? server.predict(ServerProcess.sample) }
        try open[1].send("GET", "/livez")
        #expect(try open[1].response().status == 200)
    }

    @Test(
        "MAX_CONNECTIONS: probes get responses when idle connections have all permits, and other requests are 503",
        .proves("C4.14", "T7"))
    func probesBeyondConnections() throws {
        let server = try ServerProcess(["--event-loops", "2"], environment: ["MAX_CONNECTIONS": "2"])
        let idle = try (0..<2).map { _ in try server.connect() }
        for connection in idle {
            try connection.send("GET", "/livez")
            #expect(try connection.response().status == 200)
        }
        let probes = [
            "/health", "/livez", "/readyz", "/startupz", "/metrics", "/version", "/v2/health/live", "/v2/health/ready",
            "/v2/models/housing/ready",
        ]
        for path in probes {
            let connection = try server.connect()
            try connection.send("GET", path)
            try connection.send("GET", path)
            let response = try connection.response()
            #expect(response.status == 200 && response["Connection"] == "close", "\(path)")
            #expect(try connection.readToEnd().isEmpty, "\(path)")
        }
        let sample = ServerProcess.sample
        for (method, path) in [("POST", "/predict"), ("GET", "/test"), ("GET", "/"), ("GET", "/nothing")] {
            let refused = try server.call(method, path, body: method == "POST" ? sample : nil)
            #expect(refused.status == 503 && refused["Retry-After"] == "1", "\(path)")
        }
        #expect(try server.metrics().rejected("connections") == 4)
        // A client that gets 503 holds no permit meanwhile, and one that holds a permit and sends nothing soon gets it.
        let silent = try (0..<40).map { _ in try server.connect() }
        for connection in silent { #expect(try connection.response().status == 503) }
        #expect(try server.call("GET", "/livez").status == 200)
        #expect(try server.metrics().rejected("connections") == 44)
    }

    @Test(
        "MAX_BUFFERED_BYTES: bodies beyond it are 503, memory stays bounded, and bytes are released",
        .proves("C2.7", "C5.8", "C6.11", "T14"))
    func bufferedBytes() throws {
        let server = try ServerProcess(["--event-loops", "2"], environment: ["MAX_BUFFERED_BYTES": "1048576"])
        let body = TransportChecks.sample(bytes: 900_000)
        let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n"
        #expect(try server.predict(ServerProcess.sample).status == 200)
        let before = try server.residentBytes()
        let all = try (0..<81).map { _ in
            let connection = try server.connect()
            try connection.send(Array(head.utf8) + body[..<700_000])
            return connection
        }
        try server.waitForMetrics { $0.rejected("buffered_bytes") == 80 }
        // Whichever was last read keeps its bytes: the one without a response.
        let kept = all.filter { connection in
            var readable = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&readable, 1, 1000) == 0
        }
        let first = try #require(kept.first)
        let refused = all.filter { $0 !== first }
        for connection in refused {
            let response = try connection.response()
            try TransportChecks.expectError(response, 503)
            #expect(response["Retry-After"] == "1")
        }
        #expect(try server.metrics().rejected("buffered_bytes") == 80)
        #expect(try server.residentBytes() - before < 32 << 20)
        try first.send(Array(body[700_000...]))
        #expect(try first.response().status == 200)
        for _ in 0..<3 { #expect(try server.call("POST", "/predict", bytes: body).status == 200) }
        #expect(try server.metrics().rejected("buffered_bytes") == 80)
        try server.stop()
        #expect(try StrictLog(server.log).blocks.filter { $0.access.status == 503 }.count == 80)
    }

    @Test(
        "bytes of complete bodies count while their requests wait, and are released by each way out of the queue",
        .proves("C5.8", "C6.10"))
    func waitingBodies() throws {
        let server = try ServerProcess(
            ["--event-loops", "2"],
            environment: [
                "MAX_BUFFERED_BYTES": "65536", "REPLICA_MAX_CONCURRENT_REQUESTS": "1", "SYNTHETIC_SLEEP_MS": "800",
                "QUEUE_DEADLINE_MS": "1200",
            ])
        let body = TransportChecks.sample(bytes: 20_000)
        let first = try server.begin()
        try server.waitForMetrics { $0.inFlight == 1 }
        var waiting: [Connection] = []
        for count in 1...3 {
            let connection = try server.connect()
            try connection.send("POST", "/predict", body: body)
            waiting.append(connection)
            try server.waitForMetrics { $0["buffered_bytes"] == count * 20_000 && $0.queued == count }
        }
        #expect(try server.call("POST", "/predict", bytes: body).status == 503)
        #expect(try server.metrics().rejected("buffered_bytes") == 1)
        // One client goes, one request continues, one waits in vain.
        waiting.removeFirst().reset()
        #expect(try first.response(to: "GET").status == 200)
        #expect(try waiting.map { try $0.response().status } == [200, 503])
        let end = try server.metrics()
        #expect(end["buffered_bytes"] == 0 && end.queued == 0 && end.inFlight == 0)
        #expect(end.rejected("client_gone") == 1 && end.rejected("queue_deadline") == 1)
    }

    @Test(
        "MAX_BUFFERED_BYTES: unfinished heads are counted, beyond it they are 503, and bytes are released",
        .proves("T14"))
    func bufferedHeads() throws {
        let server = try ServerProcess(["--event-loops", "1"], environment: ["MAX_BUFFERED_BYTES": "65536"])
        let field = "Authorization: \(String(repeating: "a", count: 20_000))\r\n"
        let part = "POST /predict HTTP/1.1\r\nHost: a\r\n\(field)X: \(String(repeating: "x", count: 5_000))"
        var slow = try (0..<2).map { _ in
            let connection = try server.connect()
            try connection.send(part)
            return connection
        }
        try server.waitForMetrics { $0["buffered_bytes"] == 2 * part.utf8.count }
        let third = try server.connect()
        try third.send(part)
        try TransportChecks.expectError(try third.response(), 503)
        #expect(try third.readToEnd() == "")
        #expect(try server.metrics().rejected("buffered_bytes") == 1)
        slow.removeFirst().reset()
        try server.waitForMetrics { $0["buffered_bytes"] == part.utf8.count }
        try slow[0].send("\r\n\r\n")
        #expect(try slow[0].response().status == 422)
        #expect(try server.metrics()["buffered_bytes"] == 0)
        // The part of a head that is kept until its body has arrived.
        let known = "If-None-Match: \(String(repeating: "a", count: 20_000))\r\n"
        try slow[0].send("POST /predict HTTP/1.1\r\nHost: a\r\n\(known)Content-Length: 2\r\n\r\n[")
        try server.waitForMetrics { $0["buffered_bytes"] == 20_001 }
        try slow[0].send("]")
        #expect(try slow[0].response().status == 422)
        #expect(try server.metrics()["buffered_bytes"] == 0)
    }

    @Test("bytes are released if their client has gone, or got its response before its request ended")
    func bytesComeBack() throws {
        let server = try ServerProcess(
            ["--event-loops", "1"], environment: ["MAX_BUFFERED_BYTES": "65536", "BODY_TIMEOUT_SECONDS": "2"])
        let body = TransportChecks.sample(bytes: 60_000)
        let half = Array("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n".utf8) + body[..<50_000]
        // Each is small enough that all stay, or all but one.
        let part = Array("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n".utf8) + body[..<10_000]
        var clients = try (0..<6).map { _ in
            let connection = try server.connect()
            try connection.send(part)
            return connection
        }
        try wait(for: 503) { try? server.call("POST", "/predict", bytes: body) }
        clients.removeAll()
        try wait(for: 200) { try? server.call("POST", "/predict", bytes: body) }
        let slow = try server.connect()
        try slow.send(half)
        #expect(try slow.response().status == 408)
        // It stays open, and holds nothing.
        #expect(try server.call("POST", "/predict", bytes: body).status == 200)
    }
}
