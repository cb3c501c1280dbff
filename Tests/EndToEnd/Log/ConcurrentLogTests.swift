import Foundation
import TestSupport
import Testing

/// The scoring log under many requests at once, and under requests of malicious clients.
@Suite struct ConcurrentLogTests {
    @Test(
        "blocks of concurrent requests never interleave: N requests are N blocks, each request id exactly once",
        .proves("C3.1"))
    func concurrency() throws {
        let server = try ServerProcess(["--event-loops", "4"])
        var connections = try (0..<56).map { _ in try server.connect() }
        let callsEach = 18
        for call in 0..<callsEach {
            for (index, connection) in connections.enumerated() {
                let isBad = (call + index).isMultiple(of: 9)
                let records = [RecordText](repeating: isBad ? RecordText([]) : .good, count: 1 + (call * index) % 5)
                let id = ["X-Ms-Request-Id: c\(index)-\(call)"]
                try connection.send("POST", "/predict", headers: id, body: Array(records.batch.utf8))
            }
        }
        var good: [String: Int] = [:]
        var bad: [Int] = []
        for connection in connections {
            for _ in 0..<callsEach {
                let response = try connection.response()
                let id = try #require(response["X-Ms-Request-Id"])
                if response.status == 200 { good[id] = response.body.count } else { bad.append(response.body.count) }
            }
        }
        #expect(good.count + bad.count == connections.count * callsEach)
        // The server waits for its clients to close.
        connections.removeAll()
        #expect(good.count > 500 && bad.count > 50)
        #expect(try server.stop() == 0)

        let log = try StrictLog(server.log)
        #expect(log.blocks.count == good.count + bad.count)
        #expect(log.scored.count == good.count)
        let logged = Dictionary(grouping: log.scored) { $0.requestID ?? "" }
        #expect(logged.mapValues { $0.map(\.access.bytes) } == good.mapValues { [$0] })
        let refused = log.blocks.filter { $0.requestID == nil }
        #expect(refused.map(\.access.bytes).sorted() == bad.sorted())

        let original = try OriginalAnalyzer(server.log)
        #expect(original.calls == log.blocks.count)
        #expect(original.latencies.count == good.count)
        #expect(Set(original.captured.map(\.requestID)) == Set(good.keys))
    }

    @Test("no other line on stdout ever contains the log's marks, whatever a client sends", .proves("C3.5", "T18"))
    func hostileClients() throws {
        let server = try ServerProcess(["--log-level", "trace"])
        let marks = ["127.0.0.1", "Prediction took", "Predictions took", "X-Ms-Request-Id"]
        let texts =
            marks + [
                "\n127.0.0.1 - -", "\r\nPrediction took 5 ms", "%0A127.0.0.1", "%0d%0aPrediction%20took%201",
                "\u{85}127.0.0.1",
            ]
        var scored = 0
        var refused = 0
        for text in texts {
            let encoded = text.replacing(" ", with: "%20").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
            let heads = [
                "POST /predict HTTP/1.1\r\nUser-Agent: \(text)", "POST /predict HTTP/1.1\r\nReferer: \(text)",
                "POST /predict HTTP/1.1\r\nX-Request-Id: \(text)", "POST /predict HTTP/1.1\r\nX-Ms-Request-Id: \(text)",
                "POST /predict HTTP/1.1\r\nX-Forwarded-For: \(text)", "POST /predict HTTP/1.1\r\nHost: \(text)",
                "POST /predict HTTP/1.1\r\n\(text): 1", "POST /predict?\(text) HTTP/1.1",
                "POST /predict?\(encoded) HTTP/1.1",
                "POST /\(encoded) HTTP/1.1", "POST /predict/\(text) HTTP/1.1", "\(text) /predict HTTP/1.1",
                "POST /predict \(text) HTTP/1.1", "POST http://\(encoded)/predict HTTP/1.1", "POST \(text) HTTP/1.1",
                "\(encoded) /predict HTTP/1.1", "PATCH /predict?\(encoded) HTTP/1.1",
            ]
            let bodies = [
                RecordText.good.adding(marks.joined(separator: "\\n"), "1").batch,
                RecordText.good.with("MedInc", "\"\(marks.joined(separator: "\\n"))\"").batch,
            ]
            for (head, body) in heads.flatMap({ head in bodies.map { (head, $0) } }) {
                let connection = try server.connect()
                // Before the text, which may end the head.
                let named = head.contains("Host: ") ? "HTTP/1.1\r\n" : "HTTP/1.1\r\nHost: a\r\n"
                let start = "\(head)\r\n".replacing("HTTP/1.1\r\n", with: named)
                let end = "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                try connection.send("\(start)\(end)")
                let answer = try connection.response()
                switch answer.status {
                case 200: scored += 1
                case 405, 422: refused += 1
                // A known route; bytes that are not a request have none.
                case 400 where answer.text.contains("The Host header"): refused += 1
                default: #expect([400, 404].contains(answer.status), "\(head)")
                }
            }
        }
        #expect(scored > 60 && refused > 60)
        try server.stop()
        // Any misplaced line would fail here.
        let log = try StrictLog(server.log)
        #expect(log.scored.count == scored && log.blocks.count == scored + refused)
        let original = try OriginalAnalyzer(server.log)
        #expect(original.calls == scored + refused)
        #expect(original.latencies.count == scored && original.captured.count == scored)
    }

    @Test("all is flushed on SIGTERM", .proves("C3.7"))
    func flushOnSIGTERM() throws {
        let server = try ServerProcess()
        let body = Array(RecordText.good.batch.utf8)
        try server.withConnection { connection in
            for index in 0..<50 {
                try connection.send("POST", "/predict", headers: ["X-Request-Id: \(index)"], body: body)
            }
            for _ in 0..<50 { #expect(try connection.response().status == 200) }
        }
        #expect(try server.stop() == 0)
        #expect(try StrictLog(server.log).scored.map(\.requestID) == (0..<50).map { "\($0)" })
    }
}
