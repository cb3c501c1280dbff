import Foundation
import TestSupport
import Testing

/// Disks and readers that fail while the server runs: requests still get their responses.
@Suite(.serialized) struct DiskTests {
    private func isServing(_ server: ServerProcess, _ number: Int) throws -> Response {
        let response = try server.predict("[\(ServerProcess.record(medInc: Double(number) + 0.25))]")
        #expect(response.status == 200, "\(response.text)")
        return response
    }

    /// Sends requests until a look-up finds what an earlier request has stored.
    private func waitForHit(_ server: ServerProcess, _ number: Int) throws {
        try Lifecycle.wait("a HIT") { try isServing(server, number)["X-Cache"] == "HIT" }
    }

    private func serve(_ file: URL) throws -> ServerProcess {
        try ServerProcess(["--cache-url", "sqlite:\(file.path)", "--cache-deadline-ms", "5000"])
    }

    @Test(
        "SQLite on a full disk: requests succeed, it is logged once, and HITs return when the disk has room",
        .proves("T35"),
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
        #expect(try server.metric("bungalow_cache_errors_total{reason=\"store\"}") > 0)
        try disk.makeRoom()
        try waitForHit(server, number)
        #expect(try server.stop() == 0)
    }

    @Test(
        "SQLite on a disk that is full before the start: one warning, requests succeed, and HITs come once it has room",
        .enabled(if: SmallDisk.canBeMounted, "needs the right to mount a tmpfs"))
    func fullDiskAtTheStart() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        defer { disk.unmount() }
        try disk.fill()
        let server = try serve(disk.folder.appending(path: "cache.sqlite"))
        for number in 0..<20 { #expect(try isServing(server, number)["X-Cache"] == "BYPASS") }
        #expect(server.count(ofMessages: "warning") == 1, "\(server.messages)")
        #expect(try server.metric("bungalow_cache_up") == 0)
        try disk.makeRoom()
        try waitForHit(server, 0)
        #expect(try server.metric("bungalow_cache_up") == 1)
        #expect(server.count(ofMessages: "warning") == 1, "\(server.messages)")
        #expect(try server.stop() == 0)
    }

    @Test("an SQLite file that is locked at the start: one warning, and HITs come with the lock's end")
    func lockedAtTheStart() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cache.sqlite")
        let lock = open("\(file.path).lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { close(lock) }
        try #require(lock >= 0 && flock(lock, LOCK_EX) == 0)
        let server = try serve(file)
        #expect(try isServing(server, 0)["X-Cache"] == "BYPASS")
        #expect(server.count(ofMessages: "warning") == 1, "\(server.messages)")
        #expect(try server.metric("bungalow_cache_up") == 0)
        flock(lock, LOCK_UN)
        // The server tries again even without any request.
        try Lifecycle.wait("the cache is up") { try server.metric("bungalow_cache_up") == 1 }
        try waitForHit(server, 0)
        #expect(try server.stop() == 0)
    }

    @Test("an SQLite file that another process holds locked: requests succeed, and HITs return with the lock's end")
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
        let other = try ChildProcess("python3", ["-c", program, file.path])
        _ = try other.standardOutput.waitForLine(containing: "locked")
        var number = 1
        try Lifecycle.wait("the lock is noticed") {
            _ = try isServing(server, number)
            number += 1
            return server.messages.contains("locked")
        }
        #expect(try server.metric("bungalow_cache_errors_total{reason=\"store\"}") > 0)
        // What was stored before can still be read.
        #expect(try isServing(server, 0)["X-Cache"] == "HIT")
        let late = try serve(file)
        _ = try isServing(late, number)
        kill(other.processID, SIGKILL)
        _ = try other.waitForExit()
        for server in [server, late] { try waitForHit(server, number) }
        #expect(try server.stop() == 0)
    }

    @Test("a look-up in the embedded cache that gets no reply is a BYPASS, and counted by its reason")
    func unansweredLookUp() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cache.sqlite")
        let server = try ServerProcess(["--cache-url", "sqlite:\(file.path)", "--cache-deadline-ms", "1"])
        let series = "bungalow_cache_errors_total{reason=\"deadline\"}"
        var bypassed = 0.0
        // A millisecond is over quickly when many requests come at once.
        try Lifecycle.wait("a deadline passes") {
            let connections = try (0..<30).map { _ in try server.connect() }
            for (number, connection) in connections.enumerated() {
                let body = "[\(ServerProcess.record(medInc: Double(number)))]"
                try connection.send("POST", "/predict", body: Array(body.utf8))
            }
            for connection in connections where try connection.response()["X-Cache"] == "BYPASS" { bypassed += 1 }
            return bypassed > 0
        }
        let counted = try server.metric(series)
        #expect(counted == bypassed)
    }

    @Test("an SQLite file that is damaged while servers run changes no status, and HITs return")
    func damagedWhileRunning() throws {
        let folder = try Lifecycle.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cache.sqlite")
        // Two of them, so that each has to read from the file what the other has written.
        let servers = [try serve(file), try serve(file)]
        for number in 0..<100 { for server in servers { _ = try isServing(server, number) } }
        for server in servers { try waitForHit(server, 0) }
        // In place, as a failing disk does it: the servers have these very files open.
        for path in [file.path, "\(file.path)-wal"] {
            let handle = try FileHandle(forUpdating: URL(filePath: path))
            let bytes = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(bytes)))
            try handle.close()
        }
        for number in 1000..<1050 { for server in servers { _ = try isServing(server, number) } }
        try Lifecycle.wait("the damage is noticed") {
            for server in servers { _ = try isServing(server, 0) }
            return servers.contains { $0.messages.contains("damaged") }
        }
        for server in servers { try waitForHit(server, 2000) }
        for server in servers { #expect(try server.stop() == 0) }
        #expect(try isServing(serve(file), 2000)["X-Cache"] == "HIT")
    }

    @Test(
        "a stdout whose disk is full moves bungalow_log_lost_total{reason=\"disk_full\"}, and scoring continues",
        .proves("C3.8", "C6.12"))
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

    @Test(
        "a stdout whose reader has gone moves bungalow_log_lost_total{reason=\"closed\"}, and scoring continues",
        .proves("C3.8", "C6.12"))
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

    @Test(
        "a stdout that is closed from the start: scoring continues, losses are counted, and no client gets the log",
        .proves("C3.8"))
    func closedFromTheStart() throws {
        let port = try RedisProcess.freePort()
        let child = try ChildProcess(
            "sh", ["-c", #"exec "$0" "$@" >&-"#, ServerProcess.binary.path],
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
        child.signal(SIGTERM)
        #expect(try child.waitForExit() == 0)
        #expect(try connection.readToEnd() == "")
        #expect(child.standardError.text().split(separator: "\n").count { $0.contains("scoring log") } == 1)
    }
}
