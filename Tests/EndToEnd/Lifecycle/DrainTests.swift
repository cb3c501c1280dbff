import Foundation
import TestSupport
import Testing

/// A server's shutdown in its order: readiness, the delay, the listener, requests under way, idle connections, the log.
@Suite struct DrainTests {
    private let body = Array(ServerProcess.sample.utf8)

    private func blocks(_ server: ServerProcess) throws -> Int { try StrictLog(server.log).scored.count }

    @Test(
        "readiness falls at once; during the delay the server still accepts and responds, with Connection: close",
        .proves("C4.5", "C5.14", "C5.18"))
    func delay() throws {
        let delay = 4.0
        let server = try ServerProcess(["--drain-delay-seconds", "4"])
        let open = try server.connect()
        try open.send("GET", "/readyz")
        #expect(try open.response().status == 200)
        let started = Date()
        server.signal(SIGTERM)
        try server.waitForMessage("is stopping")
        try Lifecycle.wait("readiness falls") { try server.call("GET", "/readyz").status == 503 }
        #expect(Date().timeIntervalSince(started) < delay)

        for (method, path) in [("GET", "/readyz"), ("GET", "/livez"), ("GET", "/metrics"), ("POST", "/predict")] {
            let connection = try server.connect()
            try connection.send(method, path, body: path == "/predict" ? body : nil)
            let response = try connection.response()
            #expect(response.status == (path == "/readyz" ? 503 : 200))
            #expect(response["Connection"] == "close")
            #expect(try connection.readToEnd() == "")
        }
        try open.send("POST", "/predict", body: body)
        let response = try open.response()
        #expect(response.status == 200 && response["Connection"] == "close")
        #expect(try open.readToEnd() == "")

        try server.waitUntilRefused()
        #expect(Date().timeIntervalSince(started) >= delay - 0.1)
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == 2)
    }

    @Test(
        "then the listener closes, requests on open connections still get responses, idle connections close last",
        .proves("C5.18"))
    func order() throws {
        let server = try ServerProcess()
        let idle = try server.connect()
        let used = try server.connect()
        for connection in [idle, used] {
            try connection.send("GET", "/health")
            #expect(try connection.response()["Connection"] == "keep-alive")
        }
        let underWay = try server.beginCalls(2, body)
        server.signal(SIGTERM)
        try server.waitUntilRefused()

        try used.send("POST", "/predict", body: body)
        let late = try used.response()
        #expect(late.status == 200 && late["Connection"] == "close")
        var nothing = pollfd(fd: idle.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&nothing, 1, 0) == 0, "an idle connection has ended before calls under way have")
        for connection in underWay {
            try connection.send(body)
            let response = try connection.response()
            #expect(response.status == 200 && response["Connection"] == "close")
        }
        #expect(try idle.readToEnd() == "")
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == 3)
        #expect(server.messages.contains("Bungalow has stopped"))
    }

    @Test(
        "requests to a slow model that are under way at SIGTERM finish within the grace time and are in the log",
        .proves("C5.14", "C5.18"))
    func slowModel() throws {
        let server = try ServerProcess(["--synthetic-sleep-ms", "1500", "--synthetic-busy-ms", "5"])
        let connections = try (0..<6).map { _ in try server.connect() }
        for connection in connections { try connection.send("POST", "/predict", body: body) }
        try Lifecycle.wait("in flight") { try server.metric("bungalow_in_flight_requests") == 6 }
        server.signal(SIGTERM)
        for connection in connections {
            #expect(try connection.response().status == 200)
            #expect(try connection.readToEnd() == "")
        }
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == connections.count)
    }

    @Test("requests that wait in the admission queue at SIGTERM get their responses too", .proves("C5.18"))
    func queued() throws {
        let server = try ServerProcess([
            "--synthetic-sleep-ms", "500", "--replica-max-concurrent-requests", "1", "--queue-deadline-ms", "60000",
        ])
        let connections = try (0..<4).map { _ in try server.connect() }
        for connection in connections { try connection.send("POST", "/predict", body: body) }
        try Lifecycle.wait("queued") { try server.metric("bungalow_queued_requests") == 3 }
        server.signal(SIGTERM)
        for connection in connections { #expect(try connection.response().status == 200) }
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == connections.count)
    }

    @Test(
        "when the grace time is over, all connections are closed, and the exit code is 0",
        .proves("C5.14", "C5.18"),
        arguments: ["--synthetic-sleep-ms", "--synthetic-busy-ms"])
    func graceIsOver(_ cost: String) throws {
        let server = try ServerProcess(["--shutdown-grace-seconds", "1", cost, "600000"])
        let (running, waiting) = (try server.connect(), try server.beginCalls(1, body)[0])
        try running.send("POST", "/predict", body: body)
        try Lifecycle.wait("in flight") { try server.metric("bungalow_in_flight_requests") == 1 }
        server.signal(SIGTERM)
        #expect(try running.readToEnd() == "")
        #expect(try waiting.readToEnd() == "")
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == 0)
        #expect(server.messages.contains("Bungalow has stopped"))
    }

    @Test("stopping takes at most delay and grace, although a request is under way and the log is not read")
    func wholeEnd() throws {
        let log = try LogFIFO()
        let server = try ServerProcess(
            ["--shutdown-grace-seconds", "4", "--synthetic-sleep-ms", "600000", "--cache-url", "off"], logTo: log.path)
        try log.fill()
        let (idle, running) = (try server.connect(), try server.connect())
        // A rejected request, whose line does not fit into the log.
        #expect(try server.predict("[]").status == 422)
        try running.send("POST", "/predict", body: body)
        try Lifecycle.wait("in flight") { try server.metric("bungalow_in_flight_requests") == 1 }
        let started = Date()
        #expect(try server.stop() == 0)
        // Four seconds, and as many again for a machine that is busy with other tests.
        #expect(Date().timeIntervalSince(started) < 8)
        withExtendedLifetime(idle) {}
    }

    @Test("SIGINT (Ctrl-C) skips the delay, and requests under way still get their responses", .proves("C5.19"))
    func interrupt() throws {
        let server = try ServerProcess(["--drain-delay-seconds", "3600"])
        let underWay = try server.beginCalls(1, body)[0]
        server.signal(SIGINT)
        try server.waitUntilRefused()
        try underWay.send(body)
        #expect(try underWay.response().status == 200)
        #expect(try server.waitForExit() == 0)
        #expect(try blocks(server) == 1)
    }

    @Test(
        "a second signal exits at once, in the delay and in the grace time", .proves("C5.19"),
        arguments: [SIGTERM, SIGINT])
    func secondSignal(_ second: Int32) throws {
        let delaying = try ServerProcess(["--drain-delay-seconds", "3600"])
        delaying.signal(SIGTERM)
        try delaying.waitForMessage("is stopping")
        delaying.signal(second)
        #expect(try delaying.waitForExit() == 128 + second)

        let waiting = try ServerProcess(["--shutdown-grace-seconds", "3600"])
        let underWay = try waiting.beginCalls(1, body)[0]
        waiting.signal(SIGINT)
        try waiting.waitUntilRefused()
        waiting.signal(second)
        #expect(try waiting.waitForExit() == 128 + second)
        withExtendedLifetime(underWay) {}
    }

    @Test(
        "a stopping server that has the embedded cache writes what is queued, and closes the cache last",
        .proves("C5.18"))
    func cacheGoesLast() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = ["--cache-url", "sqlite:\(folder.path)/cache.sqlite", "--cache-deadline-ms", "5000"]
        let first = try ServerProcess(arguments)
        let underWay = try first.beginCalls(1, body)[0]
        first.signal(SIGTERM)
        try first.waitUntilRefused()
        try underWay.send(body)
        #expect(try underWay.response()["X-Cache"] == "MISS")
        #expect(try first.waitForExit() == 0)
        #expect(try ServerProcess(arguments).predict(ServerProcess.sample)["X-Cache"] == "HIT")
    }
}
