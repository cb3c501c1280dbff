import Foundation
import TestSupport
import Testing

/// Bytes that are not HTTP.
@Suite struct MalformedHTTPTests {
    private static let chunked = "POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static let next = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

    /// - Parameter met: what the response says about the request.
    private func expectRefused(_ bytes: String, by server: ServerProcess, met: String = "") throws {
        let connection = try server.connect()
        try connection.send(bytes)
        let response = try connection.response()
        let comment = Comment(rawValue: "\(bytes.debugDescription)")
        try TransportChecks.expectError(response, 400, comment)
        #expect(met.isEmpty || response.text.contains(met), comment)
        #expect(response["Connection"] == "close", comment)
        #expect(try connection.readToEnd() == "", comment)
    }

    @Test("malformed HTTP is 400 and the connection closes", .proves("C2.2"))
    func requestLineAndFields() throws {
        let server = try ServerProcess()
        let malformed = [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "nonsense\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /health\r\n\r\n", "GET /health HTTP/1.x\r\n\r\n", "GET /health HTTP/3.0\r\n\r\n",
            "GET /health HTTP/2.0\r\n\r\n", "GET /health ICE/1.0\r\n\r\n", "get /health HTTP/1.1\r\nHost: a\r\n\r\n",
            "G@T /health HTTP/1.1\r\nHost: a\r\n\r\n", "GET /he\u{7}alth HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n", "GET /health HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nName : space before the colon\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nA: b\u{0}c\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nA: b\rc\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\n Folded: first\r\n\r\n",
            "GET  /health HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health  HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /health HTTP/1.1 \r\nHost: a\r\n\r\n", "GET /health RTSP/1.0\r\nHost: a\r\n\r\n",
            "GET health HTTP/1.1\r\nHost: a\r\n\r\n", "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a<b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health#b HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT /health HTTP/1.1\r\nHost: a\r\n\r\n", "\rGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /h\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health HTTP/1.1\nHost: a\n\n",
            "GET /health HTTP/1.1\r\nHost: a\n\r\n", "GET /health HTTP/1.1\r\nHost: a\r\nA: b\u{7f}c\r\n\r\n",
        ]
        for bytes in malformed { try expectRefused(bytes, by: server) }
        #expect(try server.call("GET", "/health").status == 200)
    }

    @Test(
        "400 says what was received instead of a request", .proves("C2.2", "C2.17"),
        arguments: [
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\n", "a TLS hello came"),
            ("\u{16}\u{3}\u{1}\u{2}", "a TLS hello came"),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 1 80\r\n", "a PROXY protocol header came"),
            ("\r\n\r\n\u{0}\r\nQUIT\n!", "a PROXY protocol header came"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 came"), ("SSH-2.0-OpenSSH_9.9\r\n", "an SSH client came"),
            ("{\"MedInc\":1}\r\n\r\n", "JSON came where a request line is due"),
            ("get / HTTP/1.1\r\n", "does not begin with a method in capital letters"),
            ("GET /\r\n", "no HTTP version follows the target"),
            ("GET / HTTP/3.0\r\n", "the HTTP version is neither 1.1 nor 1.0"),
            ("GET /a b HTTP/1.1\r\n", "the target holds a blank"),
            ("GET /a#b HTTP/1.1\r\n", "the target holds #"), ("GET  / HTTP/1.1\r\n", "two blanks"),
            ("GET a HTTP/1.1\r\n", "the target is neither a path"),
            ("GET /\u{7} HTTP/1.1\r\n", "the request line holds the byte 07"),
            ("GET / HTTP/1.1\n", "a line ends with CR or LF alone"),
            ("GET / HTTP/1.1\r\nHost : a\r\n", "a blank precedes the colon of the header Host"),
            ("GET / HTTP/1.1\r\nContent-Length\t: 1\r\n", "precedes the colon of the header Content-Length"),
            ("GET / HTTP/1.1\r\n folded\r\n", "a header line begins with a blank"),
            ("GET / HTTP/1.1\r\nHost\r\n", "the header Host has no colon"),
            ("GET / HTTP/1.1\r\n: a\r\n", "a header has no name"),
            ("GET / HTTP/1.1\r\nA\"B: c\r\n", "the name of a header holds the byte 22"),
            ("GET / HTTP/1.1\r\nA: b\u{0}\r\n", "the header A holds the byte 00"),
            ("GET / HTTP/1.1\r\nContent-Length: 1,1\r\n", "Content-Length is not one number of bytes"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "Content-Length and Transfer-Encoding"
            ),
            (chunked + "z\r\n", "a chunk does not begin with its size"),
            (chunked + "1\r\n[]\r\n", "longer than its size"),
            (chunked + "0\r\nContent-Length: 1\r\n", "among the trailers"),
        ])
    func whatWasMet(bytes: String, met: String) throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send(bytes)
        let response = try connection.response()
        try TransportChecks.expectError(response, 400)
        #expect(response.text.hasPrefix(#"{"detail":"Malformed HTTP request: "#) && response.text.contains(met))
    }

    @Test("a request without Host is 400 except in HTTP/1.0, one with several always is", .proves("C2.2", "C2.17"))
    func host() throws {
        let server = try ServerProcess()
        let two = "Host: a\r\nhost: a\r\n"
        let refused = [
            ("1.1\r\n", "none"), ("1.1\r\n\(two)", "2"), ("1.0\r\n\(two)", "2"), ("1.1\r\n\(two)\(two)", "4"),
        ]
        for (start, count) in refused {
            try expectRefused("GET /health HTTP/\(start)\r\n", by: server, met: "this one has \(count)\"}")
        }
        // Before the key and the body are checked; a scoring route's error is in the log.
        try expectRefused("POST /predict HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", by: server)
        for version in ["1.0\r\n", "1.0\r\nHost: a\r\n", "1.1\r\nHost:\r\n", "1.1\r\nHost: [::1]:8000\r\n"] {
            let connection = try server.connect()
            try connection.send("GET /health HTTP/\(version)\r\n")
            #expect(try connection.response().status == 200, "\(version)")
        }
        #expect(try server.stop() == 0)
        #expect(try StrictLog(server.log).blocks.map(\.access.status) == [400])
    }

    @Test("a Host that is not a name or address, with or without a port, is 400", .proves("C2.2"))
    func invalidHost() throws {
        let server = try ServerProcess()
        let invalid = [
            "a b", "x,y", "<script>", "user@a", "a/b", "a?b", "a#b", "a\\b", "\"a\"", "a:b", "a:80:80", "a:-1", "é",
            "[::1", "[::1]x", "[::1]:x", "[<]", "::1", "a[::1]", "]",
        ]
        for host in invalid { try expectRefused("GET /health HTTP/1.1\r\nHost: \(host)\r\n\r\n", by: server) }
        try expectRefused("GET /health HTTP/1.0\r\nHost: a b\r\n\r\n", by: server)
        let valid = [
            "", "a", "a:", "A.b-c_d~1:8000", "127.0.0.1:80", "[::1]", "[2001:db8::1]:443", "[v1.a:b]", "a%20b",
            "!$&'()*+;=",
        ]
        for host in valid {
            let connection = try server.connect()
            try connection.send("GET /health HTTP/1.1\r\nHost: \(host) \t\r\n\r\n")
            #expect(try connection.response().status == 200, "\(host)")
        }
    }

    @Test("an invalid Content-Length is 400", .proves("C2.2"))
    func contentLength() throws {
        let server = try ServerProcess()
        for value in ["x", "-1", "+1", "1 2", "1,2", "0x10", "1.0", "", "99999999999999999999999", "２"] {
            try expectRefused("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(value)\r\n\r\n[]", by: server)
        }
        let twoLengths = "Content-Length: 2\r\nContent-Length: 3"
        try expectRefused("POST /predict HTTP/1.1\r\nHost: a\r\n\(twoLengths)\r\n\r\n[]", by: server)
    }

    @Test("Content-Length beside Transfer-Encoding is 400", .proves("C2.2", "T9"))
    func contentLengthBesideTransferEncoding() throws {
        let server = try ServerProcess()
        for coding in ["chunked", "", "identity", "gzip, chunked"] {
            let fields = ["Content-Length: 5", "Transfer-Encoding: \(coding)"]
            for fields in [fields, fields.reversed()] {
                let head = "POST /predict HTTP/1.1\r\nHost: a\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n"
                try expectRefused(head + "2\r\n[]\r\n0\r\n\r\n" + Self.next, by: server)
            }
        }
    }

    @Test(
        "a Transfer-Encoding that is not one chunked is 400, and nothing after it is taken for a request",
        .proves("C2.2", "T10"))
    func transferEncoding() throws {
        let server = try ServerProcess()
        let values = [
            "", " ", ",", "gzip", "identity", "chunked, gzip", "xchunked", "gzip, chunked", "identity, chunked",
            "chunked, chunked", "chunked;a=b", "chunked\r\nTransfer-Encoding: chunked",
            "gzip\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding:", "\r\nTransfer-Encoding: chunked",
        ]
        for path in ["/predict", "/health"] {
            for value in values {
                let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(value)\r\n\r\n"
                try expectRefused(head + "2\r\n[]\r\n0\r\n\r\n" + Self.next, by: server)
            }
        }
    }

    @Test("a bad chunk size is 400", .proves("C2.2"))
    func chunkSize() throws {
        let server = try ServerProcess()
        let sizes = ["z\r\n", "-1\r\n", "0x2\r\n", "\r\n", " 2\r\n", "fffffffffffffffff\r\n", "2 2\r\n"]
        for size in sizes { try expectRefused(Self.chunked + size, by: server) }
        for size in ["2;\r\n", "2;=a\r\n", "2;a=\r\n", "2;a=\"b\r\n", "2;a b\r\n", "2;a\u{1}\r\n", "2\n", "2 ;a\r\n"] {
            try expectRefused(Self.chunked + size, by: server)
        }
        // A chunk that is longer than its size says.
        try expectRefused(Self.chunked + "1\r\n[]\r\n0\r\n\r\n", by: server)
        try expectRefused(Self.chunked + "2\r\n[]0\r\n\r\n", by: server)
    }

    @Test("a length among the trailers is 400")
    func lengthInTrailers() throws {
        let server = try ServerProcess()
        for field in ["Content-Length: 2", "transfer-encoding: chunked", "No colon"] {
            try expectRefused(Self.chunked + "2\r\n[]\r\n0\r\n\(field)\r\n\r\n" + Self.next, by: server)
        }
    }

    @Test("an error in a body gets the request's own id")
    func faultInBody() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        try connection.send("POST", "/predict", headers: ["Transfer-Encoding: chunked", "X-Request-Id: mine"])
        try connection.send("z\r\n")
        let response = try connection.response()
        try TransportChecks.expectError(response, 400)
        #expect(response["X-Request-Id"] == "mine")
    }

    @Test("malformed HTTP reaches a client that is still sending, without a reset")
    func stillSending() throws {
        let server = try ServerProcess()
        for start in ["nonsense\r\n\r\n", Self.chunked + "z\r\n"] {
            let connection = try server.connect()
            try connection.send(start)
            try connection.send([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20))
            try TransportChecks.expectError(try connection.response(), 400)
            #expect(try connection.readToEnd() == "")
        }
    }

    @Test("a request whose head did not parse writes nothing to the scoring log", .proves("C3.4"))
    func log() throws {
        let server = try ServerProcess()
        try expectRefused("POST /predict HTTP/9\r\n\r\n", by: server)
        try expectRefused(Self.chunked + "z\r\n", by: server)
        #expect(try server.stop() == 0)
        let lines = server.log.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""POST /predict HTTP/1.1" 400 "#) == true)
    }
}
