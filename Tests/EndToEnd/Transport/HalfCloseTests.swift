import Foundation
import TestSupport
import Testing

/// A client that has ended its side, at a valid point or in the middle of a request.
@Suite struct HalfCloseTests {
    @Test(
        "a half-closed client gets its responses, also several pipelined ones, and then the end", .proves("C2.12"))
    func pipelined() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        for _ in 1...5 {
            try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
            try connection.send("GET", "/health")
        }
        connection.endSending()
        for _ in 1...10 { #expect(try connection.response().status == 200) }
        #expect(try connection.readToEnd() == "")
    }

    @Test("a half-closed client gets the responses to requests that are still under way", .proves("C2.12"))
    func slowCalls() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url, "--cache-deadline-ms", "300"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        redis.signal(SIGSTOP)
        let connection = try server.connect()
        for _ in 1...3 { try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8)) }
        connection.endSending()
        for _ in 1...3 { #expect(try connection.response().status == 200) }
        #expect(try connection.readToEnd() == "")
    }

    @Test("a half-closed client that reads slowly gets large responses completely")
    func slowReader() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        connection.shrinkReceiveBuffer()
        let body = Array(TransportChecks.manyFailures.utf8)
        let count = 700
        for _ in 1...count { try connection.send("POST", "/predict", body: body) }
        connection.endSending()
        // The server is busy elsewhere meanwhile, and other responses do not wait for the slow reader.
        #expect(try server.predict(ServerProcess.sample).status == 200)
        let first = try connection.response()
        #expect(first.status == 422)
        #expect(first.body.count > 5000)
        for _ in 2...count {
            let response = try connection.response()
            #expect(response.status == 422)
            #expect(response.body == first.body)
        }
        #expect(try connection.readToEnd() == "")
    }

    @Test("a client that ends without a request gets no response, and the connection closes")
    func nothingBegun() throws {
        let server = try ServerProcess()
        let silent = try server.connect()
        silent.endSending()
        #expect(try silent.readToEnd() == "")
        let idle = try server.connect()
        try idle.send("GET", "/health")
        #expect(try idle.response().status == 200)
        idle.endSending()
        #expect(try idle.readToEnd() == "")
    }

    @Test(
        "an end in the middle of a request is 400 for it, and earlier responses are kept",
        arguments: [
            "POST /pre", "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Le",
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n[{",
            "POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{",
            "POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        ])
    func endInTheMiddle(part: String) throws {
        let server = try ServerProcess()
        for earlier in [0, 2] {
            let connection = try server.connect()
            for _ in 0..<earlier { try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8)) }
            try connection.send(part)
            connection.endSending()
            for _ in 0..<earlier { #expect(try connection.response().status == 200) }
            let response = try connection.response()
            try TransportChecks.expectError(response, 400)
            #expect(response.text.contains("Malformed HTTP request: the connection ended within the "))
            #expect(response["Connection"] == "close")
            #expect(try connection.readToEnd() == "")
        }
    }
}
