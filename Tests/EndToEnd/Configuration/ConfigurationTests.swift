import Foundation
import TestSupport
import Testing

/// How the built server starts, and how it says why it does not.
@Suite struct ConfigurationTests {
    private struct Knob {
        let flag: String
        let variable: String
        let fallback: String
        let bad: [String]
        let allowed: String

        init(_ flag: String, _ variable: String, _ fallback: String, _ bad: [String], _ allowed: String) {
            (self.flag, self.variable, self.fallback, self.bad, self.allowed) = (flag, variable, fallback, bad, allowed)
        }
    }

    private static func number(_ least: Int, _ most: Int) -> (bad: [String], allowed: String) {
        (
            ["\(least - 1)", "\(most + 1)", "x", "99999999999999999999", "1.5"],
            "a whole number from \(least) to \(most)"
        )
    }

    private static func knob(_ flag: String, _ variable: String, _ fallback: String, _ range: ClosedRange<Int>) -> Knob
    {
        let (bad, allowed) = number(range.lowerBound, range.upperBound)
        return Knob(flag, variable, fallback, bad, allowed)
    }

    private static let knobs = [
        knob("--port", "PORT", "8000", 0...65_535),
        knob("--cache-ttl-seconds", "CACHE_TTL_SECONDS", "3600", 1...31_536_000),
        knob("--cache-deadline-ms", "CACHE_DEADLINE_MS", "20", 1...60_000),
        knob("--max-batch-records", "MAX_BATCH_RECORDS", "1000", 1...1_000_000),
        knob("--max-body-bytes", "MAX_BODY_BYTES", "1048576", 1024...1 << 30),
        knob("--event-loops", "EVENT_LOOPS", "one per core", 1...1024),
        knob("--replica-max-concurrent-requests", "REPLICA_MAX_CONCURRENT_REQUESTS", "512", 1...1_000_000),
        knob("--max-queued-requests", "MAX_QUEUED_REQUESTS", "1024", 0...1_000_000),
        knob("--queue-deadline-ms", "QUEUE_DEADLINE_MS", "1000", 1...600_000),
        knob("--max-connections", "MAX_CONNECTIONS", "16384", 1...1_000_000),
        knob("--max-buffered-bytes", "MAX_BUFFERED_BYTES", "67108864", 65_536...68_719_476_736),
        knob("--head-timeout-seconds", "HEAD_TIMEOUT_SECONDS", "10", 1...3600),
        knob("--body-timeout-seconds", "BODY_TIMEOUT_SECONDS", "30", 1...3600),
        knob("--idle-timeout-seconds", "IDLE_TIMEOUT_SECONDS", "75", 1...86_400),
        knob("--synthetic-sleep-ms", "SYNTHETIC_SLEEP_MS", "0", 0...600_000),
        knob("--synthetic-busy-ms", "SYNTHETIC_BUSY_MS", "0", 0...600_000),
        knob("--drain-delay-seconds", "DRAIN_DELAY_SECONDS", "5", 0...3600),
        knob("--shutdown-grace-seconds", "SHUTDOWN_GRACE_SECONDS", "20", 0...3600),
        Knob(
            "--cache-namespace", "CACHE_NAMESPACE", "'default'",
            ["a b", "ü", "a:b", String(repeating: "a", count: 65)],
            "A-Z a-z 0-9 . _ -"),
        Knob("--scoring-log", "SCORING_LOG", "ml", ["ML", "xml", "none"], "one of ml, dl, json, off"),
        Knob("--log-level", "LOG_LEVEL", "info", ["loud", "INFO "], "one of trace, debug, info, notice"),
        Knob(
            "--cache-url", "CACHE_URL", "an SQLite file in your cache folder", ["on", "memcached://a", "sqlite:"],
            "redis://"),
    ]

    @Test(
        "a bad value stops the start with one line that names the variable, the value and what is allowed: exit 78",
        .proves("C5.4", "C5.15"))
    func badValues() throws {
        for knob in Self.knobs {
            for bad in knob.bad {
                let byFlag = try ServerProcess.run([knob.flag, bad])
                let byVariable = try ServerProcess.run([], environment: [knob.variable: bad])
                for run in [byFlag, byVariable] {
                    #expect(run.exitCode == 78, "\(knob.flag) \(bad): \(run.error)")
                    #expect(run.output.isEmpty)
                    #expect(run.error.hasPrefix("Error: \(knob.variable)=\(bad) is not allowed: use "), "\(run.error)")
                    #expect(run.error.contains(knob.allowed), "\(run.error)")
                    #expect(run.error.split(separator: "\n").count == 1 && run.error.hasSuffix("\n"), "\(run.error)")
                }
            }
        }
        for bad in ["on\nand off", "redis://a\r\nb"] {
            let run = try ServerProcess.run([], environment: ["CACHE_URL": bad])
            #expect(run.exitCode == 78 && run.error.split(whereSeparator: \.isNewline).count == 1, "\(run.error)")
        }
    }

    @Test(
        "a BIND_HOST that cannot be listened on: exit 78 with one line",
        arguments: ["nope.invalid", "256.1.1.1", "192.0.2.1"])
    func badHost(host: String) throws {
        for run in [
            try ServerProcess.run(["--port", "0", "--cache-url", "off", "--bind-host", host]),
            try ServerProcess.run(["--port", "0", "--cache-url", "off"], environment: ["BIND_HOST": host]),
        ] {
            #expect(run.exitCode == 78 && run.output.isEmpty)
            #expect(run.error.hasPrefix("Error: BIND_HOST=\(host) is not allowed: use "), "\(run.error)")
            #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
        }
    }

    @Test("docs/operations.md has a row for every knob of Server --help, and says when to change it")
    func operations() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs")
        let lines = try String(contentsOf: folder.appending(path: "operations.md"), encoding: .utf8)
            .split(separator: "\n")
        let rows = lines.filter { $0.hasPrefix("|") }.map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let flags = try ServerProcess.run(["--help"]).output.matches(of: /\n +--([a-z-]+) </).map(\.output.1)
        #expect(flags.count > 20 && flags.contains("cache-ca-file"))
        for flag in flags {
            let variable = "`\(flag.uppercased().replacing("-", with: "_"))`"
            let row = rows.first { $0.first?.contains(variable) == true }
            #expect(row?.count == 3 && row?.last?.isEmpty == false, "\(variable): \(row ?? [])")
        }
    }

    @Test("Server --help names every knob's flag, variable and default")
    func help() throws {
        let run = try ServerProcess.run(["--help"])
        #expect(run.exitCode == 0 && run.error.isEmpty)
        let options = try #require(run.output.firstRange(of: "OPTIONS:")).upperBound
        let words = run.output[options...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let others = [
            Knob("--bind-host", "BIND_HOST", "127.0.0.1", [], ""),
            Knob("--cache-password-file", "CACHE_PASSWORD_FILE", "none", [], ""),
            Knob("--cache-ca-file", "CACHE_CA_FILE", "those of the system", [], ""),
            Knob("--model-path", "MODEL_PATH", "the model built in", [], ""),
            Knob("--api-keys-file", "API_KEYS_FILE", "none needed", [], ""),
        ]
        for knob in Self.knobs + others {
            let start = try #require(words.firstRange(of: "\(knob.flag) <"), "\(knob.flag)").lowerBound
            let text = words[start...].prefix(upTo: words[start...].firstRange(of: " --")?.lowerBound ?? words.endIndex)
            #expect(text.contains(knob.variable), "\(text)")
            #expect(text.contains("default \(knob.fallback)"), "\(text)")
        }
        #expect(words.contains("REDIS_URL"))
    }

    @Test("an unknown flag: 64", .proves("C5.17"))
    func unknownFlag() throws {
        for arguments in [["--nonsense"], ["--nonsense=1"], ["nonsense"], ["--ports", "1"]] {
            let run = try ServerProcess.run(arguments)
            #expect(run.exitCode == 64 && run.output.isEmpty && run.error.hasPrefix("Error: "), "\(run)")
        }
    }

    @Test("a port in use: 69, with the command that would work", .proves("C5.16"))
    func portInUse() throws {
        let server = try ServerProcess()
        let run = try ServerProcess.run(["--port", "\(server.port)", "--cache-url", "off"])
        #expect(run.exitCode == 69 && run.output.isEmpty)
        let lines = run.error.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line.contains("port \(server.port)"))
        let command = try #require(line.firstMatch(of: /script\/server --port ([0-9]+)/), "\(line)")
        let other = try ServerProcess(["--port", String(command.output.1)])
        #expect(other.port != server.port)
        let next = try ServerProcess.run(["--port", "\(server.port)", "--cache-url", "off"])
        #expect(next.exitCode == 69 && !next.error.contains("script/server --port \(other.port)\n"), "\(next.error)")
    }

    @Test("the flag wins over the environment, and an empty variable counts as not set", .proves("C5.6"))
    func flagWins() throws {
        let server = try ServerProcess(
            ["--max-batch-records", "2", "--scoring-log", "dl"],
            environment: [
                "MAX_BATCH_RECORDS": "1", "SCORING_LOG": "off", "PORT": "x", "LOG_LEVEL": "", "EVENT_LOOPS": "",
            ])
        #expect(try server.predict([RecordText.good, .good].batch).status == 200)
        #expect(try server.predict([RecordText.good, .good, .good].batch).status == 422)
        try server.stop()
        #expect(server.log.contains("Predictions took"))

        let byVariable = try ServerProcess(environment: ["MAX_BATCH_RECORDS": "1"])
        #expect(try byVariable.predict([RecordText.good, .good].batch).status == 422)
    }

    @Test("CACHE_URL wins over REDIS_URL, which is read when CACHE_URL is not set", .proves("C5.2"))
    func redisURL() throws {
        let bad = try ServerProcess.run([], environment: ["REDIS_URL": "nonsense"])
        #expect(bad.exitCode == 78 && bad.error.hasPrefix("Error: REDIS_URL=nonsense is not allowed"))
        let server = try ServerProcess(environment: ["REDIS_URL": "nonsense", "CACHE_URL": "off"])
        #expect(try server.predict(RecordText.good.batch)["X-Cache"] == "BYPASS")
    }

    @Test("secrets of a CACHE_URL never show on stderr, whether it is good or bad", .proves("T34"))
    func secrets() throws {
        let bad = [
            "redis://user:hunter2@host:99999", "redis://:hunter2@", "redis://user:hunter2@host/x",
            "http://user:hunter2@host",
            "redis://user:hun@hunter2@host/-1", "user:hunter2@host", "redis://host/0?password=hunter2",
            "redis://host#hunter2",
            "redis://:hunter2", "redis://user:hunter2", "redis://user:hunter2/0", "redis:user:hunter2",
            "redis//user:hunter2@host",
            "redis://u:/hunter2/@host:1", "//:hunter2@h",
            "redis:/:hunter2@h",
        ]
        for url in bad {
            for run in [
                try ServerProcess.run(["--cache-url", url]), try ServerProcess.run([], environment: ["REDIS_URL": url]),
            ] {
                #expect(run.exitCode == 78, "\(url): \(run.error)")
                #expect(run.error.contains("_URL=") && !run.error.contains("hunter2"), "\(url): \(run.error)")
            }
        }
        let port = try RedisProcess.freePort()
        for secret in ["user:hunter2@", ":hunter2@", "hunter2:x@", "u:hunter2%40@"] {
            let server = try ServerProcess(
                ["--log-level", "trace"], environment: ["CACHE_URL": "redis://\(secret)127.0.0.1:\(port)/3"])
            #expect(try server.predict(RecordText.good.batch).status == 200)
            try server.stop()
            #expect(server.messages.contains("127.0.0.1:\(port)/3"))
            #expect(!server.messages.contains("hunter2") && !server.log.contains("hunter2"))
        }
    }
}
