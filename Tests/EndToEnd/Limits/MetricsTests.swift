import Foundation
import TestSupport
import Testing

/// The values of `/metrics` after events.
@Suite struct MetricsTests {
    /// A request that ends in one way, and where it is counted.
    private struct Exit {
        let status: Int
        let route: String
        let bytes: [UInt8]

        init(_ status: Int, _ route: String, raw text: String) {
            self.status = status
            self.route = route
            bytes = Array(text.utf8)
        }

        init(
            _ status: Int, _ method: String, _ path: String, route: String? = nil, _ body: String = "", key: Bool = true
        ) {
            let authorization = key ? "Authorization: Bearer key\r\n" : ""
            let head = "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(authorization)Content-Length: \(body.utf8.count)"
            self.init(status, route ?? path, raw: "\(head)\r\n\r\n\(body)")
        }
    }

    private static let infer = "/v2/models/housing/infer"
    private static let keyed = "Host: a\r\nAuthorization: Bearer key\r\n"
    private static let exits = [
        Exit(200, "POST", "/predict", ServerProcess.sample), Exit(200, "POST", "/score", ServerProcess.sample),
        Exit(200, "GET", "/test"), Exit(200, "GET", "/health"), Exit(200, "GET", "/livez"),
        Exit(200, "GET", "/readyz"), Exit(200, "GET", "/startupz"), Exit(200, "GET", "/version"),
        Exit(200, "GET", "/"), Exit(200, "GET", "/docs"), Exit(200, "GET", "/openapi.json"), Exit(200, "GET", "/v2"),
        Exit(200, "GET", "/v2/health/live"), Exit(200, "GET", "/v2/health/ready"),
        Exit(200, "GET", "/v2/models/housing"), Exit(200, "GET", "/v2/models/housing/ready"),
        Exit(200, "POST", infer, InferenceRequests.one()), Exit(400, "POST", infer, "{}"),
        Exit(401, "POST", infer, InferenceRequests.one(), key: false),
        Exit(404, "POST", "/v2/models/housing/versions/1/infer", route: infer, InferenceRequests.one()),
        Exit(304, "/", raw: "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n"),
        Exit(204, "OPTIONS", "/predict"), Exit(400, "other", raw: "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n"),
        Exit(401, "POST", "/predict", ServerProcess.sample, key: false), Exit(401, "GET", "/test", key: false),
        Exit(404, "GET", "/no/such?path=/test", route: "other"), Exit(405, "GET", "/predict"),
        Exit(405, "POST", "/livez"), Exit(408, "other", raw: "GET / HT"),
        Exit(408, "/predict", raw: "POST /predict HTTP/1.1\r\n\(keyed)Content-Length: 9\r\n\r\n["),
        Exit(413, "/score", raw: "POST /score HTTP/1.1\r\n\(keyed)Content-Length: 99999999\r\n\r\n"),
        Exit(422, "POST", "/predict", "[]"), Exit(422, "POST", "/score", "{"),
        Exit(431, "other", raw: "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 40_000)),
    ]

    /// The series that a request with this outcome, and the reading before it, increase by one each.
    private static func moved(by exit: Exit) -> [String: Int] {
        let scoring: Set = ["/predict", "/score", "/test", infer]
        let route = "{route=\"\(exit.route)\""
        var moved = [
            "requests_total\(route),status=\"\(exit.status)\"}": 1,
            "requests_total{route=\"/metrics\",status=\"200\"}": 1,
            "request_duration_seconds_count\(route)}": 1,
            "request_duration_seconds_count{route=\"/metrics\"}": 1,
        ]
        guard exit.status == 200, scoring.contains(exit.route) else { return moved }
        moved["batch_records_count"] = 1
        guard exit.route != "/test" else { return moved }
        moved["cache_lookups_total{result=\"bypass\"}"] = 1
        moved["scoring_duration_seconds_count{cache=\"bypass\"}"] = 1
        return moved
    }

    @Test(
        "every outcome is counted once in each series that it belongs to, and in no other",
        .proves("C6.1", "C6.2", "C6.4", "C6.15"))
    func exits() throws {
        let keys = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString).keys")
        try Data("key\n".utf8).write(to: keys)
        defer { try? FileManager.default.removeItem(at: keys) }
        let server = try ServerProcess(
            ["--event-loops", "2"],
            environment: [
                "API_KEYS_FILE": keys.path, "HEAD_TIMEOUT_SECONDS": "1", "BODY_TIMEOUT_SECONDS": "1",
            ])
        var before = try server.metrics()
        for exit in Self.exits {
            let connection = try server.connect()
            try connection.send(exit.bytes)
            #expect(try connection.response().status == exit.status, "\(exit.status) \(exit.route)")
            let after = try server.metrics()
            let counts = after.changes(since: before, in: "").filter {
                !$0.key.contains("_bucket") && !$0.key.contains("_sum")
            }
            #expect(counts == Self.moved(by: exit), "\(exit.status) \(exit.route)")
            before = after
        }
        #expect(before["batch_records_count"] == 4 && before["batch_records_sum"] == 4 + 4 + 1 + 1)
        #expect(before.inFlight == 0 && before.queued == 0)
        for (series, count) in before.values where series.contains("_count") {
            let labels = series.split(separator: "{").dropFirst().first.map { $0.dropLast() + "," } ?? ""
            let name = series.prefix { $0 != "{" }.dropLast("_count".count)
            #expect(before.values["\(name)_bucket{\(labels)le=\"+Inf\"}"] == count, "\(series)")
        }
    }

    @Test("a request whose client has gone is counted once, whether all of it had arrived or not", .proves("C6.1"))
    func clientGone() throws {
        let server = try ServerProcess(environment: ["SYNTHETIC_SLEEP_MS": "300"])
        let before = try server.metrics()
        func leaveWhole() throws {
            let whole = try server.begin()
            try server.waitForMetrics { $0.inFlight == 1 }
            withExtendedLifetime(whole) {}
        }
        try leaveWhole()
        try server.waitForMetrics { $0.inFlight == 0 }
        func leavePart() throws {
            let part = try server.connect()
            try part.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n[")
            try server.waitForMetrics { $0["buffered_bytes"] == 1 }
            part.reset()
        }
        try leavePart()
        let after = try server.waitForMetrics { $0["buffered_bytes"] == 0 }
        let test = "{route=\"/test\""
        let changes = after.changes(since: before, in: "").filter {
            !$0.key.contains("/metrics") && !$0.key.contains("_bucket") && !$0.key.contains("_sum")
        }
        let expected = [
            "requests_total\(test),status=\"200\"}": 1, "request_duration_seconds_count\(test)}": 1,
            "batch_records_count": 1, "requests_total{route=\"/predict\",status=\"400\"}": 1,
            "request_duration_seconds_count{route=\"/predict\"}": 1,
        ]
        #expect(changes == expected)
    }

    @Test("a connection beyond MAX_CONNECTIONS is counted once, as a 503 of no route")
    func tooManyConnections() throws {
        let server = try ServerProcess(environment: ["MAX_CONNECTIONS": "1"])
        let connection = try server.connect()
        func scrape() throws -> MetricsScrape {
            try connection.send("GET", "/metrics")
            return try MetricsScrape(connection.response(to: "GET").text)
        }
        let before = try scrape()
        #expect(try server.connect().response().status == 503)
        let changes = try scrape().changes(since: before, in: "").filter {
            !$0.key.contains("/metrics") && !$0.key.contains("_bucket") && !$0.key.contains("_sum")
        }
        let expected = [
            "requests_total{route=\"other\",status=\"503\"}": 1,
            "request_duration_seconds_count{route=\"other\"}": 1,
            "rejected_requests_total{reason=\"connections\"}": 1,
        ]
        #expect(changes == expected)
    }

    @Test("a request rejected with 503 is counted once, with its reason", .proves("C6.1", "C6.11"))
    func saturated() throws {
        let server = try ServerProcess(environment: [
            "REPLICA_MAX_CONCURRENT_REQUESTS": "1", "MAX_QUEUED_REQUESTS": "0", "SYNTHETIC_SLEEP_MS": "1500",
        ])
        let slow = try server.begin()
        let before = try server.waitForMetrics { $0.inFlight == 1 }
        #expect(try server.call("GET", "/test", body: nil).status == 503)
        let after = try server.metrics()
        let test = "requests_total{route=\"/test\",status=\"503\"}"
        #expect(after.changes(since: before, in: "requests_total")[test] == 1)
        #expect(after["request_duration_seconds_count{route=\"/test\"}"] == 1)
        #expect(after.changes(since: before, in: "rejected") == ["rejected_requests_total{reason=\"in_flight\"}": 1])
        #expect(try slow.response(to: "GET").status == 200)
    }

    @Test(
        "look-ups are counted as hit, miss or bypass, scoring by the same results; /test moves no cache metric",
        .proves("C4.8", "C6.3", "C6.5", "C6.6", "C6.7"))
    func cache() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(
            ["--cache-url", redis.url, "--event-loops", "1"], environment: ["CACHE_DEADLINE_MS": "5000"])
        try server.waitForMessage("answers")
        #expect(try server.metrics()["cache_up"] == 1)
        func expectChange(_ result: String, _ body: String) throws {
            let before = try server.metrics()
            #expect(try server.predict(body)["X-Cache"] == result.uppercased())
            let after = try server.metrics()
            #expect(
                after.changes(since: before, in: "cache_lookups") == ["cache_lookups_total{result=\"\(result)\"}": 1])
            #expect(
                after.changes(since: before, in: "scoring_duration_seconds_count")
                    == ["scoring_duration_seconds_count{cache=\"\(result)\"}": 1])
        }
        try expectChange("miss", ServerProcess.sample)
        try expectChange("hit", ServerProcess.sample)
        let before = try server.metrics()
        #expect(try server.call("GET", "/test", body: nil).status == 200)
        let after = try server.metrics()
        for family in ["cache_", "scoring_"] { #expect(after.changes(since: before, in: family).isEmpty) }
        #expect(after["batch_records_count"] - before["batch_records_count"] == 1)
        #expect(after.changes(since: try MetricsScrape(""), in: "cache_errors").isEmpty)

        try redis.kill()
        try server.waitForMetrics { $0["cache_up"] == 0 }
        try expectChange("bypass", ServerProcess.sample)
        try server.waitForMetrics { $0["cache_errors_total{reason=\"connect\"}"] > 0 }
        try redis.start()
        try server.waitForMetrics { $0["cache_up"] == 1 }
        try expectChange("miss", ServerProcess.sample)
    }

    @Test(
        "CACHE_URL=off has no cache_up; a configured cache that cannot be used has 0 from the start",
        .proves("C6.7"))
    func cacheUp() throws {
        func line(_ url: String) throws -> [Substring] {
            let server = try ServerProcess(["--cache-url", url])
            return try server.call("GET", "/metrics").text.split(separator: "\n").filter { $0.contains("_cache_up") }
        }
        #expect(try line("off").isEmpty)
        #expect(try line("redis://127.0.0.1:\(RedisProcess.freePort())").last == "bungalow_cache_up 0")
        #expect(try line("sqlite:/proc/nowhere/cache.sqlite").last == "bungalow_cache_up 0")
    }

    @Test("an unusable entry is counted as bad_value, an error reply as error_reply", .proves("C6.6"))
    func cacheErrors() throws {
        for (reply, reason) in [("$4\r\nnope\r\n", "bad_value"), ("-LOADING\r\n", "error_reply")] {
            let redis = try ScriptedRedis(.reply(Array(reply.utf8)))
            defer { redis.stop() }
            let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", "1"])
            try server.waitForMessage("answers")
            #expect(try server.predict(ServerProcess.sample).status == 200)
            try server.waitForMetrics { $0["cache_errors_total{reason=\"\(reason)\"}"] > 0 }
        }
    }

    @Test("lost blocks of the log are counted by reason: closed, disk_full", .proves("C3.8", "C6.12"))
    func logLost() throws {
        let fifo = try LogFIFO()
        let closed = try ServerProcess(logTo: fifo.path)
        #expect(try closed.metrics()["log_lost_total{reason=\"closed\"}"] == 0)
        fifo.close()
        #expect(try closed.predict(ServerProcess.sample).status == 200)
        try closed.waitForMetrics { $0["log_lost_total{reason=\"closed\"}"] == 1 }
        let full = try ServerProcess(logTo: "/dev/full")
        for _ in 0..<2 { #expect(try full.predict(ServerProcess.sample).status == 200) }
        #expect(try full.waitForMessage("scoring log").isEmpty == false)
        #expect(try full.predict(ServerProcess.sample).status == 200)
        try full.waitForMetrics { $0["log_lost_total{reason=\"disk_full\"}"] > 0 }
    }

    @Test(
        "bungalow_build_info names release, model, configuration and instance as /version does; process_* are real",
        .proves("C6.13", "C6.14"))
    func buildInfo() throws {
        let server = try ServerProcess()
        let metrics = try server.metrics()
        let version = try server.call("GET", "/version", body: nil).json()
        func text(_ key: String) throws -> String { try #require(version[key] as? String, "\(version)") }
        let series = try """
        build_info{version="\(text("release"))",model_version="\(text("model_version"))",\
        config="\(text("configuration"))",instance="\(text("instance"))"}
        """
        #expect(metrics[series] == 1)
        let values = metrics.values
        for name in ["cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds"] {
            #expect(try #require(values["process_\(name)"]) > 0, "\(name)")
        }
        let started = try #require(values["process_start_time_seconds"])
        #expect(abs(Date().timeIntervalSince1970 - started) < 600)
    }
}
