import Foundation
import TestSupport
import Testing

/// The scoring log and its reader: one that is slow, one that is gone.
@Suite struct LogReaderTests {
    @Test("nothing is lost while stdout can be written: a reader that was stopped gets every block", .proves("C3.7"))
    func stoppedReader() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(logTo: fifo.path)
        try server.withConnection { connection in
            // Several times what a pipe holds.
            for round in 0..<20 {
                for call in 0..<100 { try connection.send("GET", "/test", headers: ["X-Request-Id: \(round)-\(call)"]) }
                for _ in 0..<100 { #expect(try connection.response().status == 200) }
            }
        }
        server.signal(SIGTERM)
        let log = try StrictLog(fifo.read())
        #expect(try server.waitForExit() == 0)
        #expect(log.scored.map(\.requestID) == (0..<20).flatMap { round in (0..<100).map { "\(round)-\($0)" } })
    }

    @Test(
        "while a slow reader keeps the 4 MiB buffer full, scoring requests are 503 and probes are not affected",
        .proves("C2.7", "C3.4", "C3.7", "C4.14")
    )
    func fullBuffer() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(logTo: fifo.path)
        var (scored, refused) = try fillBuffer(of: server)
        #expect(try server.call("GET", "/health", body: nil).status == 200)
        #expect(try server.call("GET", "/readyz", body: nil).status == 200)
        #expect(try server.predict(RecordText.good.batch).status == 503)
        refused += 1

        var text = try fifo.read(bytes: 3 << 20)
        while try server.call("GET", "/test", body: nil).status != 200 {
            refused += 1
            text += try fifo.read(bytes: 1)
        }
        scored += 1
        server.signal(SIGTERM)
        text += try fifo.read()
        #expect(try server.waitForExit() == 0)
        let original = try OriginalAnalyzer(text)
        #expect(original.captured.count == scored && original.latencies.count == scored)
        #expect(original.calls == scored + refused)
    }

    @Test(
        "lines of rejected requests are dropped at 5 MiB while the log is full, and their number is logged once",
        .proves("C3.7", "C6.12"))
    func droppedLines() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(logTo: fifo.path)
        var (scored, refused) = try fillBuffer(of: server)
        // Rejected for their method, so at once; 1 MiB of their lines, and half as much again.
        let burst = Array(String(repeating: "PUT /test HTTP/1.1\r\nHost: a\r\n\r\n", count: 500).utf8)
        let line = "127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] \"PUT /test HTTP/1.1\" 405 31 \"-\" \"-\"\n".utf8.count
        try server.withConnection { connection in
            for _ in 0..<(3 << 19) / line / 500 {
                try connection.send(burst)
                for _ in 0..<500 { #expect(try connection.response().status == 405) }
                refused += 500
            }
        }
        let lost = try server.metrics()["log_lost_total{reason=\"slow_reader\"}"]
        #expect(lost > 1000 && lost < refused)
        var text = try fifo.read(bytes: 4 << 20)
        let message = try server.waitForMessage("\(lost) lines of rejected requests were dropped")
        #expect(message.contains("warning") && server.count(ofMessages: "were dropped") == 1)
        #expect(try server.call("GET", "/test", body: nil).status == 200)
        scored += 1
        server.signal(SIGTERM)
        text += try fifo.read()
        #expect(try server.waitForExit() == 0)
        // All scored requests are there, and the limits hold: 5 MiB, plus what a pipe and one write hold.
        let log = try StrictLog(text)
        #expect(log.scored.count == scored && log.blocks.count == scored + refused - lost)
        #expect(text.utf8.count < 6 << 20)
    }

    /// Sends requests until one is rejected.
    private func fillBuffer(of server: ServerProcess) throws -> (scored: Int, refused: Int) {
        let id = String(repeating: "i", count: 64)
        let request = Array("GET /test HTTP/1.1\r\nHost: a\r\nX-Request-Id: \(id)\r\n\r\n".utf8)
        let burst = Array([[UInt8]](repeating: request, count: 400).joined())
        var scored = 0
        var refused = 0
        try server.withConnection { connection in
            while refused == 0 {
                try #require(scored < 60_000, "the buffer is never full")
                try connection.send(burst)
                for _ in 0..<400 {
                    let response = try connection.response(to: "GET")
                    if response.status == 200 {
                        scored += 1
                    } else {
                        try #require(response.status == 503, "\(response.text)")
                        try TransportChecks.expectError(response, 503)
                        #expect(response["Retry-After"] == "1")
                        refused += 1
                    }
                }
            }
        }
        return (scored, refused)
    }

    @Test("a stdout that is closed loses blocks, logged once on stderr; scoring continues", .proves("C3.8"))
    func closedReader() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(logTo: fifo.path)
        #expect(try server.predict(RecordText.good.batch).status == 200)
        #expect(try StrictLog(fifo.read(bytes: 150)).scored.count == 1)
        let before = server.messages
        fifo.close()
        #expect(try server.predict(RecordText.good.batch).status == 200)
        let message = try server.waitForMessage("scoring log")
        for _ in 0..<50 { #expect(try server.predict(RecordText.good.batch).status == 200) }
        #expect(try server.stop() == 0)
        let said = server.messages.dropFirst(before.count).split(separator: "\n").filter { $0.contains("scoring log") }
        #expect(said.map(String.init) == [message])
    }
}
