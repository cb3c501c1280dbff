import Foundation
import Synchronization
import TestSupport
import Testing

/// SIGHUP: the model and the keys are read again, while requests continue.
@Suite struct ReloadTests {
    private let folder: URL

    init() throws { folder = try Lifecycle.folder() }

    private var model: URL { folder.appending(path: "model.json") }
    private var keys: URL { folder.appending(path: "keys") }

    /// Replaces a file at once, as a deployment does.
    private func replace(_ file: URL, _ text: String) throws {
        try Data(text.utf8).write(to: file, options: .atomic)
    }

    private func predictions(_ response: Response) throws -> [Double] {
        try #require(try response.json()["prediction"] as? [Double], "\(response.text)")
    }

    @Test(
        "MODEL_PATH is reloaded on SIGHUP under load: each response is wholly the old model's or wholly the new one's",
        .proves("C5.5"))
    func underLoad() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = try Lifecycle.models()
        try replace(model, texts.builtIn)
        let server = try ServerProcess([
            "--model-path", model.path, "--cache-url", "sqlite:\(folder.path)/cache.sqlite", "--event-loops", "2",
            "--cache-deadline-ms", "5000", "--scoring-log", "off",
        ])
        // A few bodies over and over, so that most responses come from the cache.
        let bodies = (0..<8).map { "[\(ServerProcess.record(medInc: Double($0) + 0.5))]" }
        let seen = Mutex<[String: Set<String>]>([:])
        let cached = Mutex<Set<String>>([])
        let load = Load(server) { client, call in
            Load.predict(bodies[(client + call) % bodies.count])
        } check: { _, response in
            guard response.status == 200, let version = response["X-Model-Version"] else { return response.text }
            // The inputs are part of the response, so the response to a body depends on the version alone.
            _ = seen.withLock { $0[version, default: []].insert(response.text) }
            if response["X-Cache"] == "HIT" { _ = cached.withLock { $0.insert(version) } }
            return nil
        }
        try load.waitForCalls(100)
        for round in 1...6 {
            try replace(model, round % 2 == 1 ? texts.other : texts.builtIn)
            try server.reload(saying: "model: version")
            try load.waitForCalls(60)
        }
        load.end()

        var expected: [String: Set<String>] = [:]
        for text in [texts.builtIn, texts.other] {
            try replace(model, text)
            let fresh = try ServerProcess(["--model-path", model.path])
            for body in bodies {
                let response = try fresh.predict(body)
                expected[try #require(response["X-Model-Version"]), default: []].insert(response.text)
            }
        }
        #expect(expected.count == 2 && expected.values.allSatisfy { $0.count == bodies.count })
        #expect(seen.withLock { $0 } == expected)
        #expect(cached.withLock { $0 } == Set(expected.keys))
    }

    @Test(
        "a request that is under way at SIGHUP is scored by the model that it began with, under its version",
        .proves("C5.5", "C6.13"))
    func underWay() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = try Lifecycle.models()
        try replace(model, texts.builtIn)
        let server = try ServerProcess(["--model-path", model.path, "--synthetic-sleep-ms", "2000"])
        let before = try server.predict(ServerProcess.sample)
        let connection = try server.connect()
        try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
        try Lifecycle.wait("in flight") { try server.metric("bungalow_in_flight_requests") == 1 }
        try replace(model, texts.other)
        try server.reload(saying: "model: version")
        let old = try connection.response()
        #expect(old["X-Model-Version"] == before["X-Model-Version"] && old.body == before.body)
        let new = try server.predict(ServerProcess.sample)
        #expect(new["X-Model-Version"] != before["X-Model-Version"])
        #expect(try predictions(new) != predictions(before))
        let version = try #require(new["X-Model-Version"])
        #expect(try server.version()["model_version"] as? String == version)
        #expect(try server.call("GET", "/metrics").text.contains("model_version=\"\(version)\""))
    }

    @Test(
        "a new model that is missing, damaged, tampered or fails its canary record: the old one stays, with one line",
        .proves("C5.5", "T40")
    )
    func badModels() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let other = try Lifecycle.models().other
        try replace(model, other)
        let server = try ServerProcess(["--model-path", model.path])
        let before = try server.predict(ServerProcess.sample)
        let cases = [
            ("", "not JSON"), (String(other.dropLast(20)), "not JSON"),
            (other.replacing("0.25", with: "0.26"), "content_sha256"),
            (other.replacing("15.5", with: "15.6"), "canary"),
        ]
        for (text, reason) in cases {
            #expect(text != other)
            try replace(model, text)
            try expectRefusal(server, reason, before)
        }
        try FileManager.default.removeItem(at: model)
        try expectRefusal(server, "cannot be read", before)
        try replace(model, Lifecycle.models().builtIn)
        try server.reload(saying: "model: version")
        #expect(try server.predict(ServerProcess.sample)["X-Model-Version"] != before["X-Model-Version"])
    }

    private func expectRefusal(_ server: ServerProcess, _ reason: String, _ before: Response) throws {
        let lines = server.messages.split(separator: "\n").count
        let message = try server.reload(saying: "the old model stays")
        #expect(message.contains("MODEL_PATH=\(model.path)") && message.contains(reason), "\(message)")
        #expect(server.messages.split(separator: "\n").count == lines + 1, "\(server.messages)")
        let response = try server.predict(ServerProcess.sample)
        #expect(response["X-Model-Version"] == before["X-Model-Version"] && response.body == before.body)
        #expect(try server.version()["model_version"] as? String == before["X-Model-Version"])
    }

    @Test(
        "API keys are re-read on SIGHUP under load: a key that stays is never rejected, one that is gone always is",
        .proves("C5.11"))
    func keysUnderLoad() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try replace(keys, "stays\nold\n")
        let server = try ServerProcess(["--api-keys-file", keys.path, "--scoring-log", "off"])
        let load = Load(server) { _, _ in
            Load.predict("[\(ServerProcess.record())]", headers: ["Authorization: Bearer stays"])
        } check: { _, response in
            response.status == 200 ? nil : response.text
        }
        func status(_ key: String) throws -> Int {
            try server.predict(ServerProcess.sample, headers: ["Authorization: Bearer \(key)"]).status
        }
        try load.waitForCalls(50)
        for round in 0..<5 {
            let (old, new) = (round % 2 == 0 ? "old" : "new", round % 2 == 0 ? "new" : "old")
            #expect(try status(old) == 200 && status(new) == 401)
            try replace(keys, "\(new)\nstays\n")
            try server.reload(saying: "API keys: read again")
            #expect(try status(old) == 401 && status(new) == 200)
            try load.waitForCalls(30)
        }
        load.end()
    }

    @Test(
        "on SIGHUP the old keys stay if the file is empty, unreadable or has a bad line, logged in one line",
        .proves("C5.11"))
    func badKeys() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try replace(keys, "secret-of-old\n")
        let server = try ServerProcess(["--api-keys-file", keys.path])
        func status(_ key: String) throws -> Int {
            try server.predict(ServerProcess.sample, headers: ["Authorization: Bearer \(key)"]).status
        }
        for text in ["", "\n\n", "# secret-of-comment\n", "secret-of-good\nsecret of two\n", nil] as [String?] {
            if let text { try replace(keys, text) } else { try FileManager.default.removeItem(at: keys) }
            let before = server.count(ofMessages: "API")
            let message = try server.reload(saying: "the old API keys stay")
            #expect(message.contains("API_KEYS_FILE=\(keys.path)"), "\(message)")
            #expect(server.count(ofMessages: "API") == before + 1)
            #expect(try status("secret-of-old") == 200 && status("secret-of-comment") == 401)
            #expect(try status("secret-of-good") == 401)
            #expect(try server.call("GET", "/test").status == 401)
        }
        // A good model and bad keys, or the other way round: the two are independent.
        #expect(server.count(ofMessages: "model: version") >= 1)
        try replace(keys, "secret-of-new\n")
        try server.reload(saying: "API keys: read again")
        #expect(try status("secret-of-old") == 401 && status("secret-of-new") == 200)
        try server.stop()
        #expect(!server.messages.contains("secret-of") && !server.log.contains("secret-of"))
    }
}
