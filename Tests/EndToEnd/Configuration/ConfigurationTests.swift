import Foundation
import TestSupport
import Testing

@testable import Server

/// How the built server starts, and how it reports why it does not.
@Suite struct ConfigurationTests {
    /// Values that an option rejects, and the allowed ones in its message, if the option has no range.
    private static let bad: [String: (values: [String], allowed: String)] = [
        "CACHE_NAMESPACE": (["a b", "ü", "a:b", String(repeating: "a", count: 65)], "A-Z a-z 0-9 . _ -"),
        "SCORING_LOG": (["ML", "xml", "none"], "one of ml, dl, json, off"),
        "LOG_LEVEL": (["loud", "INFO "], "one of trace, debug, info, notice"),
        "CACHE_URL": (["on", "memcached://a", "sqlite:"], "redis://"),
    ]

    /// A cache's URL is shown by its scheme at most.
    private static let shown = ["on": "…", "memcached://a": "memcached://…", "sqlite:": "sqlite:…"]

    private static func badValues(of option: ServerOption) throws -> (values: [String], allowed: String) {
        guard let range = option.allowed?.wholeMatch(of: /([0-9]+) to ([0-9]+)/)?.output else {
            return try #require(bad[option.variable], "\(option.variable) has no bad values in this test")
        }
        let (least, most) = (try #require(Int(range.1)), try #require(Int(range.2)))
        return (
            ["\(least - 1)", "\(most + 1)", "x", "99999999999999999999", "1.5"],
            "a whole number from \(least) to \(most)"
        )
    }

    @Test(
        "a bad value stops the start with one line that names the variable, the value and what is allowed: exit 78",
        .proves("C5.4", "C5.15"))
    func badValues() throws {
        for option in ServerOption.all where option.allowed != nil {
            let (values, allowed) = try Self.badValues(of: option)
            for bad in values {
                let byFlag = try ServerProcess.run(["--\(option.flag)", bad])
                let byVariable = try ServerProcess.run([], environment: [option.variable: bad])
                for run in [byFlag, byVariable] {
                    #expect(run.exitCode == 78, "\(option.flag) \(bad): \(run.error)")
                    #expect(run.output.isEmpty)
                    #expect(
                        run.error.hasPrefix("Error: \(option.variable)=\(Self.shown[bad] ?? bad) is not allowed: use "),
                        "\(run.error)")
                    #expect(run.error.contains(allowed), "\(run.error)")
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
        "a BIND_HOST that the server cannot listen on: exit 78 with one line",
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

    @Test(
        "a BIND_HOST that is a URL or has a port: exit 78 with the host alone and where the port belongs",
        .proves("C5.15"),
        arguments: [
            ("[::1]", "use ::1 without brackets"), ("127.0.0.1:8000", "use 127.0.0.1; the port goes into PORT=8000"),
            ("http://localhost", "use localhost without http://"),
        ])
    func hostWithSurplus(host: String, advice: String) throws {
        let run = try ServerProcess.run(["--port", "0", "--cache-url", "off"], environment: ["BIND_HOST": host])
        #expect(run.exitCode == 78 && run.output.isEmpty)
        #expect(run.error == "Error: BIND_HOST=\(host) is not allowed: \(advice)\n")
    }

    @Test("--help names every option's flag, variable, range and default")
    func help() throws {
        let run = try ServerProcess.run(["--help"])
        #expect(run.exitCode == 0 && run.error.isEmpty)
        let options = try #require(run.output.firstRange(of: "OPTIONS:")).upperBound
        let words = run.output[options...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.matches(of: /--[a-z-]+ </).count == ServerOption.all.count)
        for option in ServerOption.all {
            let flag = "--\(option.flag) <"
            let start = try #require(words.firstRange(of: flag), "\(option.flag)").lowerBound
            let text = words[start...].prefix(upTo: words[start...].firstRange(of: " --")?.lowerBound ?? words.endIndex)
            let expected = [option.variable, option.allowed, option.alternative, "default \(option.fallback)."]
            for part in expected.compactMap(\.self) { #expect(text.contains(part), "\(text)") }
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

    @Test("the flag overrides the environment, and an empty variable counts as not set", .proves("C5.6"))
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

    @Test("CACHE_URL overrides REDIS_URL, which is read when CACHE_URL is not set", .proves("C5.2"))
    func redisURL() throws {
        let bad = try ServerProcess.run([], environment: ["REDIS_URL": "nonsense"])
        #expect(bad.exitCode == 78 && bad.error.hasPrefix("Error: REDIS_URL=… is not allowed"))
        let server = try ServerProcess(environment: ["REDIS_URL": "nonsense", "CACHE_URL": "off"])
        #expect(try server.predict(RecordText.good.batch)["X-Cache"] == "BYPASS")
    }

    @Test(
        "a database in memory is rejected with a line that says what to do", .proves("C5.2"),
        arguments: [
            "sqlite::memory:", "sqlite:///:memory:", "sqlite:file::memory:?cache=shared", "sqlite:%3Amemory%3A",
            "sqlite:file:a?mode=memory", "sqlite://",
        ])
    func memoryDatabase(url: String) throws {
        let run = try ServerProcess.run(["--cache-url", url])
        let use = """
            use sqlite:PATH with the path of a file, since each connection would have a database in memory to itself; \
            or off for no cache
            """
        #expect(run.exitCode == 78 && run.error == "Error: CACHE_URL=sqlite:… is not allowed: \(use)\n", "\(run.error)")
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
            "redis:/:hunter2@h", "redis://hunter2@host", "host:6380,password=hunter2,ssl=True",
            "redis://:hun/hunter2@host",
            "redis://:hunter2@host\r", "rediss://:hunter2@a.redis.azure.net", "hunter2",
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
