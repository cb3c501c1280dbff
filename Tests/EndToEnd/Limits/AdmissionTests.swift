import Foundation
import TestSupport
import Testing

/// Requests in flight, waiting requests, and rejected requests.
@Suite struct AdmissionTests {
    private func serve(
        inFlight: Int, queued: Int, sleep: Int, deadline: Int = 60_000, loops: Int = 3
    ) throws -> ServerProcess {
        try ServerProcess(
            ["--event-loops", "\(loops)"],
            environment: [
                "REPLICA_MAX_CONCURRENT_REQUESTS": "\(inFlight)", "MAX_QUEUED_REQUESTS": "\(queued)",
                "SYNTHETIC_SLEEP_MS": "\(sleep)", "QUEUE_DEADLINE_MS": "\(deadline)",
            ])
    }

    private func expectSaturated(_ response: Response, at location: SourceLocation = #_sourceLocation) throws {
        try TransportChecks.expectError(response, 503, at: location)
        #expect(response["Retry-After"] == "1", sourceLocation: location)
    }

    @Test(
        "requests in flight are exactly REPLICA_MAX_CONCURRENT_REQUESTS over all loops, others wait, the rest are 503",
        .proves("C2.7", "C5.7", "C5.10", "C6.8", "C6.9", "C6.11"))
    func limits() throws {
        let server = try serve(inFlight: 3, queued: 4, sleep: 700)
        let calls = try (0..<7).map { _ in try server.begin() }
        try server.waitForMetrics { metrics in
            #expect(metrics.inFlight <= 3 && metrics.queued <= 4)
            return metrics.inFlight == 3 && metrics.queued == 4
        }
        try expectSaturated(try server.call("GET", "/test", body: nil))
        let metrics = try server.metrics()
        #expect(metrics.rejected("queue_full") == 1 && metrics.inFlight == 3)
        try server.waitForMetrics { metrics in
            #expect(metrics.inFlight <= 3)
            return metrics["batch_records_count"] == 7
        }
        for call in calls { #expect(try call.response(to: "GET").status == 200) }
        let end = try server.metrics()
        #expect(end.inFlight == 0 && end.queued == 0)
        #expect(["in_flight", "queue_deadline", "buffered_bytes", "connections"].allSatisfy { end.rejected($0) == 0 })
        try server.stop()
        let log = try StrictLog(server.log)
        #expect(log.scored.count == 7 && log.blocks.count == 8)
        #expect(log.blocks.filter { $0.requestID == nil }.map(\.access.status) == [503])
    }

    @Test("a request that has waited QUEUE_DEADLINE_MS is 503, with Retry-After: 1", .proves("C2.7", "C5.7", "C6.11"))
    func queueDeadline() throws {
        let server = try serve(inFlight: 1, queued: 10, sleep: 2000, deadline: 200)
        let first = try server.begin()
        try server.waitForMetrics { $0.inFlight == 1 }
        let waiting = try (0..<4).map { _ in try server.begin() }
        for call in waiting { try expectSaturated(try call.response(to: "GET")) }
        let metrics = try server.metrics()
        #expect(metrics.rejected("queue_deadline") == 4 && metrics.queued == 0)
        #expect(try first.response(to: "GET").status == 200)
        #expect(try server.metrics().inFlight == 0)
    }

    @Test("MAX_QUEUED_REQUESTS=0: no request waits, and one without a permit is 503", .proves("C2.7", "C5.7"))
    func noQueue() throws {
        let server = try serve(inFlight: 2, queued: 0, sleep: 1000)
        let calls = try (0..<2).map { _ in try server.begin() }
        try server.waitForMetrics { $0.inFlight == 2 }
        try expectSaturated(try server.call("GET", "/test", body: nil))
        #expect(try server.metrics().rejected("in_flight") == 1)
        for call in calls { #expect(try call.response(to: "GET").status == 200) }
        #expect(try server.call("GET", "/test", body: nil).status == 200)
    }

    @Test("Probes, /metrics and /version get responses while scoring is saturated", .proves("C4.14", "T17"))
    func probes() throws {
        let server = try serve(inFlight: 1, queued: 1, sleep: 3000)
        let calls = try (0..<2).map { _ in try server.begin() }
        try server.waitForMetrics { $0.inFlight == 1 && $0.queued == 1 }
        for path in ["/livez", "/readyz", "/startupz", "/health", "/metrics", "/version"] {
            #expect(try server.call("GET", path, body: nil).status == 200, "\(path)")
        }
        let metrics = try server.metrics()
        #expect(metrics.inFlight == 1 && metrics.queued == 1 && metrics["batch_records_count"] == 0)
        #expect(try calls[0].response(to: "GET").status == 200)
    }

    @Test(
        "a waiting request whose client has gone leaves the queue, and no model runs for it", .proves("C6.11")
    )
    func vanishedClient() throws {
        let server = try serve(inFlight: 1, queued: 4, sleep: 2000)
        let first = try server.begin()
        try server.waitForMetrics { $0.inFlight == 1 }
        var gone = try (0..<3).map { _ in try server.begin() }
        try server.waitForMetrics { $0.queued == 3 }
        for connection in gone { connection.reset() }
        gone.removeAll()
        try server.waitForMetrics { $0.queued == 0 && $0.inFlight == 1 && $0.rejected("client_gone") == 3 }
        let last = try server.begin()
        #expect(try first.response(to: "GET").status == 200)
        #expect(try last.response(to: "GET").status == 200)
        let end = try server.waitForMetrics { $0.inFlight == 0 && $0.queued == 0 }
        #expect(end["batch_records_count"] == 2)
    }

    @Test("requests that wait on one event loop are not overtaken by all those that come later on another")
    func loopsAreFair() throws {
        let server = try serve(inFlight: 1, queued: 1000, sleep: 20, loops: 2)
        // Connections are assigned to the loops in turn; the three below to one, the other and the first again.
        let (one, other, again) = (try server.connect(), try server.connect(), try server.connect())
        let burst = String(repeating: "GET /test HTTP/1.1\r\nHost: a\r\n\r\n", count: 60)
        try one.send(burst)
        try server.waitForMetrics { $0.queued >= 30 }
        try other.send("GET", "/test")
        try server.waitForMetrics { $0["requests_total{route=\"/test\",status=\"200\"}"] + $0.queued >= 60 }
        try again.send(burst)
        #expect(try other.response(to: "GET").status == 200)
        let queued = try server.metrics().queued
        // A permit goes to the request that has waited longest on any loop.
        #expect(queued >= 20)
        for connection in [one, again] {
            for _ in 0..<60 { #expect(try connection.response(to: "GET").status == 200) }
        }
        let end = try server.metrics()
        #expect(end.inFlight == 0 && end.queued == 0)
    }

    @Test(
        "SYNTHETIC_BUSY_MS burns a core off the event loops: requests that wait for one are queued, HITs are not",
        .proves("C5.10", "C6.9"))
    func busy() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(
            ["--cache-url", redis.url, "--event-loops", "2"],
            environment: ["SYNTHETIC_BUSY_MS": "500", "QUEUE_DEADLINE_MS": "60000", "CACHE_DEADLINE_MS": "5000"])
        try server.waitForMessage("answers")
        let deadline = Date().addingTimeInterval(30)
        while try server.predict(ServerProcess.sample)["X-Cache"] != "HIT" { try #require(Date() < deadline) }
        let before = try server.metrics()["batch_records_count"]

        let cores = ProcessInfo.processInfo.activeProcessorCount
        let calls = try (0..<cores + 4).map { _ in try server.begin() }
        try server.waitForMetrics { metrics in
            #expect(metrics.inFlight <= cores + 1)
            return metrics.inFlight == cores && metrics.queued == 4
        }
        for _ in 0..<5 {
            #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "HIT")
            #expect(try server.call("GET", "/livez", body: nil).status == 200)
        }
        #expect(try server.metrics().queued > 0)
        for call in calls { #expect(try call.response(to: "GET").status == 200) }
        let end = try server.metrics()
        #expect(end.inFlight == 0 && end.queued == 0)
        #expect(end["batch_records_count"] - before == cores + 4 + 5)
    }

    @Test(
        "while the log is full new scoring requests wait in the queue, 503 at its deadline, and then continue",
        .proves("C3.7", "C4.14", "T39"))
    func fullLog() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(environment: ["QUEUE_DEADLINE_MS": "1500"], logTo: fifo.path)
        let id = String(repeating: "i", count: 64)
        let request = "GET /test HTTP/1.1\r\nHost: a\r\nX-Request-Id: \(id)\r\n\r\n"
        let burst = Array(String(repeating: request, count: 60).utf8)
        var statuses: [Int: Int] = [:]
        try server.withConnection { connection in
            while statuses[503] == nil {
                try #require(statuses[200, default: 0] < 60_000, "the buffer is never full")
                try connection.send(burst)
                for _ in 0..<60 { statuses[try connection.response(to: "GET").status, default: 0] += 1 }
            }
        }
        let waiting = try server.begin()
        try server.waitForMetrics { $0.queued == 1 }
        for path in ["/livez", "/readyz", "/metrics", "/version"] {
            #expect(try server.call("GET", path, body: nil).status == 200)
        }
        try expectSaturated(try waiting.response(to: "GET"))
        #expect(try server.metrics().rejected("queue_deadline") == statuses[503, default: 0] + 1)
        let later = try (0..<3).map { _ in try server.begin() }
        try server.waitForMetrics { $0.queued == 3 }
        var text = try fifo.read(bytes: 3 << 20)
        for call in later { #expect(try call.response(to: "GET").status == 200) }
        server.signal(SIGTERM)
        text += try fifo.read()
        #expect(try server.waitForExit() == 0)
        let log = try StrictLog(text)
        #expect(log.scored.count == statuses[200, default: 0] + 3)
        #expect(log.blocks.count - log.scored.count == statuses[503, default: 0] + 1)
    }
}
