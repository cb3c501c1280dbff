import Foundation
import TestSupport
import Testing

/// However a well-formed request is cut into bytes, its response is the same.
@Suite struct RequestFramingTests {
    private static let key = "e6cbfb3a74a56e69b3062ff4f3da035a"

    @Test("a chunked body is read as if it came in one piece, also with one byte in each chunk")
    func chunks() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for size in [1, 7, 100, 100_000] {
            try connection.send("POST /predict HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.send(TransportChecks.chunked(Array(ServerProcess.sample.utf8), size: size))
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(try response.json()["query_key"] as? String == Self.key)
        }
    }

    @Test("chunk extensions and trailers are skipped")
    func extensionsAndTrailers() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for trailers in ["", "X-Checksum: 12\r\nX-Ms-Request-Id: trailer\r\n"] {
            let half = ServerProcess.sample.utf8.count / 2
            let first = ServerProcess.sample.prefix(half)
            let second = ServerProcess.sample.dropFirst(half)
            try connection.send("POST", "/predict", headers: ["X-Ms-Request-Id: head", "Transfer-Encoding: chunked"])
            try connection.send("\(String(first.count, radix: 16));name=value\r\n\(first)\r\n")
            try connection.send("\(String(second.count, radix: 16).uppercased());a;b=\"c\"\r\n\(second)\r\n")
            try connection.send("0;last\r\n\(trailers)\r\n")
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(try response.json()["query_key"] as? String == Self.key)
            #expect(response["X-Ms-Request-Id"] == "head")
        }
    }

    @Test("requests written one byte at a time get the usual responses")
    func oneByteAtATime() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let sample = Array(ServerProcess.sample.utf8)
        let whole =
            Array("POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: \(sample.count)\r\n\r\n".utf8) + sample
        let chunked =
            Array("POST /predict HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            + TransportChecks.chunked(sample, size: 50)
        for request in [whole, chunked] {
            for byte in request { try connection.send([byte]) }
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(try response.json()["query_key"] as? String == Self.key)
        }
    }

    @Test("empty lines before a request line are skipped")
    func emptyLinesFirst() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for _ in 1...2 {
            try connection.send("\r\n\r\nGET /health HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try connection.response().status == 200)
        }
    }

    @Test("the names of header fields are the same in lower and in upper case")
    func fieldNames() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let body = ServerProcess.sample
        for cased in [{ $0.lowercased() }, { $0.uppercased() }] as [(String) -> String] {
            let names = ["Content-Length: \(body.utf8.count)", "X-Ms-Request-Id: id-1"].map {
                let parts = $0.components(separatedBy: ": ")
                return "\(cased(parts[0])): \(parts[1])"
            }
            try connection.send("POST", "/predict", headers: names)
            try connection.send(body)
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response["X-Ms-Request-Id"] == "id-1")

            let chunked = "\(cased("Transfer-Encoding")): \(cased("chunked"))"
            let expect = "\(cased("Expect")): \(cased("100-continue"))"
            try connection.send("POST", "/predict", headers: [chunked, expect])
            #expect(try connection.response().status == 100)
            try connection.send(TransportChecks.chunked(Array(body.utf8), size: 1000))
            #expect(try connection.response().status == 200)
        }
        try connection.send("GET /health HTTP/1.1\r\nHost: a\r\nCONNECTION: CLOSE\r\n\r\n")
        #expect(try connection.response().status == 200)
        #expect(try connection.readToEnd() == "")
    }

    @Test("a body with a Content-Encoding is 415, and the connection stays open", .proves("C2.5"))
    func contentCoding() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        let body = Array(ServerProcess.sample.utf8)
        for coding in ["gzip", "deflate", "br", "gzip, identity"] {
            try connection.send("POST", "/predict", headers: ["Content-Encoding: \(coding)"], body: body)
            let response = try connection.response()
            try TransportChecks.expectError(response, 415, "\(coding)")
            #expect(response.text.contains("Content-Encoding") && response["Accept-Encoding"] == "identity")
        }
        for coding in ["identity", "Identity", ""] {
            try connection.send("POST", "/predict", headers: ["Content-Encoding: \(coding)"], body: body)
            #expect(try connection.response().status == 200, "\(coding)")
        }
        try connection.send("GET", "/test", headers: ["Content-Encoding: gzip"])
        #expect(try connection.response().status == 200)
        let headers = ["Content-Encoding: gzip", "Expect: 100-continue", "Content-Length: 10"]
        try connection.send("POST", "/predict", headers: headers)
        try TransportChecks.expectError(try connection.response(), 415)
        try server.stop()
        #expect(try StrictLog(server.log).blocks.filter { $0.access.status == 415 }.count == 5)
    }

    @Test("the type of the content is not checked")
    func contentType() throws {
        let server = try ServerProcess()
        for type in ["application/x-www-form-urlencoded", "text/plain", "application/json", "nonsense"] {
            #expect(try server.predict(ServerProcess.sample, headers: ["Content-Type: \(type)"]).status == 200)
        }
    }
}
