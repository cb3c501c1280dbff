import Foundation
import TestSupport
import Testing

/// API keys: what needs one, which are accepted, and how a request without one is rejected.
@Suite struct APIKeyTests {
    private let folder: URL
    private var file: URL { folder.appending(path: "keys") }
    private static let scoring = [("POST", "/predict"), ("POST", "/score"), ("GET", "/test")]

    init() throws { folder = try Lifecycle.folder() }

    private func serve(_ keys: String = "secret-1\nsecret-2\n", _ more: String...) throws -> ServerProcess {
        try Data(keys.utf8).write(to: file)
        return try ServerProcess(["--api-keys-file", file.path] + more)
    }

    private func call(_ server: ServerProcess, _ method: String, _ path: String, _ key: String?) throws -> Response {
        let headers = key.map { ["Authorization: \($0)"] } ?? []
        return try server.call(method, path, headers: headers, body: method == "POST" ? ServerProcess.sample : nil)
    }

    private func expect401(_ response: Response, _ comment: Comment? = nil) throws {
        try TransportChecks.expectError(response, 401, comment)
        #expect(response["WWW-Authenticate"] == "Bearer", comment)
    }

    @Test(
        "an API key, if configured, is needed for /predict, /score, /test and infer, and for nothing else",
        .proves("C2.3", "C4.13", "T22"))
    func routes() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        for (method, path) in Self.scoring {
            try expect401(call(server, method, path, nil), "\(path)")
            try expect401(call(server, method, "\(path)?key=secret-1", nil), "\(path)")
            #expect(try call(server, method, path, "Bearer secret-1").status == 200, "\(path)")
            let options = try call(server, "OPTIONS", path, nil)
            #expect(options.status == 204 && options["Allow"]?.contains(method) == true, "\(path)")
        }
        let infer = InferenceRequests.one()
        #expect(try server.infer(infer).status == 401)
        #expect(try server.infer(infer, headers: ["Authorization: Bearer secret-1"]).status == 200)
        let open = [
            "/health", "/livez", "/readyz", "/startupz", "/metrics", "/version", "/", "/docs", "/openapi.json", "/v2",
            "/v2/health/live", "/v2/health/ready", "/v2/models/housing", "/v2/models/housing/ready",
        ]
        for path in open {
            for key in [nil, "Bearer wrong"] { #expect(try call(server, "GET", path, key).status == 200, "\(path)") }
        }
        for (method, path) in [("GET", "/nothing"), ("POST", "/predict/"), ("POST", "/nothing")] {
            #expect(try call(server, method, path, nil).status == 404, "\(path)")
        }
        #expect(try call(server, "POST", "/health", nil).status == 405)
    }

    @Test(
        "all keys of the file work; a missing, wrong or empty key, or a part of one, is rejected with 401",
        .proves("C2.3", "C5.11", "T19"))
    func keys() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let last = String(repeating: "k", count: 4000)
        let server = try serve("# comment\n\n  secret-1  \r\n\t\nsecret~!\"{2\n#secret-3\n\(last)")
        for key in ["secret-1", "secret~!\"{2", last] {
            for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
                #expect(try call(server, "GET", "/test", "\(scheme) \(key)").status == 200, "\(scheme) \(key)")
            }
            #expect(try call(server, "GET", "/test", "Bearer \(key) \t").status == 200, "\(key)")
        }
        let wrong = [
            nil, "", "Bearer", "Bearer ", "Bearer   ", "secret-1", "Basic secret-1", "Bearersecret-1", "Bearer secret",
            "Bearer secret-", "Bearer secret-11", "Bearer secret-1 secret-1", "Bearer Secret-1", "Bearer # comment",
            "Bearer #secret-3", "Bearer secret-3", "Bearer comment", "Bearer \(last)k", "Bearer \(last.dropLast())",
            "Bearer secret-1\u{A0}", "Bearer \u{2003}secret-1", "Bearer secret-1\u{85}",
            "Bearer secret-1,", "Bearer \"secret-1\"", "Bearer secret-2", "Bearer: secret-1", "Token secret-1",
        ]
        for key in wrong { try expect401(call(server, "GET", "/test", key), "\(key ?? "none")") }
    }

    @Test("several Authorization headers in a request are 401, whichever of them is right", .proves("C2.3"))
    func severalHeaders() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        let (right, wrong) = ("Authorization: Bearer secret-1", "authorization: Bearer wrong")
        for headers in [[right, wrong], [wrong, right], [right, right], [right, wrong, right]] {
            try expect401(server.call("GET", "/test", headers: headers), "\(headers)")
            #expect(try server.call("GET", "/health", headers: headers).status == 200)
        }
        #expect(try server.call("GET", "/test", headers: [right]).status == 200)
        #expect(try ServerProcess().call("GET", "/test", headers: [right, wrong]).status == 200)
    }

    @Test("a byte-order mark before the first key is not part of it", .proves("C5.11"))
    func byteOrderMark() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for text in ["\u{FEFF}secret-1\n", "\u{FEFF}# comment\r\nsecret-1\r\n"] {
            let server = try serve(text)
            #expect(try call(server, "GET", "/test", "Bearer secret-1").status == 200)
            try expect401(call(server, "GET", "/test", "Bearer comment"))
        }
    }

    @Test(
        "a line that cannot be a key: no start, exit 78 with one line that names file and line, and not the key",
        .proves("C5.11"))
    func badLines() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let good = Array("secret-1\n\n# Kommentar für Menschen\n".utf8)
        let bad: [[UInt8]] = [
            Array("secret two".utf8), Array("schlüssel-secret".utf8), [0xFF, 0xFE, 0x73, 0x00, 0x65, 0x00],
            Array("secret\u{7}".utf8), Array("secret\tsecret".utf8), [0x73, 0x80], Array("secret-\u{FEFF}1".utf8),
            Array("secret\rsecret".utf8), [0], Array(String(repeating: "s", count: 4097).utf8),
        ]
        for line in bad {
            try Data(good + line + [0x0A]).write(to: file)
            try expectRefusal(file.path, "line 4 is not a key")
            try Data(line).write(to: file)
            try expectRefusal(file.path, "line 1 is not a key")
        }
    }

    @Test("the key is checked before the body is read: 401 comes although the body never does", .proves("C2.3", "T19"))
    func beforeTheBody() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        for framing in ["Content-Length: 1000", "Content-Length: 999999999999", "Transfer-Encoding: chunked"] {
            for key in [[], ["Authorization: Bearer wrong"]] {
                let connection = try server.connect()
                try connection.send("POST", "/predict", headers: [framing] + key)
                let response = try connection.response()
                try expect401(response, "\(framing)")
                #expect(response["Connection"] == "close")
            }
        }
        let valid = try server.connect()
        try valid.send("POST", "/predict", headers: ["Content-Length: 999999999999", "Authorization: Bearer secret-2"])
        #expect(try valid.response().status == 413)
    }

    @Test(
        "with Expect: 100-continue a rejected request gets its 401 and no 100, an accepted one gets its 100",
        .proves("C2.3"))
    func expectContinue() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        let body = Array(ServerProcess.sample.utf8)
        let headers = ["Expect: 100-continue", "Content-Length: \(body.count)"]
        let refused = try server.connect()
        try refused.send("POST", "/predict", headers: headers)
        try expect401(refused.response())
        refused.endSending()
        #expect(try refused.readToEnd() == "")

        let accepted = try server.connect()
        try accepted.send("POST", "/predict", headers: headers + ["Authorization: Bearer secret-1"])
        #expect(try accepted.response().status == 100)
        try accepted.send(body)
        #expect(try accepted.response().status == 200)
    }

    @Test(
        "a 401 reaches a client that sends its whole body before it reads, and earlier responses are not lost",
        .proves("C2.3"))
    func stillSending() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        let connection = try server.connect()
        let body = Array(ServerProcess.sample.utf8)
        try connection.send("POST", "/predict", headers: ["Authorization: Bearer secret-1"], body: body)
        try connection.send("POST", "/predict", body: [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20))
        #expect(try connection.response().status == 200)
        try expect401(connection.response())
        connection.endSending()
        #expect(try connection.readToEnd() == "")
    }

    @Test("a request that is rejected for its key writes its access line only, and is counted as 401")
    func refusedCallIsLogged() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try serve()
        let response = try call(server, "POST", "/predict", "Bearer secret-in-no-file")
        #expect(try server.metric("bungalow_requests_total{route=\"/predict\",status=\"401\"}") == 1)
        #expect(try call(server, "POST", "/predict", "Bearer secret-2").status == 200)
        #expect(try server.stop() == 0)
        let log = try StrictLog(server.log)
        #expect(log.blocks.map(\.access.status) == [401, 200])
        #expect(log.blocks.first?.access.bytes == response.body.count)
    }

    @Test("a file of keys that is empty or unreadable: no start, exit 78 with one line that names it", .proves("C5.11"))
    func badFiles() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases = [("", "holds no key"), ("\n \r\n\t\n", "holds no key"), ("# secret-1\n#\n", "holds no key")]
        for (text, reason) in cases {
            try Data(text.utf8).write(to: file)
            try expectRefusal(file.path, reason)
        }
        try expectRefusal(folder.path, "cannot be read")
        try expectRefusal(folder.appending(path: "missing").path, "cannot be read")
    }

    private func expectRefusal(_ path: String, _ reason: String) throws {
        for run in [
            try ServerProcess.run(["--port", "0", "--cache-url", "off", "--api-keys-file", path]),
            try ServerProcess.run([], environment: ["PORT": "0", "CACHE_URL": "off", "API_KEYS_FILE": path]),
        ] {
            #expect(run.exitCode == 78 && run.output.isEmpty, "\(run)")
            #expect(run.error.hasPrefix("Error: API_KEYS_FILE=\(path) \(reason)"), "\(run.error)")
            #expect(run.error.split(separator: "\n").count == 1 && !run.error.contains("secret"), "\(run.error)")
        }
    }

    @Test(
        "keys never appear on stdout or stderr, in responses, in /metrics or in /version, whatever the log level",
        .proves("C5.11", "T41"))
    func keysStaySecret() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for mode in ["ml", "json"] {
            let server = try serve("secret-1\nsecret-2\n", "--log-level", "trace", "--scoring-log", mode)
            var answers: [Response] = []
            for key in ["Bearer secret-1", "Bearer secret-wrong", "Basic secret-3", "secret-4"] {
                for (method, path) in Self.scoring { answers.append(try call(server, method, path, key)) }
            }
            try server.reload(saying: "API keys: read again")
            for path in ["/metrics", "/version", "/health"] { answers.append(try call(server, "GET", path, nil)) }
            #expect(try server.stop() == 0)
            let texts = answers.map(\.text) + answers.flatMap { $0.headers.map(\.value) }
            for text in texts + [server.log, server.messages] { #expect(!text.contains("secret-"), "\(text)") }
            #expect(!server.log.isEmpty)
        }
    }
}
