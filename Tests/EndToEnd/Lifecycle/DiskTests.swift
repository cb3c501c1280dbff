import Foundation
import Testing

/// Disks and readers that fail while the server runs: calls are answered all the same.
@Suite(.serialized) struct DiskTests {
    private func isServing(_ server: ServerProcess, _ number: Int) throws -> Response {
        let response = try server.predict("[\(ServerProcess.record(medInc: Double(number) + 0.25))]")
        #expect(response.status == 200, "\(response.text)")
        return response
    }

    /// Calls until a look-up finds what an earlier call has stored.
    private func waitForHit(_ server: ServerProcess, _ number: Int) throws {
        try Lifecycle.wait("a HIT") { try isServing(server, number)["X-Cache"] == "HIT" }
    }

    private func serve(_ file: URL) throws -> ServerProcess {
        try ServerProcess(["--cache-url", "sqlite:\(file.path)", "--cache-deadline-ms", "5000"])
    }

    @Test(
        "SQLite on a full disk: calls are answered, it is said once, and HITs return when the disk has room",
        .enabled(if: SmallDisk.canBeMounted, "needs the right to mount a tmpfs"))
    func fullDiskOfTheCache() throws {
        let disk = try SmallDisk(bytes: 2 << 20)
        defer { disk.unmount() }
        let server = try serve(disk.folder.appending(path: "cache.sqlite"))
        try waitForHit(server, 0)
        try disk.fill()
        var number = 1
        try Lifecycle.wait("the disk is full") {
            for _ in 0..<50 {
                _ = try isServing(server, number)
                number += 1
            }
            return server.messages.contains("drops new entries")
        }
        for _ in 0..<50 { _ = try isServing(server, number) }
        #expect(server.count(ofMessages: "drops new entries") == 1, "\(server.messages)")
        try disk.makeRoom()
        try waitForHit(server, number)
        #expect(try server.stop() == 0)
    }

    @Test(
        "SQLite on a disk that is full before the start: the server serves, with one warning or none",
        .enabled(if: SmallDisk.canBeMounted, "needs the right to mount a tmpfs"))
    func fullDiskAtTheStart() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        defer { disk.unmount() }
        try disk.fill()
        let server = try serve(disk.folder.appending(path: "cache.sqlite"))
        for number in 0..<20 { #expect(try isServing(server, number)["X-Cache"] == "BYPASS") }
        #expect(server.count(ofMessages: "warning") == 1, "\(server.messages)")
        #expect(try server.stop() == 0)
    }

    @Test("an SQLite file that another process holds locked: calls are answered, and HITs return with the lock's end")
    func lockedFile() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cache.sqlite")
        let server = try serve(file)
        try waitForHit(server, 0)
        let program = """
            import sqlite3, sys, time
            database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
            database.execute("BEGIN EXCLUSIVE")
            print("locked", flush=True)
            time.sleep(600)
            """
        let other = try ChildProcess(URL(filePath: "/usr/bin/env"), ["python3", "-c", program, file.path])
        _ = try other.standardOutput.waitForLine(containing: "locked")
        var number = 1
        try Lifecycle.wait("the lock is noticed") {
            _ = try isServing(server, number)
            number += 1
            return server.messages.contains("locked")
        }
        // What was stored before can still be read.
        #expect(try isServing(server, 0)["X-Cache"] == "HIT")
        kill(other.processID, SIGKILL)
        _ = try other.waitForExit()
        try waitForHit(server, number)
        #expect(try server.stop() == 0)
    }

    @Test("an SQLite file that is locked before the start, or damaged while the server runs, changes no status")
    func damagedWhileRunning() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cache.sqlite")
        let server = try serve(file)
        for number in 0..<200 { _ = try isServing(server, number) }
        try waitForHit(server, 0)
        for round in 1...2 {
            // In place, as a failing disk does it: the server has this very file open.
            let handle = try FileHandle(forUpdating: file)
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(max(size, 64 << 10))))
            try handle.close()
            try? Data(repeating: 0x5A, count: 64 << 10).write(to: URL(filePath: "\(file.path)-wal"))
            for number in 0..<50 { _ = try isServing(server, round * 1000 + number) }
            try waitForHit(server, round * 1000)
        }
        #expect(try server.stop() == 0)
        #expect(server.messages.contains("damaged"))
        let again = try serve(file)
        for number in 0..<20 { _ = try isServing(again, number) }
    }

    @Test("a stdout whose disk is full moves bungalow_log_lost_total{reason=\"disk_full\"}, and scoring goes on")
    func fullDiskOfTheLog() throws {
        let server = try ServerProcess(logTo: "/dev/full")
        let series = "bungalow_log_lost_total{reason=\"disk_full\"}"
        _ = try isServing(server, 0)
        try server.waitForMessage("scoring log")
        let before = try server.metric(series)
        for number in 1...20 { _ = try isServing(server, number) }
        try Lifecycle.wait("losses are counted") { try server.metric(series) >= before + 20 }
        #expect(try server.metric("bungalow_log_lost_total{reason=\"closed\"}") == 0)
        #expect(try server.stop() == 0)
    }

    @Test("a stdout whose reader has gone moves bungalow_log_lost_total{reason=\"closed\"}, and scoring goes on")
    func closedReader() throws {
        let fifo = try LogFIFO()
        let server = try ServerProcess(logTo: fifo.path)
        _ = try isServing(server, 0)
        let series = "bungalow_log_lost_total{reason=\"closed\"}"
        #expect(try server.metric(series) == 0)
        fifo.close()
        for number in 1...20 { _ = try isServing(server, number) }
        try Lifecycle.wait("losses are counted") { try server.metric(series) >= 20 }
        #expect(try server.metric("bungalow_log_lost_total{reason=\"disk_full\"}") == 0)
        #expect(try server.stop() == 0)
    }

    @Test("a stdout that is closed from the start: scoring goes on, losses are counted, and no client gets the log")
    func closedFromTheStart() throws {
        let port = try RedisProcess.freePort()
        let child = try ChildProcess(
            URL(filePath: "/bin/sh"), ["-c", #"exec "$0" "$@" >&-"#, ServerProcess.binary.path],
            environment: ["PORT": "\(port)", "CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0"])
        _ = try child.standardError.waitForLine(containing: "listens on")
        let connection = try Connection(port: port)
        for _ in 1...5 {
            try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
            #expect(try connection.response().status == 200)
        }
        try connection.send("GET", "/metrics")
        let lost = try connection.response().text.split(separator: "\n").first {
            $0.hasPrefix("bungalow_log_lost_total{reason=\"closed\"}")
        }
        #expect(lost == "bungalow_log_lost_total{reason=\"closed\"} 5")
        kill(child.processID, SIGTERM)
        #expect(try child.waitForExit() == 0)
        #expect(try connection.readToEnd() == "")
        #expect(child.standardError.text().split(separator: "\n").count { $0.contains("scoring log") } == 1)
    }
}

/// A tmpfs of its own, which is full as soon as a test wants it to be.
struct SmallDisk {
    let folder: URL

    struct MountFailed: Error {}

    /// Whether a test may mount one here.
    static let canBeMounted: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(bytes: 4096) else { return false }
        disk.unmount()
        return true
    }()

    init(bytes: Int) throws {
        folder = try Lifecycle.folder()
        guard try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path]) == 0 else {
            try FileManager.default.removeItem(at: folder)
            throw MountFailed()
        }
    }

    private var ballast: URL { folder.appending(path: "ballast") }

    /// Leaves no room.
    func fill() throws {
        let descriptor = open(ballast.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        try #require(errno == ENOSPC)
    }

    func makeRoom() throws { try FileManager.default.removeItem(at: ballast) }

    func unmount() {
        _ = try? Self.run(["umount", "--lazy", folder.path])
        try? FileManager.default.removeItem(at: folder)
    }

    private static func run(_ command: [String]) throws -> Int32 {
        try ChildProcess(URL(filePath: "/usr/bin/env"), command).waitForExit()
    }
}
