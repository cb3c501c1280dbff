import Foundation
import TestSupport
import Testing

/// The cache that needs no server: an SQLite file.
@Suite(.serialized) struct EmbeddedCacheTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var file: URL { folder.appending(path: "cache.sqlite") }

    private func serve(_ more: String...) throws -> ServerProcess {
        try ServerProcess(["--cache-url", "sqlite:\(file.path)", "--cache-deadline-ms", "5000"] + more)
    }

    private func waitForHit(_ server: ServerProcess) throws -> Response {
        let deadline = Date().addingTimeInterval(30)
        while true {
            let response = try server.predict(ServerProcess.sample)
            #expect(response.status == 200)
            if response["X-Cache"] == "HIT" { return response }
            try #require(Date() < deadline, "no HIT in 30 s: \(server.messages)")
        }
    }

    @Test("a restart with the embedded cache still gives HIT, bit for bit", .proves("C1.39", "C5.2"))
    func restart() throws {
        let first = try serve()
        let computed = try first.predict(ServerProcess.sample)
        #expect(computed["X-Cache"] == "MISS")
        #expect(try first.stop() == 0)
        let second = try serve()
        let cached = try second.predict(ServerProcess.sample)
        #expect(cached["X-Cache"] == "HIT")
        #expect(cached.body == computed.body)
    }

    @Test("several processes share one file")
    func shared() throws {
        let one = try serve()
        let other = try serve()
        let computed = try waitForHit(one)
        // The process that stored it finds it before it is in the file.
        let program =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            + "sys.exit(c.execute('SELECT count(*) FROM entry').fetchone()[0] == 0)"
        try Lifecycle.wait("the entry is in the file") {
            try ChildProcess("python3", ["-c", program, file.path]).waitForExit() == 0
        }
        let cached = try other.predict(ServerProcess.sample)
        #expect(cached["X-Cache"] == "HIT")
        #expect(cached.body == computed.body)
    }

    @Test("an entry is gone after its TTL", .proves("C5.4"))
    func timeToLive() throws {
        let server = try serve("--cache-ttl-seconds", "1")
        _ = try waitForHit(server)
        let deadline = Date().addingTimeInterval(30)
        while try server.predict(ServerProcess.sample)["X-Cache"] == "HIT" {
            try #require(Date() < deadline, "never expired")
        }
    }

    @Test("a damaged file is set aside with a warning and replaced", .proves("T35"))
    func damaged() throws {
        try Data("SQLite format 3\0 and then nothing that belongs to a database".utf8).write(to: file)
        let server = try serve()
        try server.waitForMessage("damaged")
        _ = try waitForHit(server)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.contains { $0.hasPrefix("cache.sqlite.damaged-") })
    }

    @Test("a file that is not a database is left unchanged, with one warning and no cache")
    func notADatabase() throws {
        let content = Data("MedInc,HouseAge\n5.5,30\n".utf8)
        try content.write(to: file)
        let server = try serve()
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try server.waitForMessage("cache: off")
        #expect(server.count(ofMessages: "warning") == 1, "\(server.messages)")
        #expect(server.messages.contains("\(file.path) cannot be used, it is not an SQLite database"))
        #expect(try server.metrics()["cache_up"] == 0)
        #expect(try Data(contentsOf: file) == content)
    }

    @Test(
        "bungalow_cache_up is 0 while the file is missing, and 1, with HITs, when it is back; requests succeed",
        .proves("C6.7"))
    func away() throws {
        let (inner, moved) = (folder.appending(path: "inner"), folder.appending(path: "moved"))
        let cache = "sqlite:\(inner.appending(path: "cache.sqlite").path)"
        let server = try ServerProcess(["--cache-url", cache, "--cache-deadline-ms", "5000"])
        let computed = try waitForHit(server)
        #expect(try server.metrics()["cache_up"] == 1)
        try FileManager.default.moveItem(at: inner, to: moved)
        // A file in place of the folder, so that not even root can create it.
        try Data().write(to: inner)
        try Lifecycle.wait("the cache is down") {
            #expect(try server.predict(ServerProcess.sample).status == 200)
            return try server.metrics()["cache_up"] == 0
        }
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try FileManager.default.removeItem(at: inner)
        try FileManager.default.moveItem(at: moved, to: inner)
        try Lifecycle.wait("the cache is up") {
            #expect(try server.predict(ServerProcess.sample).status == 200)
            return try server.metrics()["cache_up"] == 1
        }
        #expect(try waitForHit(server).body == computed.body)
    }

    @Test("without any configuration the file is in the user's cache folder", .proves("C5.2"))
    func userCacheFolder() throws {
        let server = try ServerProcess(
            ["--cache-deadline-ms", "5000"], environment: ["XDG_CACHE_HOME": folder.path, "CACHE_URL": ""])
        _ = try waitForHit(server)
        let path = folder.appending(path: "bungalow/predictions.sqlite").path
        #expect(FileManager.default.fileExists(atPath: path))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("a cache folder that cannot be written is one warning, and no cache", .proves("C5.2"))
    func unwritable() throws {
        let blocker = folder.appending(path: "file")
        try Data().write(to: blocker)
        let server = try ServerProcess(environment: ["XDG_CACHE_HOME": blocker.path, "CACHE_URL": ""])
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200)
        #expect(response["X-Cache"] == "BYPASS")
        #expect(server.messages.components(separatedBy: "warning").count == 2, "\(server.messages)")
        try server.waitForMessage("cache: off")
    }
}
