import Dispatch
import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A real `redis-server` of a test's own, without persistence, on a free port of the loopback.
final class RedisServer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    private let arguments: [String]
    private var process: Process

    private init(port: Int, arguments: [String], process: Process) {
        self.port = port
        self.arguments = arguments
        self.process = process
    }

    /// Runs `body` with a server that accepts connections, and ends it whatever happens.
    static func with(arguments: [String] = [], body: (RedisServer) async throws -> Void) async throws {
        let server = try await start(arguments: arguments)
        defer { server.kill() }
        try await body(server)
    }

    /// Another process may take a free port before the server does, hence more than one attempt.
    private static func start(arguments: [String]) async throws -> RedisServer {
        for _ in 0..<5 {
            let port = try await freePort()
            if let process = try await launch(port: port, arguments: arguments) {
                return RedisServer(port: port, arguments: arguments, process: process)
            }
        }
        throw Failure(description: "redis-server does not start")
    }

    static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port
        try await channel.close().get()
        return port ?? 0
    }

    /// Returns when the server says that it accepts connections; nil if it has ended instead.
    private static func launch(port: Int, arguments: [String]) async throws -> Process? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            + ["--dir", NSTemporaryDirectory(), "--enable-debug-command", "yes"] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let isUp = await withCheckedContinuation { continuation in
            let handle = output.fileHandleForReading
            DispatchQueue.global().async {
                var text = ""
                while !text.contains("Ready to accept connections") {
                    let data = handle.availableData
                    if data.isEmpty { return continuation.resume(returning: false) }
                    text += String(decoding: data, as: UTF8.self)
                }
                continuation.resume(returning: true)
                while !handle.availableData.isEmpty {}
            }
        }
        if isUp { return process }
        process.waitUntilExit()
        return nil
    }

    func restart() async throws {
        kill()
        guard let process = try await Self.launch(port: port, arguments: arguments) else {
            throw Failure(description: "redis-server does not start again on port \(port)")
        }
        self.process = process
    }

    func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    func freeze() {
        signal(SIGSTOP)
    }

    func thaw() {
        signal(SIGCONT)
    }

    private func signal(_ number: Int32) {
        if process.isRunning { sendSignal(process.processIdentifier, number) }
    }

    /// Runs `redis-cli` and returns what it prints.
    @discardableResult
    func command(_ arguments: String...) throws -> String {
        try Self.command(arguments, port: port)
    }

    /// The same on another thread, for a command that takes its time.
    static func commandInBackground(_ arguments: String..., port: Int) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try command(arguments, port: port) })
            }
        }
    }

    private static func command(_ arguments: [String], port: Int) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

/// The C function, which the method of the same name hides inside the type.
private func sendSignal(_ process: pid_t, _ number: Int32) {
    _ = kill(process, number)
}
