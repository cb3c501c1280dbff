import Foundation
import Synchronization

/// A real redis-server on a free port, without files, ended when the test releases it.
package final class RedisProcess {
    package let port: Int
    private var child: ChildProcess?
    private let arguments: [String]

    /// Starts a server.
    ///
    /// - Parameter arguments: further options of redis-server.
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

    /// Kills it without notice, like a crash.
    package func kill() throws {
        signal(SIGKILL)
        _ = try child?.waitForExit()
        child = nil
    }

    /// Sends a signal: SIGSTOP freezes it, SIGCONT lets it continue.
    package func signal(_ number: Int32) { child?.signal(number) }

    /// Runs redis-cli.
    ///
    /// - Returns: its output without the final line break.
    @discardableResult
    package func cli(_ arguments: String...) throws -> String { try cli(arguments) }

    /// Runs redis-cli.
    ///
    /// - Returns: its output without the final line break.
    @discardableResult
    package func cli(_ arguments: [String]) throws -> String { try Self.cli(port: port, arguments) }

    /// Runs redis-cli on the server at a port.
    package static func cli(port: Int, _ arguments: [String]) throws -> String {
        try ChildProcess.run("redis-cli", ["-p", "\(port)"] + arguments).output.trimmingCharacters(in: .newlines)
    }

    /// A port that is not in use now, and that neither the kernel nor another test will assign.
    package static func freePort() throws -> Int {
        for _ in 0..<lentPorts.count {
            let offset = portsLent.wrappingAdd(1, ordering: .relaxed).oldValue
            let port = lentPorts.lowerBound + (firstOffset + offset) % lentPorts.count
            if canBind(port) { return port }
        }
        throw ChildProcess.Failure("no free port in \(lentPorts)")
    }

    /// Below those that systems assign on request for any port (from 32768 on Linux, 49152 on macOS).
    private static let lentPorts = 20_000..<32_000
    /// Two test runs at the same time begin at different ports.
    private static let firstOffset = Int.random(in: 0..<lentPorts.count)
    private static let portsLent = Atomic(0)

    private static func canBind(_ port: Int) -> Bool {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
