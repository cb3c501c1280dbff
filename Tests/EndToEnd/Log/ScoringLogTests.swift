import Foundation
import TestSupport
import Testing

/// The scoring log of the built server: what is written for which request, and nothing else.
@Suite struct ScoringLogTests {
    private static let body = RecordText.good.batch
    /// With one event loop the log has the order of the responses; the contract does not promise any order.
    private static let ordered = ["--event-loops", "1"]

    @Test(
        "per scored request one block, contiguous and in this order: the access line, the request id, Prediction took",
        .proves("C1.28", "C3.1", "C3.2", "C3.3", "C5.12"))
    func form() throws {
        let server = try ServerProcess()
        let before = Date()
        let response = try server.predict(Self.body, headers: ["X-Ms-Request-Id: an-id_7"])
        #expect(try server.stop() == 0)
        let log = try StrictLog(server.log)
        let block = try #require(log.blocks.first)
        #expect(log.blocks.count == 1)
        #expect(block.requestID == "an-id_7")
        #expect(block.access.request == "POST /predict HTTP/1.1")
        #expect(block.access.status == 200)
        #expect(block.access.bytes == response.body.count)
        // A second's fraction is cut off, and the clock of the log may lag by a kernel's tick.
        #expect(block.access.time >= before.addingTimeInterval(-2) && block.access.time <= Date())
        // From the start of the look-up until the predictions are known.
        let timing = try #require(response["Server-Timing"])
        let durations = timing.matches(of: /dur=([0-9.]+)/).compactMap { Double($0.output.1) }
        #expect(abs(durations[1] + durations[2] - (block.milliseconds ?? -1)) <= 0.0003)
    }

    @Test("SCORING_LOG=dl: the third line is Predictions took", .proves("C3.3", "C5.12"))
    func dl() throws {
        let server = try ServerProcess(Self.ordered, environment: ["SCORING_LOG": "dl"])
        #expect(try server.predict(Self.body).status == 200)
        #expect(try server.predict("[]").status == 422)
        try server.stop()
        let log = try StrictLog(server.log, mark: "Predictions took")
        #expect(log.blocks.map(\.access.status) == [200, 422])
        #expect(try OriginalAnalyzer(server.log, mark: "Predictions took").captured.count == 1)
    }

    @Test("SCORING_LOG=json writes one JSON object per request instead", .proves("C3.9", "C3.10", "C5.12"))
    func json() throws {
        let server = try ServerProcess(Self.ordered + ["--scoring-log", "json"])
        #expect(try server.predict(ServerProcess.sample, headers: ["X-Request-Id: X-Ms-Request-Id"]).status == 200)
        #expect(try server.call("GET", "/test", body: nil).status == 200)
        #expect(try server.call("POST", "/score?a=127.0.0.1", headers: ["X-Request-Id: b"], body: "[1]").status == 422)
        #expect(try server.call("GET", "/health", body: nil).status == 200)
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(try server.predict(Self.body, headers: ["Traceparent: \(traceparent)"]).status == 200)
        #expect(try server.predict(Self.body, headers: ["traceparent: \"127.0.0.1\\ Prediction took"]).status == 200)
        try server.stop()
        let lines = server.log.split(separator: "\n")
        let records = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        try #require(records.count == 5, "\(server.log)")
        let always: Set = ["time", "request_id", "route", "status"]
        #expect(
            Set(records[0].keys) == always.union(["records", "cache", "validate_ms", "cache_ms", "score_ms"]),
            "\(lines[0])")
        #expect(records[0]["request_id"] as? String == "X-Ms-Request-Id")
        #expect(records.map { $0["route"] as? String } == ["/predict", "/test", "/score", "/predict", "/predict"])
        #expect(records.map { $0["status"] as? Int } == [200, 200, 422, 200, 200])
        #expect(records[0]["records"] as? Int == 4 && records[0]["cache"] as? String == "bypass")
        #expect(records[1]["cache"] == nil && records[1]["records"] as? Int == 1)
        #expect(Set(records[2].keys) == always)
        #expect(records[3]["traceparent"] as? String == traceparent)
        #expect(records[4]["traceparent"] == nil)
        for record in records {
            let time = try #require(record["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
        }
        for mark in ["127.0.0.1", "Prediction took", "X-Ms-Request-Id"] { #expect(!server.log.contains(mark)) }
    }

    @Test("SCORING_LOG=off writes none", .proves("C3.9", "C5.12"))
    func off() throws {
        let server = try ServerProcess(["--scoring-log", "off"])
        #expect(try server.predict(Self.body).status == 200)
        #expect(try server.predict("[]").status == 422)
        try server.stop()
        #expect(server.log.isEmpty)
    }

    @Test("a rejected scoring request writes an access line only, whatever its status", .proves("C1.23", "C3.4"))
    func refused() throws {
        let server = try ServerProcess(Self.ordered + ["--max-body-bytes", "2048"])
        var expected: [StrictLog.Access] = []
        func call(_ method: String, _ path: String, _ body: String?, _ status: Int) throws {
            let response = try server.call(method, path, body: body)
            #expect(response.status == status)
            expected.append(
                .init(time: .now, request: "\(method) \(path) HTTP/1.1", status: status, bytes: response.body.count))
        }
        try call("POST", "/predict", "[{}]", 422)
        try call("POST", "/score", "nonsense", 422)
        try call("GET", "/predict", nil, 405)
        try call("HEAD", "/score", nil, 405)
        try call("DELETE", "/test", nil, 405)
        try call("POST", "/test", Self.body, 405)
        try call("POST", "/predict", String(repeating: " ", count: 3000), 413)
        try server.stop()
        let log = try StrictLog(server.log)
        #expect(log.scored.isEmpty)
        #expect(log.blocks.map(\.access.request) == expected.map(\.request))
        #expect(log.blocks.map(\.access.status) == expected.map(\.status))
        #expect(log.blocks.map(\.access.bytes) == expected.map(\.bytes))
    }

    @Test("probes, pages, unknown paths, OPTIONS and requests whose head did not parse write nothing", .proves("C3.4"))
    func silence() throws {
        let server = try ServerProcess()
        for path in [
            "/health", "/livez", "/readyz", "/startupz", "/nothing", "/predict/", "/Predict", "//predict", "/",
            "/docs", "/openapi.json", "/metrics", "/v2", "/v2/health/ready", "/v2/models/housing",
            "/v2/models/other/infer",
        ] {
            _ = try server.call("GET", path, body: nil)
            _ = try server.call("HEAD", path, body: nil)
            _ = try server.call("POST", path, body: Self.body)
        }
        for path in ["/predict", "/score", "/test", "*"] { _ = try server.call("OPTIONS", path, body: nil) }
        let heads = [
            "nonsense\r\n\r\n", "POST /predict\r\n\r\n", "POST /predict HTTP/9.9\r\n\r\n",
            "PO ST /predict HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nBad header 127.0.0.1\r\n\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: Prediction took\r\n\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "127.0.0.1 ", count: 5000))\r\n\r\n",
        ]
        for head in heads {
            let connection = try server.connect()
            try connection.send(head)
            connection.endSending()
            _ = try connection.readToEnd()
        }
        try server.stop()
        #expect(server.log.isEmpty, "\(server.log)")
    }

    @Test("the path is the route's literal, never the client's text, and the bytes are the body's", .proves("C3.2"))
    func routeLiteral() throws {
        let server = try ServerProcess(Self.ordered)
        let targets = [
            "/predict", "/score", "/predict?x=1", "/score?127.0.0.1", "/predict?Prediction%20took%201",
            "http://a/predict?b",
        ]
        let counts = try targets.enumerated().map { index, target in
            let records = [RecordText](repeating: .good, count: index + 1)
            let response = try server.call("POST", target, body: records.batch)
            #expect(response.status == 200)
            return response.body.count
        }
        let sample = try server.call("GET", "/test?X-Ms-Request-Id", body: nil)
        let head = try server.call("HEAD", "/test", body: nil)
        #expect(head.body.isEmpty && head.status == 200)
        try server.stop()
        let blocks = try StrictLog(server.log).scored
        let routes = ["/predict", "/score", "/predict", "/score", "/predict", "/predict"].map { "POST \($0) HTTP/1.1" }
        #expect(blocks.map(\.access.request) == routes + ["GET /test HTTP/1.1", "HEAD /test HTTP/1.1"])
        #expect(blocks.map(\.access.bytes) == counts + [sample.body.count, 0])
    }

    @Test("start-up messages and the server's own messages go to stderr only", .proves("C3.6"))
    func messages() throws {
        let server = try ServerProcess(["--log-level", "trace"])
        #expect(try server.predict(Self.body).status == 200)
        try server.stop()
        #expect(try StrictLog(server.log).blocks.count == 1)
        #expect(server.messages.contains("Bungalow listens on"))
    }
}
