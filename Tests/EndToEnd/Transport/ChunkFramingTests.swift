import Foundation
import TestSupport
import Testing

/// How much framing a chunked body may have beside its data.
@Suite struct ChunkFramingTests {
    private func begin(_ server: ServerProcess) throws -> Connection {
        let connection = try server.connect()
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked", "X-Request-Id: framed"])
        return connection
    }

    private func expectRefused(_ connection: Connection, _ status: Int) throws {
        let response = try connection.response()
        try TransportChecks.expectError(response, status)
        #expect(response["X-Request-Id"] == "framed" && response["Connection"] == "close")
        #expect(try connection.readToEnd() == "")
    }

    @Test(
        "a chunk extension of 3 MB is 413 and the connection closes, in the first chunk, a later or the last",
        .proves("C2.6"),
        arguments: ["2", "2\r\n[]\r\n3", "2\r\n[]\r\n0"])
    func largeExtension(_ start: String) throws {
        let server = try ServerProcess()
        let connection = try begin(server)
        try connection.send("\(start);\(String(repeating: "e", count: 3_000_000))\r\n")
        try expectRefused(connection, 413)
        #expect(try server.predict(ServerProcess.sample).status == 200)
    }

    @Test("an endless extension is rejected before it has taken 256 KiB, although none of the body has arrived")
    func endlessExtension() throws {
        let server = try ServerProcess()
        let connection = try begin(server)
        try connection.send("5;" + String(repeating: "e", count: 256 << 10))
        try expectRefused(connection, 413)
    }

    @Test(
        "a trailer section of 3 MB is 431 and the connection closes, in one field or in many",
        .proves("C2.6"))
    func largeTrailers() throws {
        let server = try ServerProcess()
        let fields = String(repeating: "X-Trailer: \(String(repeating: "v", count: 100))\r\n", count: 27_000)
        for trailers in [fields, "X: \(String(repeating: "v", count: 3_000_000))\r\n"] {
            let connection = try begin(server)
            try connection.send("2\r\n[]\r\n0\r\n\(trailers)\r\n")
            try expectRefused(connection, 431)
        }
    }

    @Test("200 000 chunks of one byte each, and an extension of 16 KiB, are within the limits", .proves("C2.6"))
    func smallChunks() throws {
        let server = try ServerProcess()
        let connection = try begin(server)
        try connection.send(TransportChecks.chunked(TransportChecks.sample(bytes: 200_000), size: 1))
        #expect(try connection.response().status == 200)
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked"])
        let sample = ServerProcess.sample
        let length = String(sample.utf8.count, radix: 16)
        try connection.send("\(length);\(String(repeating: "e", count: 16 << 10))\r\n\(sample)\r\n0\r\n\r\n")
        #expect(try connection.response().status == 200)
    }

    @Test("of a chunk that is declared larger than MAX_BODY_BYTES no more than that is read")
    func declaredTooLarge() throws {
        let server = try ServerProcess(["--max-body-bytes", "65536"])
        let connection = try begin(server)
        try connection.send("7fffffff\r\n" + String(repeating: " ", count: 65_537))
        try expectRefused(connection, 413)
    }
}
