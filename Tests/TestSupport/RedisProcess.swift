import Foundation

/// A real redis-server on a free port, without files, ended when the test lets go of it.
package final class RedisProcess {
    package let port: Int
    private var child: ChildProcess?
    private let arguments: [String]

    /// Starts a server.
    ///
    /// - Parameter arguments: more of redis-server's own.
    package init(_ arguments: [String] = []) throws {
        port = try Self.freePort()
        self.arguments = arguments
        try start()
    }

    /// Runs `body` with a server, and ends it whatever happens.
    package static func with(arguments: [String] = [], body: (RedisProcess) async throws -> Void) async throws {
        let server = try RedisProcess(arguments)
        defer { withExtendedLifetime(server) {} }
        try await body(server)
    }

    /// Starts it again on the same port after `kill()`.
    package func start() throws {
        let started = try ChildProcess(
            "redis-server",
            ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
                + ["--dir", NSTemporaryDirectory(), "--enable-debug-command", "yes"] + arguments)
        child = started
        try started.standardOutput.wait { $0.contains("Ready to accept connections") }
    }

    /// The URL for `CACHE_URL`.
    package var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends it without a word, as a crash would.
    package func kill() throws {
        signal(SIGKILL)
        _ = try child?.waitForExit()
        child = nil
    }

    /// Sends a signal: SIGSTOP freezes it, SIGCONT lets it go on.
    package func signal(_ number: Int32) { child?.signal(number) }

    /// Runs redis-cli.
    ///
    /// - Returns: its output without the final line break.
    @discardableResult
    package func cli(_ arguments: String...) throws -> String { try Self.cli(port: port, arguments) }

    /// Runs redis-cli on a server that is known by its port.
    package static func cli(port: Int, _ arguments: [String]) throws -> String {
        try ChildProcess.run("redis-cli", ["-p", "\(port)"] + arguments).output.trimmingCharacters(in: .newlines)
    }

    /// A port that nobody listens on at this moment.
    package static func freePort() throws -> Int {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            let bound = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
            guard bound else { throw ChildProcess.Failure("no free port: \(String(cString: strerror(errno)))") }
            return Int(in_port_t(bigEndian: pointer.pointee.sin_port))
        }
    }
}
