import Foundation
import Synchronization
import TestSupport
import Testing

/// The server's shutdown as its clients see it, without the delay that a cluster's load balancers need.
@Suite struct ShutdownTests {
    private func start(_ arguments: [String] = []) throws -> ServerProcess {
        try ServerProcess(arguments, environment: ["DRAIN_DELAY_SECONDS": "0"])
    }

    @Test("SIGTERM closes idle keep-alive connections and ends with exit code 0", .proves("C5.18"))
    func idle() throws {
        let server = try start()
        let silent = try server.connect()
        let used = try server.connect()
        try used.send("GET", "/health")
        #expect(try used.response().status == 200)
        #expect(try server.stop() == 0)
        #expect(try used.readToEnd() == "")
        #expect(try silent.readToEnd() == "")
    }

    @Test("a server that gets SIGTERM as soon as it logs that it listens ends with exit code 0")
    func atOnce() throws {
        for _ in 1...5 { #expect(try start().stop() == 0) }
    }

    @Test("a client that keeps its end of an idle connection open does not delay the shutdown")
    func idleClientThatNeverCloses() throws {
        let server = try start()
        let idle = try server.connect()
        try idle.send("GET", "/health")
        #expect(try idle.response().status == 200)
        let started = Date()
        #expect(try server.stop() == 0)
        // SHUTDOWN_GRACE_SECONDS is for requests, and there is none.
        #expect(Date().timeIntervalSince(started) < 15)
        withExtendedLifetime(idle) {}
    }

    @Test("a client that was rejected in mid-request, and keeps its end open, does not delay the shutdown")
    func refusedClientThatNeverCloses() throws {
        let server = try start()
        let refused = try ["Transfer-Encoding: chunked\r\n\r\nz\r\n", "Content-Length: 99999999\r\n\r\n["].map { rest in
            let connection = try server.connect()
            try connection.send("POST /predict HTTP/1.1\r\nHost: a\r\n\(rest)")
            return connection
        }
        #expect(try refused.map { try $0.response().status } == [400, 413])
        let started = Date()
        #expect(try server.stop() == 0)
        #expect(Date().timeIntervalSince(started) < 15)
        withExtendedLifetime(refused) {}
    }

    @Test("requests in flight at SIGTERM get responses, with Connection: close, and are logged", .proves("C5.18"))
    func inFlight() throws {
        let server = try start(["--event-loops", "1"])
        let body = Array(ServerProcess.sample.utf8)
        let probe = try server.connect()
        let connections = try (0..<4).map { _ in try server.connect() }
        for connection in connections {
            try connection.send("POST", "/predict", headers: ["Expect: 100-continue", "Content-Length: \(body.count)"])
            #expect(try connection.response().status == 100)
        }
        server.signal(SIGTERM)
        // Now the shutdown has begun: a connection without a request under way is closed, or its response says so.
        let health = Array("GET /health HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        while let response = probe.responseIfOpen(to: health), response["Connection"] == "keep-alive" {}
        for connection in connections {
            try connection.send(body)
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response["Connection"] == "close")
            #expect(try connection.readToEnd() == "")
        }
        #expect(try server.waitForExit() == 0)
        #expect(server.log.components(separatedBy: "Prediction took").count - 1 == connections.count)
    }

    @Test("requests that wait for the cache at SIGTERM get their responses")
    func waitingForTheCache() throws {
        let redis = try RedisProcess()
        let server = try start(["--cache-url", redis.url, "--cache-deadline-ms", "1000"])
        #expect(try server.predict(ServerProcess.sample).status == 200)
        redis.signal(SIGSTOP)
        let connection = try server.connect()
        let body = ServerProcess.sample
        let predict = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        // One write: once the first of them has its response, the others are in flight.
        try connection.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + predict + predict + predict)
        #expect(try connection.response().status == 200)
        server.signal(SIGTERM)
        for _ in 1...3 { #expect(try connection.response().status == 200) }
        #expect(try connection.readToEnd() == "")
        #expect(try server.waitForExit() == 0)
        #expect(server.log.components(separatedBy: "Prediction took").count - 1 == 4)
    }

    @Test(
        "under load, SIGTERM loses no response that the log records, and nothing of the log", .proves("C1.37", "T36"),
        arguments: 1...3)
    func underLoad(_ round: Int) throws {
        let server = try start()
        let port = server.port
        let answered = Mutex(0)
        let connected = DispatchSemaphore(value: 0)
        let clients = DispatchGroup()
        for _ in 1...8 {
            let thread = Thread {
                defer { clients.leave() }
                guard let connection = try? Connection(port: port) else { return }
                connected.signal()
                let body = ServerProcess.sample
                let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                let request = Array("\(head)\(body)".utf8)
                // The end comes between requests, or in the middle of a request that was begun after it.
                while connection.responseIfOpen(to: request)?.status == 200 { answered.withLock { $0 += 1 } }
            }
            clients.enter()
            thread.start()
        }
        for _ in 1...8 { try #require(connected.wait(timeout: .now() + 30) == .success) }
        try server.waitForLog("Prediction took", count: 50)
        #expect(try server.stop() == 0)
        clients.wait()
        let text = server.log
        #expect(text.hasSuffix(" ms\n"))
        #expect(text.components(separatedBy: "Prediction took").count - 1 == answered.withLock { $0 })
        #expect(text.components(separatedBy: "\n").count - 1 == 3 * answered.withLock { $0 })
    }

    @Test(
        "connections that come while the listener closes get Connection: close or are refused, never reset",
        .proves("C5.18"))
    func newConnections() throws {
        let server = try start(["--event-loops", "2"])
        let port = server.port
        let answers = Mutex<[String: Int]>([:])
        let clients = DispatchGroup()
        for _ in 1...16 {
            let thread = Thread {
                defer { clients.leave() }
                // The listener is gone when no client can connect any more.
                while let connection = Connection(ifOpen: port) {
                    let response = connection.responseIfOpen(to: Array("GET /test HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                    let end = response.map { $0["Connection"] ?? "\($0.status)" } ?? "none"
                    answers.withLock { $0[end, default: 0] += 1 }
                    if response == nil { return }
                }
            }
            clients.enter()
            thread.start()
        }
        try server.waitForLog("Prediction took", count: 200)
        #expect(try server.stop() == 0)
        clients.wait()
        #expect(answers.withLock { $0["none"] } == nil, "\(answers.withLock { $0 })")
        #expect(answers.withLock { $0["close"] ?? 0 } > 0 && answers.withLock { $0["keep-alive"] ?? 0 } > 0)
    }

    @Test("SIGTERM loses nothing of the log", .proves("C5.18"))
    func log() throws {
        let server = try start()
        let connection = try server.connect()
        let count = 500
        for index in 0..<count {
            let body = Array("[\(ServerProcess.record())]".utf8)
            try connection.send("POST", "/predict", headers: ["X-Request-Id: call-\(index)"], body: body)
        }
        for _ in 0..<count { #expect(try connection.response().status == 200) }
        #expect(try server.stop() == 0)
        let ids = server.log.split(separator: "\n").filter { $0.hasPrefix("X-Ms-Request-Id: ") }
        #expect(ids == (0..<count).map { "X-Ms-Request-Id: call-\($0)" })
    }
}
