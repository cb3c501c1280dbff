import Foundation
import Synchronization
import Testing

/// What tests of a server's lifecycle share: files that change, and conditions to wait for.
enum Lifecycle {
    /// A folder of its own for a test's files.
    static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// The text of the built-in model file, and of another one.
    static func models() throws -> (builtIn: String, other: String) {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources")
        let other = try #require(
            Bundle.module.url(forResource: "other-model", withExtension: "json", subdirectory: "Vectors"))
        return (
            try String(contentsOf: sources.appending(path: "Model/Resources/housing-model.json"), encoding: .utf8),
            try String(contentsOf: other, encoding: .utf8)
        )
    }

    /// Waits until a condition holds.
    static func wait(
        seconds: Double = 30, _ comment: Comment, at location: SourceLocation = #_sourceLocation,
        until isSo: () throws -> Bool
    ) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try !isSo() {
            try #require(Date() < deadline, "timed out: \(comment)", sourceLocation: location)
            usleep(2_000)
        }
    }
}

extension ServerProcess {
    /// The value of one series of `/metrics`.
    func metric(_ series: String) throws -> Double {
        let text = try call("GET", "/metrics").text
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(series) ") }, "\(series): \(text)")
        return try #require(Double(line.dropFirst(series.count + 1)))
    }

    /// `/version`.
    func version() throws -> [String: Any] { try call("GET", "/version").json() }

    /// How many messages have the text.
    func count(ofMessages part: String) -> Int {
        messages.split(separator: "\n").count { $0.contains(part) }
    }

    /// Makes the server read its files again, and waits until it has logged that once more.
    ///
    /// - Returns: the last message with the text.
    @discardableResult
    func reload(saying part: String) throws -> String {
        let before = count(ofMessages: part)
        signal(SIGHUP)
        try Lifecycle.wait("\(part)") { count(ofMessages: part) > before && messages.hasSuffix("\n") }
        return String(try #require(messages.split(separator: "\n").last { $0.contains(part) }))
    }

    /// Starts requests that each stay under way until their body is sent.
    func beginCalls(_ count: Int, _ body: [UInt8]) throws -> [Connection] {
        try (0..<count).map { _ in
            let connection = try connect()
            try connection.send("POST", "/predict", headers: ["Expect: 100-continue", "Content-Length: \(body.count)"])
            #expect(try connection.response().status == 100)
            return connection
        }
    }

    /// Waits until the server does not listen any more.
    func waitUntilRefused() throws {
        try Lifecycle.wait("the listener is closed") { !accepts() }
    }

    /// Whether a connection can be opened.
    private func accepts() -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// Clients that send requests without a pause, each on a connection of its own, until the test ends them.
final class Load: Sendable {
    private let isOver = Atomic(false)
    private let clients = DispatchGroup()
    private let problems = Mutex<[String]>([])
    private let answered = Atomic(0)

    /// Starts the clients.
    ///
    /// - Parameters:
    ///   - request: the bytes of a client's next request, by the client's number and the request's.
    ///   - check: checks a response; what it returns is a problem.
    init(
        _ server: ServerProcess, clients count: Int = 3,
        request: @escaping @Sendable (_ client: Int, _ call: Int) -> [UInt8],
        check: @escaping @Sendable (_ client: Int, Response) -> String?
    ) {
        let port = server.port
        for client in 0..<count {
            let thread = Thread { [self] in
                defer { clients.leave() }
                guard let connection = try? Connection(port: port) else {
                    return fail("client \(client) cannot connect")
                }
                var call = 0
                while !isOver.load(ordering: .relaxed) {
                    guard let response = connection.responseIfOpen(to: request(client, call)) else {
                        return fail("client \(client), call \(call): no answer")
                    }
                    if let problem = check(client, response) { return fail(problem) }
                    answered.add(1, ordering: .relaxed)
                    call += 1
                }
            }
            clients.enter()
            thread.start()
        }
    }

    private func fail(_ problem: String) { problems.withLock { $0.append(problem) } }

    /// Waits until `count` more responses have arrived.
    func waitForCalls(_ count: Int) throws {
        let goal = answered.load(ordering: .relaxed) + count
        try Lifecycle.wait("\(count) more requests; problems: \(problems.withLock { $0 })") {
            answered.load(ordering: .relaxed) >= goal || !problems.withLock { $0.isEmpty }
        }
        #expect(problems.withLock { $0 } == [])
    }

    /// Ends the clients; fails if there was a problem.
    func end() {
        isOver.store(true, ordering: .relaxed)
        clients.wait()
        #expect(problems.withLock { $0 } == [])
    }

    /// `POST /predict` as bytes.
    static func predict(_ body: String, headers: [String] = []) -> [UInt8] {
        let head = ["POST /predict HTTP/1.1", "Host: test", "Content-Length: \(body.utf8.count)"] + headers
        return Array("\(head.joined(separator: "\r\n"))\r\n\r\n\(body)".utf8)
    }
}
