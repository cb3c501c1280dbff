import Foundation
import Testing

/// A real redis-server on a free port, without files, ended when the test lets go of it.
final class RedisProcess {
    let port: Int
    private var child: ChildProcess?
    private let arguments: [String]

    /// Starts a server.
    ///
    /// - Parameter arguments: more of redis-server's own.
    init(_ arguments: [String] = []) throws {
        port = try Self.freePort()
        self.arguments = arguments
        try start()
    }

    deinit { if child != nil { signal(SIGCONT) } }

    /// Starts it again on the same port after `kill()`.
    func start() throws {
        let arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        ]
        child = try ChildProcess(URL(filePath: "/usr/bin/env"), arguments + self.arguments)
        let started = try #require(child)
        try started.standardOutput.wait { $0.contains("Ready to accept connections") }
    }

    /// The URL for `CACHE_URL`.
    var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends it without a word, as a crash would.
    func kill() throws {
        signal(SIGKILL)
        _ = try child?.waitForExit()
        child = nil
    }

    /// Sends a signal: SIGSTOP freezes it, SIGCONT lets it go on.
    func signal(_ number: Int32) {
        if let child { Foundation.kill(child.processID, number) }
    }

    /// Runs redis-cli.
    ///
    /// - Returns: its output without the final line break.
    func cli(_ arguments: String...) throws -> String {
        let cli = try ChildProcess(URL(filePath: "/usr/bin/env"), ["redis-cli", "-p", "\(port)"] + arguments)
        _ = try cli.waitForExit()
        return cli.standardOutput.text().trimmingCharacters(in: .newlines)
    }

    /// A port that nobody listens on at this moment.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try #require(bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0)
            }
            return Int(in_port_t(bigEndian: pointer.pointee.sin_port))
        }
    }
}
