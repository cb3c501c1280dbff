import Foundation
import Release
import TestSupport
import Testing

/// `GET /version`: the running build, so that a report of a test run can name it.
@Suite struct VersionTests {
    private static func python(_ program: String, _ arguments: String...) throws -> String {
        let python = try ChildProcess.run("python3", ["-c", program] + arguments)
        try #require(python.exitCode == 0, "\(python.error)")
        return python.output.trimmingCharacters(in: .newlines)
    }

    @Test(
        "GET /version: release, sha256 of the running executable, model version, configuration hash, instance id",
        .proves("C4.6", "C6.13"))
    func shape() throws {
        let server = try ServerProcess()
        let response = try server.call("GET", "/version")
        #expect(response.status == 200 && response["Content-Type"] == "application/json")
        let version = try #require(try response.json() as? [String: String], "\(response.text)")
        #expect(
            Set(version.keys) == ["release", "executable_sha256", "model_version", "configuration", "instance"])
        #expect(version["release"]?.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+/) != nil)
        #expect(version["configuration"]?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
        #expect(TransportChecks.isFreshID(version["instance"]))
        #expect(try server.predict(ServerProcess.sample)["X-Model-Version"] == version["model_version"])
        let program = "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())"
        #expect(try Self.python(program, ServerProcess.binary.path) == version["executable_sha256"])
        #expect(try server.call("GET", "/version").body == response.body)
        #expect(try server.call("HEAD", "/version")["Content-Length"] == "\(response.body.count)")

        let metrics = try server.call("GET", "/metrics").text
        let info = try #require(metrics.split(separator: "\n").first { $0.hasPrefix("bungalow_build_info{") })
        let labels = [
            ("version", "release"), ("model_version", "model_version"), ("config", "configuration"),
            ("instance", "instance"),
        ].map { label, key in "\(label)=\"\(version[key] ?? "")\"" }
        #expect(info == "bungalow_build_info{\(labels.joined(separator: ","))} 1")
        try server.stop()
        #expect(server.log.split(separator: "\n").count == 3)
    }

    @Test("--version is the program's name and the release, for both executables")
    func flag() throws {
        let server = try ServerProcess.run(["--version"])
        #expect(server.exitCode == 0 && server.error.isEmpty && server.output == "bungalow-server \(release)\n")
        let program = ServerProcess.binary.deletingLastPathComponent().appending(path: "bungalow").path
        let command = try ChildProcess.run(program, ["--version"])
        #expect(command.exitCode == 0 && command.error.isEmpty && command.output == "bungalow \(release)\n")
    }

    @Test(
        "many clients of a new server that request /version at once get the same response", .proves("C4.6")
    )
    func atOnce() throws {
        let server = try ServerProcess()
        let connections = try (0..<8).map { _ in try server.connect() }
        for connection in connections { try connection.send("GET", "/version") }
        let answers = try connections.map { try $0.response().text }
        #expect(Set(answers).count == 1 && answers[0].contains("executable_sha256"))
    }

    @Test(
        "the configuration hash never covers secrets, addresses, ports or paths, and the instance id is each process's",
        .proves("C4.7"))
    func sameResults() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (model, keys) = (folder.appending(path: "model.json"), folder.appending(path: "keys"))
        try Data(try Lifecycle.models().builtIn.utf8).write(to: model)
        try Data("secret\n".utf8).write(to: keys)
        let redis = "redis://127.0.0.1:\(try RedisProcess.freePort())"
        let groups: [[([String], [String: String])]] = [
            [
                ([], [:]), (["--bind-host", "0.0.0.0"], [:]), (["--model-path", model.path], [:]),
                (["--api-keys-file", keys.path], [:]), (["--log-level", "debug"], [:]),
            ],
            [
                (["--cache-url", redis], [:]), (["--cache-url", "redis://:secret@127.0.0.1:1/3"], [:]),
                ([], ["REDIS_URL": "redis://user:other@localhost:2"]),
            ],
            [
                (["--cache-url", "sqlite:\(folder.path)/a.sqlite"], [:]),
                (["--cache-url", "sqlite:\(folder.path)/b.sqlite"], [:]),
            ],
        ]
        var instances: [String] = []
        var hashes: [String] = []
        for group in groups {
            let versions = try group.map { arguments, environment in
                try ServerProcess(arguments, environment: environment).version()
            }
            let configurations = Set(versions.compactMap { $0["configuration"] as? String })
            #expect(configurations.count == 1)
            hashes += configurations
            instances += versions.compactMap { $0["instance"] as? String }
        }
        #expect(Set(hashes).count == groups.count)
        #expect(instances.count == groups.flatMap(\.self).count && Set(instances).count == instances.count)
    }

    @Test(
        "the configuration hash covers what changes results: limits, times, synthetic costs, loops, log mode, kind of cache",
        .proves("C4.7")
    )
    func otherResults() throws {
        let settings = [
            [], ["--max-batch-records", "999"], ["--max-body-bytes", "1048575"],
            ["--replica-max-concurrent-requests", "511"], ["--max-queued-requests", "1023"],
            ["--queue-deadline-ms", "999"], ["--max-connections", "999"], ["--max-buffered-bytes", "67108863"],
            ["--cache-ttl-seconds", "3599"], ["--cache-deadline-ms", "21"], ["--synthetic-sleep-ms", "1"],
            ["--synthetic-busy-ms", "1"], ["--head-timeout-seconds", "11"], ["--body-timeout-seconds", "31"],
            ["--idle-timeout-seconds", "76"], ["--drain-delay-seconds", "1"], ["--shutdown-grace-seconds", "21"],
            ["--cache-namespace", "other"], ["--event-loops", "3"], ["--scoring-log", "dl"], ["--scoring-log", "off"],
            ["--cache-url", "redis://127.0.0.1:1"],
        ]
        let hashes = try settings.map { setting in
            let more = setting.first == "--event-loops" ? setting : setting + ["--event-loops", "2"]
            return try #require(try ServerProcess(more).version()["configuration"] as? String)
        }
        #expect(Set(hashes).count == settings.count, "\(Array(zip(settings, hashes)))")
    }
}
