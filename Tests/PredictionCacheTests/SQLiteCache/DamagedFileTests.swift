import Foundation
import NIOCore
import Testing

@testable import PredictionCache

/// A damaged file is set aside and replaced; another program's file is left alone.
@Suite struct DamagedFileTests {
    private static let ours = "PRAGMA application_id=\(EntryTable.applicationID);"
    private static let magic = "b'SQLite format 3' + bytes(1)"

    @Test(
        "a file that is damaged at the start is set aside with one warning",
        arguments: [
            "open(sys.argv[1], 'wb').write(\(magic) + b'and no more of a database' * 1000)",
            "open(sys.argv[1], 'wb').write(\(magic) + os.urandom(100000))",
            "open(sys.argv[1], 'wb').write(\(magic))",
            // As a power cut leaves files: blocks that were never written.
            "open(sys.argv[1], 'wb').write(bytes(4096) + os.urandom(100000))",
            "open(sys.argv[1], 'wb').write(bytes(1))",
            "sqlite3.connect(sys.argv[1]).executescript('\(ours) PRAGMA user_version=99')",
            "sqlite3.connect(sys.argv[1]).executescript('\(ours) PRAGMA user_version=1; CREATE TABLE entry(a)')",
        ])
    func aDamagedFileAtTheStartIsSetAsideWithOneWarning(program: String) async throws {
        let fixture = try StoreFixture()
        try SecondProcess.run("import os, sqlite3, sys\n" + program, path: fixture.path)
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        #expect(try await handle.text("key") == "[1.0]")
        let names = try fixture.names(containing: ".damaged-").filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        #expect(names.count == 1)
        let kept = try Data(contentsOf: fixture.folder.appendingPathComponent(names[0]))
        #expect(kept == before)
        #expect(fixture.lines.all.count == 1)
        #expect(fixture.lines.all.first?.contains("is damaged") == true)
        await store.close()
    }

    @Test("a crafted file with names that are not text is set aside")
    func aCraftedFileWithNamesThatAreNoTextIsSetAside() async throws {
        let fixture = try StoreFixture()
        try await fixture.open().close()
        try SecondProcess.run(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1], isolation_level=None)
            db.execute("PRAGMA writable_schema=ON")
            db.execute("INSERT INTO sqlite_master VALUES('table', x'ff', x'ff', 0, "
                       "cast('CREATE TABLE ' || char(34) || x'ff' || char(34) || '(a)' AS TEXT))")
            db.close()
            """, path: fixture.path)
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        #expect(try await handle.text("key") == "[1.0]")
        #expect(fixture.lines.all.contains { $0.contains("is damaged") })
        await store.close()
    }

    @Test("an empty file is used")
    func anEmptyFileIsFine() async throws {
        let fixture = try StoreFixture()
        try Data().write(to: URL(fileURLWithPath: fixture.path))
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        #expect(try await handle.text("key") == "[1.0]")
        #expect(fixture.lines.all.isEmpty)
        await store.close()
    }

    @Test("only the last three damaged files are kept")
    func onlyTheLastThreeDamagedFilesAreKept() async throws {
        let fixture = try StoreFixture()
        for _ in 0..<5 {
            try Data("SQLite format 3\0, not at all, not even a little bit of one".utf8 + Data(count: 4096))
                .write(to: URL(fileURLWithPath: fixture.path))
            for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: fixture.path + name) }
            try await fixture.open().close()
        }
        let names = try fixture.names(containing: ".damaged-").filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        #expect(names.count == 3)
    }

    @Test("pages overwritten in the open file never give a wrong entry, and the cache keeps working")
    func pagesOverwrittenWhileOpenNeverGiveAWrongAnswerAndServiceGoesOn() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        for index in 0..<2000 { try await handle.store("[\(index).5]", for: "key \(index)") }
        await store.settle()
        // The write makes this process's page cache stale; the checkpoint brings all into the file.
        try SecondProcess.run(
            """
            import os, sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            c.execute("DELETE FROM entry WHERE id = 1")
            c.commit()
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with open(sys.argv[1], "r+b") as f:
                size = os.path.getsize(sys.argv[1])
                for page in range(1, size // 4096):
                    f.seek(page * 4096 + 8)
                    f.write(os.urandom(4000))
            """, path: fixture.path)
        for index in 0..<2000 {
            let text = try await handle.text("key \(index)")
            #expect(text == nil || text == "[\(index).5]")
        }
        try await handle.store("[8.5]", for: "new")
        await store.settle()
        #expect(try await handle.text("new") == "[8.5]")
        #expect(try fixture.names(containing: ".damaged-").isEmpty == false)
        #expect(fixture.lines.all.filter { $0.contains("is damaged") }.count == 1)
        await store.close()
    }

    @Test("one changed byte in a value is found")
    func oneChangedByteInAValueIsFound() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.23456789]", for: "key")
        await store.close()
        try SecondProcess.run(
            """
            import sys
            data = open(sys.argv[1], "rb").read()
            open(sys.argv[1], "r+b").write(data.replace(b"[1.23456789]", b"[1.23456788]"))
            """, path: fixture.path)
        let (again, other) = try await fixture.reopened()
        guard case .unavailable(.store) = try await other.lookUp("key") else { return #expect(Bool(false)) }
        guard case .missing = try await other.lookUp("key") else { return #expect(Bool(false)) }
        #expect(fixture.lines.all.first?.contains("checksum") == true)
        await again.close()
        withExtendedLifetime(handle) {}
    }

    @Test("a table dropped from the open file is created again")
    func aTableDroppedWhileOpenIsMadeAnew() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        try SecondProcess.run(
            "import sqlite3, sys\nsqlite3.connect(sys.argv[1]).executescript('DROP TABLE entry')", path: fixture.path)
        guard case .unavailable(.store) = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        guard case .missing = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        await store.close()
    }

    @Test("another program's database is an error and is left unchanged")
    func anotherProgramsDatabaseIsRefusedAndUntouched() throws {
        let fixture = try StoreFixture()
        try SecondProcess.run(
            """
            import sqlite3, sys
            sqlite3.connect(sys.argv[1]).executescript(
                "PRAGMA application_id=7; CREATE TABLE invoice(id); INSERT INTO invoice VALUES(42)")
            """, path: fixture.path)
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let error = #expect(throws: CacheFileError.self) { try fixture.open() }
        #expect(error?.description.contains("another program's SQLite database") == true)
        #expect(error?.description.contains("invoice") == true)
        #expect(error?.description.contains("\n") == false)
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)) == before)
        #expect(try fixture.names(containing: ".damaged-").isEmpty)
    }

    // One byte of the header decides: what begins otherwise was never written by SQLite.
    @Test(
        "a file that is not a database is an error and is left unchanged, whatever its size",
        arguments: [
            "b'MedInc,HouseAge\\n5.5,30\\n'", "b'x'", "b'SQLite format 2' + bytes(5000)", "bytes(4095) + b'x'",
            "os.urandom(3000000)",
        ])
    func aFileThatIsNotADatabaseIsRefusedAndUntouched(content: String) throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 1 << 20
        let program = "import os, sys\nopen(sys.argv[1], 'wb').write(\(content))"
        try SecondProcess.run(program, path: fixture.path)
        try expectRefused(fixture, settings, "it is not an SQLite database and is left unchanged")
    }

    private func expectRefused(_ fixture: StoreFixture, _ settings: SQLiteCacheSettings, _ cause: String) throws {
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let error = #expect(throws: CacheFileError.self) { try fixture.open(settings) }
        let message = try #require(error?.description)
        #expect(message.hasPrefix("The cache file \(fixture.path) cannot be used, \(cause)"), "\(message)")
        #expect(message.contains("CACHE_URL=sqlite:PATH") && !message.contains("\n"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)) == before)
        #expect(try fixture.names(containing: "cache.sqlite") == ["cache.sqlite", "cache.sqlite.lock"])
        #expect(fixture.lines.all.isEmpty)
    }

    @Test("another program's database that is larger than the limit is not deleted")
    func anotherProgramsLargeDatabaseIsUntouched() throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 1 << 20
        try SecondProcess.run(
            """
            import sqlite3, sys
            sqlite3.connect(sys.argv[1]).executescript(
                "CREATE TABLE invoice(id); INSERT INTO invoice VALUES(zeroblob(3000000))")
            """, path: fixture.path)
        try expectRefused(fixture, settings, "it is another program's SQLite database")
    }

    @Test("a file in the open database's place that is not a database is left unchanged")
    func aForeignFileInTheOpenFilesPlaceIsUntouched() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.sweepInterval = .milliseconds(5)
        let store = try fixture.open(settings)
        let content = Data("MedInc,HouseAge\n".utf8)
        try content.write(to: URL(fileURLWithPath: fixture.path), options: .atomic)
        while fixture.lines.all.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        #expect(fixture.lines.all.first?.contains("it is not an SQLite database and is left unchanged") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)) == content)
        #expect(try fixture.names(containing: ".damaged-").isEmpty)
        await store.close()
    }

    @Test(
        "a place that cannot be written is an error of one line that names it and what to do",
        arguments: ["/proc/no/such/place/cache.sqlite", "/dev/null/cache.sqlite", "/"])
    func aPlaceThatCannotBeWrittenIsOneClearLine(path: String) throws {
        let fixture = try StoreFixture()
        let error = #expect(throws: CacheFileError.self) {
            try fixture.open(SQLiteCacheSettings(path: path))
        }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains("CACHE_URL") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("only the owner can read the folder and the file")
    func theFolderAndTheFileAreTheOwnersAlone() async throws {
        let fixture = try StoreFixture()
        let path = fixture.folder.appendingPathComponent("made/for/it/cache.sqlite").path
        try await fixture.open(SQLiteCacheSettings(path: path)).close()
        let files = FileManager.default
        for (name, mode) in [("made", 0o700), ("made/for/it", 0o700), ("made/for/it/cache.sqlite", 0o600)] {
            let attributes = try files.attributesOfItem(atPath: fixture.folder.appendingPathComponent(name).path)
            #expect(attributes[.posixPermissions] as? Int == mode)
        }
    }
}
