import Foundation
import TestSupport
import Testing

/// A server whose stderr is never read.
@Suite struct UnreadMessagesTests {
    private let messages: LogFIFO
    private let port: Int
    private let child: ChildProcess

    /// Starts it with a full pipe as stderr, and waits until it responds.
    init() throws {
        let messages = try LogFIFO()
        try messages.fill()
        let port = try RedisProcess.freePort()
        let script = #"messages=$1; shift; exec "$0" "$@" 2>"$messages""#
        let flags = ["--port", "\(port)", "--cache-url", "off", "--log-level", "debug", "--drain-delay-seconds"]
        child = try ChildProcess("sh", ["-c", script, ServerProcess.binary.path, messages.path] + flags + ["3600"])
        (self.messages, self.port) = (messages, port)
        try Lifecycle.wait("it answers") {
            guard let connection = Connection(ifOpen: port) else { return false }
            return connection.responseIfOpen(to: Array("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))?.status == 200
        }
    }

    private func expectAnswer() throws {
        let connection = try Connection(port: port)
        try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
        #expect(try connection.response().status == 200)
    }

    @Test("it responds, reloads and ends, however many messages it has, and logs how many it dropped once it can")
    func answers() throws {
        // A connection that fails is a message at this level.
        for _ in 0..<1500 {
            let connection = try Connection(port: port)
            try connection.send("GET /livez HTTP/1.1\r\n")
            connection.reset()
        }
        child.signal(SIGHUP)
        try expectAnswer()
        try messages.read(until: "messages were dropped meanwhile")
        child.signal(SIGINT)
        #expect(try child.waitForExit(seconds: 15) == 0)
    }

    @Test("a second SIGTERM ends it at once, even in the delay")
    func ends() throws {
        try expectAnswer()
        child.signal(SIGTERM)
        try Lifecycle.wait("it is stopping") {
            let connection = try Connection(port: port)
            try connection.send("GET", "/readyz")
            return try connection.response().status == 503
        }
        child.signal(SIGTERM)
        #expect(try child.waitForExit(seconds: 15) == 128 + SIGTERM)
    }
}
