import Foundation
import NIOCore
import Testing

@testable import PredictionCache

/// Several stores and several processes that use one file.
@Suite struct SharedFileTests {
    private static let writer = """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1], isolation_level=None)
        c.execute("BEGIN IMMEDIATE")
        print("holding", flush=True)
        sys.stdin.read()
        c.execute("ROLLBACK")
        """

    @Test("two caches on one file find each other's entries")
    func twoStoresOnOneFileSeeEachOthersEntries() async throws {
        let fixture = try StoreFixture()
        let (one, handle) = try await fixture.reopened()
        let (other, otherHandle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "one")
        try await otherHandle.store("[2.0]", for: "other")
        await one.settle()
        await other.settle()
        #expect(try await otherHandle.text("one") == "[1.0]")
        #expect(try await handle.text("other") == "[2.0]")
        await one.close()
        #expect(try await otherHandle.text("one") == "[1.0]")
        await other.close()
        #expect(fixture.lines.all.isEmpty)
    }

    @Test("many caches that open a new file at once all succeed")
    func manyStoresOpeningANewFileAtOnceAllSucceed() async throws {
        let fixture = try StoreFixture()
        try await withThrowingTaskGroup(of: SQLitePredictionStore.self) { group in
            for _ in 0..<8 { group.addTask { try fixture.open() } }
            var stores: [SQLitePredictionStore] = []
            for try await store in group { stores.append(store) }
            #expect(stores.count == 8)
            for store in stores { await store.close() }
        }
        #expect(fixture.lines.all.isEmpty)
    }

    @Test("many caches that find a damaged file at once agree on one new file")
    func manyStoresThatMeetADamagedFileAtOnceAgreeOnOneNewFile() async throws {
        let fixture = try StoreFixture()
        try (Data("SQLite format 3\0".utf8) + Data(repeating: 0x41, count: 40_000)).write(
            to: URL(fileURLWithPath: fixture.path))
        try await withThrowingTaskGroup(of: SQLitePredictionStore.self) { group in
            for _ in 0..<6 { group.addTask { try fixture.open() } }
            for try await store in group { await store.close() }
        }
        #expect(fixture.lines.all.filter { $0.contains("is damaged") }.count == 1)
        #expect(try fixture.names(containing: ".damaged-").count == 1)
    }

    @Test("while another process holds the write lock, entries are found and stores wait")
    func lookUpsAreAnsweredWhileAnotherProcessHoldsTheWriteLockAndStoresWaitForIt() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.busyTimeout = .hours(1)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        try await handle.store("[1.0]", for: "before")
        await store.settle()
        let process = try SecondProcess(Self.writer, path: fixture.path)
        try await handle.store("[2.0]", for: "during")
        for _ in 0..<20 { #expect(try await handle.text("before") == "[1.0]") }
        try process.finish()
        await store.settle()
        #expect(try await handle.text("during") == "[2.0]")
        #expect(fixture.dropped.isEmpty)
        await store.close()
    }

    @Test("stores are dropped and counted when the write lock stays held")
    func storesAreDroppedAndCountedWhenTheWriteLockStaysHeld() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        let process = try SecondProcess(Self.writer, path: fixture.path)
        try await handle.store("[2.0]", for: "one")
        try await handle.store("[2.0]", for: "two")
        await store.settle()
        #expect(fixture.dropped == [.store: 2])
        #expect(fixture.lines.all.filter { $0.contains("drops new entries") }.count == 1)
        try process.finish()
        try await handle.store("[3.0]", for: "after")
        await store.settle()
        #expect(try await handle.text("after") == "[3.0]")
        await store.close()
    }

    @Test("a file that another process is writing to can be opened")
    func aStoreOpensAFileThatAnotherProcessIsWritingTo() async throws {
        let fixture = try StoreFixture()
        try await fixture.open().close()
        let process = try SecondProcess(Self.writer, path: fixture.path)
        let (store, handle) = try await fixture.reopened()
        guard case .missing = try await handle.lookUp("absent") else { return #expect(Bool(false)) }
        try process.finish()
        await store.close()
    }

    @Test("a look-up during an exclusive lock gets no entry, and later ones do")
    func aLookUpBehindAnExclusiveLockIsTheDeadlineAndLaterOnesAreAnswered() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.lookUpDeadline = .milliseconds(20)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        // Every lock byte of the shared-memory file: neither a reader nor a writer gets in, as during recovery.
        let process = try SecondProcess(
            """
            import fcntl, sys
            f = open(sys.argv[1] + "-shm", "r+b")
            fcntl.lockf(f, fcntl.LOCK_EX, 8, 120)
            print("holding", flush=True)
            sys.stdin.read()
            """, path: fixture.path)
        guard case .unavailable = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        try process.finish()
        var text: String?
        for _ in 0..<10_000 where text == nil { text = try await handle.text("key") }
        #expect(text == "[1.0]")
        await store.close()
    }

    @Test("the write-ahead log stays bounded while another process reads")
    func theLogStaysBoundedWhileAnotherProcessReads() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 4 << 20
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        try await handle.store("[1.0]", for: "first")
        await store.settle()
        let process = try SecondProcess(
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.execute("BEGIN")
            c.execute("SELECT count(*) FROM entry").fetchall()
            print("reading", flush=True)
            sys.stdin.read()
            """, path: fixture.path)
        let value = ByteBuffer(repeating: 0x37, count: 10_000)
        for index in 0..<2000 {
            try await handle.store(value, for: "\(index)")
            if index % 100 == 99 { await store.settle() }
        }
        #expect(fixture.size(of: "-wal") <= (1 << 20) + (1 << 20))
        #expect(fixture.size() <= 4 << 20)
        #expect(Set(fixture.dropped.keys) == [.store])
        #expect(try await handle.text("first") == "[1.0]")
        try process.finish()
        try await handle.store("[2.0]", for: "last")
        await store.settle()
        #expect(try await handle.text("last") == "[2.0]")
        await store.close()
    }

    @Test("a file removed while it is open is created again")
    func aFileRemovedWhileOpenIsMadeAnew() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        for name in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: fixture.path + name) }
        for _ in 0..<1_000_000 {
            guard fixture.size() == 0 else { break }
            _ = try await handle.lookUp("key")
        }
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 1)
        await store.close()
    }
}
