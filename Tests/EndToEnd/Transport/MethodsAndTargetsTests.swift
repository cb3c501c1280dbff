import Foundation
import TestSupport
import Testing

/// The response that a method and a target get.
@Suite struct MethodsAndTargetsTests {
    @Test(
        "HEAD is GET without a body: the same status and headers, and the next response is in its place",
        .proves("C2.13"))
    func head() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let changing = ["Date", "Server-Timing"]
        for path in ["/health", "/livez", "/readyz", "/startupz", "/test", "/nothing", "/predict"] {
            let id = ["X-Request-Id: same"]
            try connection.send("GET", path, headers: id)
            try connection.send("HEAD", path, headers: id)
            let get = try connection.response(to: "GET")
            let head = try connection.response(to: "HEAD")
            #expect(head.status == get.status)
            #expect(get["Content-Length"] == "\(get.body.count)")
            #expect(head.headers.map(\.name) == get.headers.map(\.name))
            for (name, value) in get.headers where !changing.contains(name) {
                #expect(head[name] == value, "\(path) \(name)")
            }
        }
        connection.endSending()
        #expect(try connection.readToEnd() == "")
    }

    @Test("OPTIONS is 204 with Allow on every known path", .proves("C2.13"))
    func options() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for (path, allow) in TransportChecks.allow {
            try connection.send("OPTIONS", path)
            let response = try connection.response()
            #expect(response.status == 204, "\(path)")
            #expect(response["Allow"] == allow, "\(path)")
            // RFC 9110, section 8.6: no length with 204.
            #expect(response["Content-Length"] == nil)
            try TransportChecks.expectRequestID(response)
        }
        for (target, allow) in [("*", "GET, HEAD, POST, OPTIONS"), ("http://a", "GET, HEAD, OPTIONS")] {
            try connection.send("OPTIONS", target)
            let response = try connection.response()
            #expect(response.status == 204 && response["Allow"] == allow, "\(target)")
        }
        try connection.send("GET", "*")
        try TransportChecks.expectError(try connection.response(), 404)
        try connection.send("OPTIONS", "/nothing")
        try TransportChecks.expectError(try connection.response(), 404)
        connection.endSending()
        #expect(try connection.readToEnd() == "")
    }

    @Test("an unknown path is 404, whatever the method, and the connection stays open", .proves("C2.4"))
    func notFound() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let paths = ["/nothing", "/pre", "/health/..", "/other", "/%00", "/predict/../nothing", "/favicon.ico"]
        for path in paths {
            for method in ["GET", "POST", "DELETE"] {
                try connection.send(method, path, body: method == "POST" ? Array("[]".utf8) : nil)
                let response = try connection.response()
                try TransportChecks.expectError(response, 404, "\(method) \(path)")
                #expect(response.text == #"{"detail":"Not Found"}"#)
            }
        }
    }

    @Test("a path near a known one is 404 with a hint that names it, in the form of its protocol", .proves("C2.4"))
    func nearPath() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let prefix = " A proxy that passes requests on has to remove what precedes it"
        let paths = [
            ("/predict/", "/predict?"), ("//predict", "/predict?"), ("/Predict", "/predict?"),
            ("/predictx", "/predict?"), ("/predict%20?a", "/predict?"), ("/predict/5", "/predict?"),
            ("/lab/predict", "/predict?" + prefix), ("/api/v1/score/", "/score?" + prefix), ("/healthz", "/health?"),
            ("http://a//docs", "/docs?"), ("/lab/v2/models/housing", "/v2/models/housing?" + prefix),
        ]
        for (path, hint) in paths {
            try connection.send("POST", path, body: Array("[]".utf8))
            let response = try connection.response()
            #expect(response.status == 404)
            #expect(response.text == #"{"detail":"Not Found","hint":"Did you mean \#(hint)"}"#, "\(path)")
        }
        try connection.send("GET", "/v2/models/housing/infr")
        let near = "Did you mean /v2/models/housing/infer?"
        #expect(
            try connection.response().text
                == #"{"error":"Not Found: the only model is housing, at /v2/models/housing. \#(near)"}"#)
        try connection.send("GET", "/" + String(repeating: "a/", count: 10_000) + "predict")
        #expect(try connection.response().text == #"{"detail":"Not Found"}"#)
    }

    @Test("another method on a known path is 405 with Allow, and the connection stays open", .proves("C2.4"))
    func methodNotAllowed() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for (path, allow) in TransportChecks.allow {
            let unknown = ["PROPFIND", "M-SEARCH", "BREW"]
            let others = ["PUT", "DELETE", "PATCH", "TRACE", allow.hasPrefix("POST") ? "GET" : "POST"] + unknown
            for method in others {
                try connection.send(method, path, body: method == "TRACE" ? nil : Array("[]".utf8))
                let response = try connection.response()
                try TransportChecks.expectError(response, 405, "\(method) \(path)")
                #expect(response["Allow"] == allow, "\(method) \(path)")
                #expect(response.text == #"{"detail":"Method Not Allowed"}"#)
            }
        }
    }

    @Test("query strings and absolute-form targets are routed by their path")
    func targets() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let health = [
            "/health?", "/health?a=b&c=/nothing", "/health??", "http://example.org/health",
            "http://127.0.0.1:80/health?x",
            "HTTPS://example.org/health", "/health?next=http://example.org/nothing",
        ]
        for target in health {
            try connection.send("GET", target)
            let response = try connection.response()
            #expect(response.status == 200, "\(target)")
            #expect(response.text == #"{"status":"healthy"}"#, "\(target)")
        }
        for target in ["/predict?debug=1", "http://example.org/predict"] {
            try connection.send("POST", target, body: Array(ServerProcess.sample.utf8))
            #expect(try connection.response().status == 200, "\(target)")
        }
        for target in ["http://example.org", "http://example.org?x", "http://example.org/"] {
            try connection.send("GET", target)
            #expect(try connection.response().text.hasPrefix("<!DOCTYPE html>"), "\(target)")
        }
        for target in ["/nothing?/health", "http://example.org/nothing?x=/health", "http://health/nothing"] {
            try connection.send("GET", target)
            try TransportChecks.expectError(try connection.response(), 404, "\(target)")
        }
    }

    @Test("the scoring log names the route's literal, never the client's text")
    func logNamesTheRoute() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST", "/predict?x=Prediction%20took", body: Array(ServerProcess.sample.utf8))
        try connection.send("GET", "/test?127.0.0.1")
        try connection.send("GET", "/predict?secret")
        #expect(try (1...3).map { _ in try connection.response().status } == [200, 200, 405])
        #expect(try server.stop() == 0)
        let lines = server.log.split(separator: "\n").filter { $0.contains(" - - ") }
        let calls = lines.compactMap { $0.components(separatedBy: "\"").dropFirst().first }
        #expect(calls == ["POST /predict HTTP/1.1", "GET /test HTTP/1.1", "GET /predict HTTP/1.1"])
    }

    @Test("CONNECT is handled like any unknown path, and the connection closes")
    func connect() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
        let response = try connection.response()
        try TransportChecks.expectError(response, 404)
        #expect(response["Connection"] == "close")
        try connection.send("bytes of another protocol")
        #expect(try connection.readToEnd() == "")
    }

    @Test("curl gets pages, headers and statuses like any client", .proves("C1.2"))
    func curl() throws {
        let server = try ServerProcess()
        let base = "http://127.0.0.1:\(server.port)"
        #expect(try TransportChecks.curl("\(base)/health").output == #"{"status":"healthy"}"#)
        let head = try TransportChecks.curl("--head", "\(base)/health")
        #expect(head.exitCode == 0)
        #expect(head.output.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(head.output.contains("\r\nContent-Length: 20\r\n"))
        let status = ["--output", "/dev/null", "--write-out", "%{http_code} "]
        func statuses(_ arguments: String...) throws -> String {
            let curl = try ChildProcess("curl", ["--silent"] + status + arguments)
            #expect(try curl.waitForExit() == 0)
            return curl.standardOutput.text()
        }
        #expect(try statuses("--data", ServerProcess.sample, "\(base)/predict") == "200 ")
        #expect(try statuses("--data", "[]", "\(base)/score") == "422 ")
        #expect(try statuses("--request", "OPTIONS", "\(base)/score") == "204 ")
        #expect(try statuses("--http1.0", "\(base)/health") == "200 ")
        #expect(try statuses("--proxy", base, "http://example.org/health") == "200 ")
    }
}
