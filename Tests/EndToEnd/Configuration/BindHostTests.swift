import Foundation
import TestSupport
import Testing

@testable import Server

/// `BIND_HOST`: one host has one or several addresses; the server listens on all of them or none, and logs which.
@Suite struct BindHostTests {
    private static let hasIPv6 =
        FileManager.default.contents(atPath: "/proc/net/if_inet6")
        .map { String(decoding: $0, as: UTF8.self).contains(" lo\n") } ?? true

    /// Whether a machine without IPv6 can be simulated here, in a network namespace.
    private static let canBeWithoutIPv6 =
        (try? ChildProcess.run("unshare", ["-rn", "sh", "-c", switchIPv6Off + "true"]).exitCode) == 0
    private static let switchIPv6Off =
        "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && "

    private func isServed(_ address: String) throws -> Bool {
        let run = try TransportChecks.curl("--noproxy", "*", "--silent", "--globoff", "http://\(address)/health")
        return run.output == #"{"status":"healthy"}"#
    }

    private func expectStart(_ server: ServerProcess, _ urls: String) throws {
        let line = try server.waitForMessage("Bungalow listens on")
        #expect(line.hasSuffix("Bungalow listens on \(urls)"), "\(line)")
    }

    @Test("by default, and as localhost, both loopback addresses have the port", .proves("C5.1"), .enabled(if: hasIPv6))
    func localhost() throws {
        for flags in [[], ["--bind-host", "localhost"], ["--bind-host", "LocalHost"]] {
            let server = try ServerProcess(flags)
            let port = server.port
            try expectStart(server, "http://127.0.0.1:\(port) and http://[::1]:\(port)")
            #expect(try isServed("127.0.0.1:\(port)") && isServed("[::1]:\(port)"))
            #expect(try isServed("127.0.0.2:\(port)") == false)
            #expect(try server.stop() == 0)
        }
    }

    @Test("* is every address of the machine, of both families", .proves("C5.1"), .enabled(if: hasIPv6))
    func everything() throws {
        let server = try ServerProcess(["--bind-host", "*"])
        let port = server.port
        try expectStart(server, "http://0.0.0.0:\(port) and http://[::]:\(port)")
        for address in ["127.0.0.1", "127.0.0.2", "[::1]"] { #expect(try isServed("\(address):\(port)"), "\(address)") }
    }

    @Test("one address is one address", .proves("C5.1"), .enabled(if: hasIPv6), arguments: ["127.0.0.1", "::1"])
    func single(host: String) throws {
        let server = try ServerProcess(["--bind-host", host])
        let named = host == "::1" ? "[::1]" : host
        try expectStart(server, "http://\(named):\(server.port)")
        #expect(try isServed("[::1]:\(server.port)") == (host == "::1"))
        #expect(try isServed("127.0.0.1:\(server.port)") == (host == "127.0.0.1"))
    }

    @Test(
        "a port in use on one of a name's addresses is in use: 69, with the address, and a port that is free on all",
        .proves("C5.1", "C5.16"), .enabled(if: hasIPv6), arguments: ["localhost", "*"])
    func oneInUse(host: String) throws {
        for taken in ["127.0.0.1", "::1"] {
            let other = try ServerProcess(["--bind-host", taken])
            let run = try ServerProcess.run(["--bind-host", host, "--port", "\(other.port)", "--cache-url", "off"])
            #expect(run.exitCode == 69 && run.output.isEmpty && !run.error.contains("listens on"), "\(run.error)")
            let line = try #require(run.error.split(separator: "\n").first)
            #expect(line.hasPrefix("Error: port \(other.port) of \(host) is in use ("), "\(line)")
            let command = try #require(line.firstMatch(of: /script\/server --port ([0-9]+)/), "\(line)")
            let next = try ServerProcess(["--bind-host", host, "--port", String(command.output.1)])
            #expect(next.port != other.port)
        }
    }

    @Test("no connection on either address is reset while the server stops", .proves("C5.18"), .enabled(if: hasIPv6))
    func stop() throws {
        let server = try ServerProcess(["--drain-delay-seconds", "1"])
        server.signal(SIGTERM)
        try server.waitForMessage("is stopping")
        #expect(try isServed("127.0.0.1:\(server.port)") && isServed("[::1]:\(server.port)"))
        #expect(try server.waitForExit() == 0)
        #expect(try !isServed("127.0.0.1:\(server.port)") && !isServed("[::1]:\(server.port)"))
    }

    @Test("without IPv6 there is IPv4 alone, and a message says so", .proves("C5.1"), .enabled(if: canBeWithoutIPv6))
    func alone() throws {
        let script = Self.switchIPv6Off + "exec \"$0\" \"$@\""
        let flags = ["--port", "8123", "--cache-url", "off", "--drain-delay-seconds", "0"]
        let server = try ChildProcess("unshare", ["-rn", "sh", "-c", script, ServerProcess.binary.path] + flags)
        _ = try server.standardError.waitForLine(containing: "Bungalow listens on http://127.0.0.1:8123")
        _ = try server.standardError.waitForLine(containing: "IPv4 only: this machine has no IPv6")
        #expect(!server.standardError.text().contains("[::"))
        server.signal(SIGTERM)
        #expect(try server.waitForExit() == 0)
    }
}
