import Foundation
import TestSupport
import Testing

/// Signals that come before the server logs that it listens, and just after its first response.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"))) struct StartSignalTests {
    /// A server that is blocked in the middle of its start, since another process holds the lock of its cache.
    private final class HeldStart {
        let child: ChildProcess
        private let folder: URL
        private let lock: Int32

        init() throws {
            folder = try Lifecycle.folder()
            let cache = folder.appending(path: "cache.sqlite").path
            let held = open("\(cache).lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            lock = held
            try #require(held >= 0 && flock(held, LOCK_EX) == 0)
            let child = try ChildProcess(
                ServerProcess.binary.path,
                ["--port", "0", "--cache-url", "sqlite:\(cache)", "--drain-delay-seconds", "0"])
            self.child = child
            let descriptors = "/proc/\(child.processID)/fd"
            try Lifecycle.wait("it waits for the lock") {
                let open = (try? FileManager.default.contentsOfDirectory(atPath: descriptors)) ?? []
                return open.contains {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\($0)"))
                        == "\(cache).lock"
                }
            }
        }

        deinit {
            close(lock)
            try? FileManager.default.removeItem(at: folder)
        }

        func signal(_ number: Int32) { kill(child.processID, number) }

        func letGo() { flock(lock, LOCK_UN) }
    }

    @Test(
        "a SIGHUP during start-up ends nothing, and makes the server read its files again once it serves",
        .proves("C5.20"))
    func reload() throws {
        let start = try HeldStart()
        start.signal(SIGHUP)
        start.letGo()
        _ = try start.child.standardError.waitForLine(containing: "Bungalow listens on")
        try Lifecycle.wait("the model is read again") {
            start.child.standardError.text().components(separatedBy: "model: version").count == 3
        }
        start.signal(SIGTERM)
        #expect(try start.child.waitForExit() == 0)
    }

    @Test(
        "SIGTERM and SIGINT during start-up end the server at once, with exit code 0", .proves("C5.20"),
        arguments: [2, 15])
    func stop(_ signal: Int32) throws {
        let start = try HeldStart()
        start.signal(signal)
        // The lock is still held, so the start was not completed first.
        #expect(try start.child.waitForExit() == 0)
        #expect(!start.child.standardError.text().contains("listens on"))
    }

    @Test(
        "after its first response SIGTERM resets no client; a second one ends it", .proves("T37"), arguments: 0..<20)
    func stopAtOnce(_ start: Int) throws {
        let port = try RedisProcess.freePort()
        let child = try ChildProcess(
            ServerProcess.binary.path, ["--port", "\(port)", "--cache-url", "off", "--drain-delay-seconds", "3600"])
        func readiness() throws -> Int? {
            guard let connection = Connection(ifOpen: port) else { return nil }
            try connection.send("GET", "/readyz")
            return try connection.response().status
        }
        try Lifecycle.wait("it answers") { try readiness() == 200 }
        child.signal(SIGTERM)
        try Lifecycle.wait("it is stopping") { try #require(try readiness(), "it does not listen any more") == 503 }
        child.signal(SIGTERM)
        #expect(try child.waitForExit(seconds: 15) == 128 + SIGTERM)
    }
}
