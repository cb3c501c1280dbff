import Foundation
import TestSupport
import Testing

/// The contract's statements about the cache's place in a request, against a real redis-server.
@Suite(.serialized) struct ContractCacheTests {
    private func serve(
        _ url: String, _ more: [String] = [], environment: [String: String] = [:]
    ) throws -> ServerProcess {
        let server = try ServerProcess(
            ["--cache-url", url, "--event-loops", "1"] + more, environment: environment)
        try server.waitForMessage("answers")
        return server
    }

    private func waitForHit(_ server: ServerProcess) throws -> Response {
        let deadline = Date().addingTimeInterval(30)
        while true {
            let response = try server.predict(ServerProcess.sample)
            #expect(response.status == 200)
            if response["X-Cache"] == "HIT" { return response }
            try #require(Date() < deadline, "no HIT in 30 s: \(server.messages)")
        }
    }

    /// How many look-ups a Redis has replied to.
    private func lookups(_ redis: RedisProcess) throws -> Int {
        try redis.cli("INFO", "stats").split(whereSeparator: \.isNewline)
            .filter { $0.hasPrefix("keyspace_hits:") || $0.hasPrefix("keyspace_misses:") }
            .map { try #require(Int($0.drop { $0 != ":" }.dropFirst())) }
            .reduce(0, +)
    }

    @Test(
        "for a rejected batch no key is computed, no cache is touched, no model runs", .proves("C1.23", "C1.37"))
    func refusedBatch() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        _ = try waitForHit(server)
        let before = try lookups(redis)
        let largest = "1.7976931348623157e308"
        let bodies = [
            "[\(RecordText.good.json),\(RecordText.good.with("Latitude", "91").json)]", "[]", "{", "{}", "[1]",
            RecordText.good.with("MedInc", largest).with("AveBedrms", largest).batch,
            [RecordText](repeating: .good, count: 1001).batch,
        ]
        for body in bodies {
            let response = try server.predict(body)
            #expect(response.status == 422)
            for header in ["X-Cache", "Server-Timing"] { #expect(response[header] == nil) }
            #expect(Set(try response.json().keys) == ["detail", "error_count"])
        }
        // One loop's commands use one connection, so after this look-up none of them can still come.
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "HIT")
        #expect(try lookups(redis) == before + 1)
        #expect(try redis.cli("DBSIZE") == "1")
    }

    @Test("GET /test makes no look-up and no entry", .proves("C4.8"))
    func testRoute() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        _ = try waitForHit(server)
        let before = try lookups(redis)
        for _ in 0..<5 {
            let response = try server.call("GET", "/test")
            #expect(response.status == 200 && response["X-Cache"] == nil)
        }
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "HIT")
        #expect(try lookups(redis) == before + 1)
        #expect(try redis.cli("DBSIZE") == "1")
    }

    @Test(
        "X-Cache reports the look-up only: if Redis refuses every store, each request is a MISS",
        .proves("C1.32", "T27"))
    func refusedStore() throws {
        let redis = try RedisProcess(["--maxmemory", "1"])
        let server = try serve(redis.url)
        let bodies = try (0..<5).map { _ in
            let response = try server.predict(ServerProcess.sample)
            #expect(response.status == 200 && response["X-Cache"] == "MISS")
            return response.body
        }
        #expect(Set(bodies).count == 1)
        #expect(try redis.cli("DBSIZE") == "0")
    }

    @Test(
        "the entry is sent to the cache and not awaited: a response is sent while Redis holds its store back",
        .proves("C1.37"))
    func storeNotAwaited() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url, ["--cache-deadline-ms", "60000"])
        // Longer than a test waits for a response.
        #expect(try redis.cli("CLIENT", "PAUSE", "600000", "WRITE") == "OK")
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200 && response["X-Cache"] == "MISS")
        #expect(try redis.cli("DBSIZE") == "0")
        #expect(try redis.cli("CLIENT", "UNPAUSE") == "OK")
        #expect(try waitForHit(server).body == response.body)
    }

    @Test(
        "CACHE_DEADLINE_MS is how long a request waits for the cache, and then it is a BYPASS",
        .proves("C1.31", "C5.4", "T25"))
    func deadline() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url, environment: ["CACHE_DEADLINE_MS": "400"])
        let computed = try waitForHit(server)
        redis.signal(SIGSTOP)
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200 && response["X-Cache"] == "BYPASS" && response.body == computed.body)
        let timing = try #require(response["Server-Timing"]?.firstMatch(of: /cache;dur=([0-9.]+)/))
        #expect(try #require(Double(timing.output.1)) >= 399)
    }

    @Test(
        "entries are named bungalow:<namespace>:<model version>:<query_key>, so a new model never serves an old one's",
        .proves("C5.4", "C5.21", "C5.22", "T33"))
    func modelsApart() throws {
        let redis = try RedisProcess()
        let old = try serve(redis.url)
        let oldAnswer = try waitForHit(old)
        let file = Bundle.module.url(forResource: "other-model", withExtension: "json", subdirectory: "Vectors")
        let environment = ["MODEL_PATH": try #require(file).path, "CACHE_NAMESPACE": "default"]
        let new = try serve(redis.url, environment: environment)
        let computed = try new.predict(ServerProcess.sample)
        #expect(computed["X-Cache"] == "MISS" && computed.body != oldAnswer.body)
        #expect(try waitForHit(new).body == computed.body)
        #expect(try waitForHit(old).body == oldAnswer.body)
        let elsewhere = try serve(redis.url, environment: ["CACHE_NAMESPACE": "Else.where_1-"])
        _ = try waitForHit(elsewhere)

        let key = try oldAnswer.queryKey()
        let versions = try [oldAnswer, computed].map { try #require($0["X-Model-Version"]) }
        let expected: Set = [
            "bungalow:default:\(versions[0]):\(key)", "bungalow:default:\(versions[1]):\(key)",
            "bungalow:Else.where_1-:\(versions[0]):\(key)",
        ]
        #expect(Set(try redis.cli("KEYS", "*").split(separator: "\n").map(String.init)) == expected)
    }

    static let faults: [(name: String, script: ScriptedRedis.Script)] = [
        ("never greets", .mute), ("no answer", .silent), ("an error reply", .reply(Array("-LOADING\r\n".utf8))),
        ("half an answer", .stall(Array("$20\r\n[1".utf8))), ("a reset", .reset), ("an end", .end),
        ("no Redis", .reply(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))),
    ]

    @Test(
        "BYPASS: no look-up succeeded: cache off, no server, deadline passed, connection or error reply",
        .proves("C1.31", "C1.37", "C5.2"))
    func bypass() throws {
        #expect(try ServerProcess().predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        let absent = try ServerProcess(["--cache-url", "redis://127.0.0.1:\(RedisProcess.freePort())"])
        #expect(try absent.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        for (name, script) in Self.faults {
            let redis = try ScriptedRedis(script)
            defer { redis.stop() }
            let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", "1"])
            for _ in 0..<10 {
                let response = try server.predict(ServerProcess.sample)
                #expect(response.status == 200 && response["X-Cache"] == "BYPASS", "\(name)")
            }
        }
    }
}

/// The contract's statements about the process: where it listens, what it logs, its model's version.
@Suite struct ContractProcessTests {
    private func curl(_ address: String) throws -> (exitCode: Int32, output: String) {
        let result = try TransportChecks.curl("--noproxy", "*", "http://\(address)/health")
        return (result.exitCode, result.output)
    }

    /// Waits until the server responds, since it does not log where it listens.
    private func waitForHealth(_ address: String) throws {
        let result = try TransportChecks.curl(
            "--noproxy", "*", "--retry", "100", "--retry-delay", "1", "--retry-connrefused", "http://\(address)/health")
        try #require(result.exitCode == 0)
    }

    @Test(
        "BIND_HOST and PORT are where the server listens, and by default it listens on loopback addresses only",
        .proves("C5.1", "T22"))
    func address() throws {
        let server = try ServerProcess()
        #expect(try curl("127.0.0.1:\(server.port)").exitCode == 0)
        #expect(try curl("127.0.0.2:\(server.port)").exitCode == 7)

        let port = try RedisProcess.freePort()
        let environment = ["BIND_HOST": "0.0.0.0", "PORT": "\(port)", "CACHE_URL": "off"]
        let everywhere = try ChildProcess(ServerProcess.binary.path, [], environment: environment)
        let line = try everywhere.standardError.waitForLine(containing: "Bungalow listens on")
        #expect(line.hasSuffix("http://0.0.0.0:\(port)"))
        for host in ["127.0.0.1", "127.0.0.2"] {
            #expect(try curl("\(host):\(port)").output == #"{"status":"healthy"}"#)
        }
    }

    @Test("EVENT_LOOPS is the number of event loops, by default one per core", .proves("C5.13"))
    func eventLoops() throws {
        func loops(_ environment: [String: String]) throws -> Int {
            let server = try ServerProcess(environment: environment)
            let tasks = "/proc/\(server.processID)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).count { task in
                try String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8).hasPrefix("NIO-ELT")
            }
        }
        #expect(try loops(["EVENT_LOOPS": "5"]) == 5)
        #expect(try loops([:]) == ProcessInfo.processInfo.activeProcessorCount)
    }

    @Test("LOG_LEVEL is how much the server logs, info by default", .proves("C5.13"))
    func logLevel() throws {
        let port = try RedisProcess.freePort()
        let environment = ["PORT": "\(port)", "CACHE_URL": "off", "LOG_LEVEL": "warning"]
        let quiet = try ChildProcess(ServerProcess.binary.path, [], environment: environment)
        try waitForHealth("127.0.0.1:\(port)")
        kill(quiet.processID, SIGTERM)
        #expect(try quiet.waitForExit() == 0)
        #expect(quiet.standardError.text().isEmpty, "\(quiet.standardError.text())")

        let server = try ServerProcess()
        try server.stop()
        let lines = server.messages.split(separator: "\n")
        #expect(!lines.isEmpty && lines.allSatisfy { $0.contains(" info ") }, "\(server.messages)")
    }

    @Test("a stdout whose disk is full loses blocks, logged once on stderr; scoring continues", .proves("C3.8"))
    func fullDisk() throws {
        let server = try ServerProcess(logTo: "/dev/full")
        #expect(try server.predict(ServerProcess.sample).status == 200)
        let message = try server.waitForMessage("scoring log")
        for _ in 0..<50 { #expect(try server.predict(ServerProcess.sample).status == 200) }
        #expect(try server.stop() == 0)
        #expect(server.messages.split(separator: "\n").filter { $0.contains("scoring log") } == [Substring(message)])
    }

    @Test("the model version is a hash of the model's content and the scoring's revision", .proves("C1.39", "C5.22"))
    func modelVersion() throws {
        let file = Bundle.module.url(forResource: "other-model", withExtension: "json", subdirectory: "Vectors")
        let path = try #require(file).path
        let program = """
            import hashlib, json, sys
            model = json.load(open(sys.argv[1]))
            values = [*zip(model["features"], model["coefficients"]), ("intercept", model["intercept"])]
            text = model["format"] + "\\n" + "".join(f"{name}={value!r}\\n" for name, value in values)
            assert hashlib.sha256(text.encode()).hexdigest() == model["content_sha256"]
            print(hashlib.sha256((text + "scoring=1\\n").encode()).hexdigest()[:16])
            """
        let python = try ChildProcess("python3", ["-c", program, path])
        try #require(try python.waitForExit() == 0, "\(python.standardError.text())")
        let version = python.standardOutput.text().trimmingCharacters(in: .newlines)
        let response = try ServerProcess(["--model-path", path]).predict(ServerProcess.sample)
        #expect(response["X-Model-Version"] == version)
    }
}
