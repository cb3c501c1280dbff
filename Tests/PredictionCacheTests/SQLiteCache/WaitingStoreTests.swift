import NIOCore
import Testing

@testable import PredictionCache

/// Entries on their way to the file.
@Suite struct WaitingStoreTests {
    private static let writer = """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1], isolation_level=None)
        c.execute("BEGIN IMMEDIATE")
        print("holding", flush=True)
        sys.stdin.read()
        c.execute("ROLLBACK")
        """

    @Test("an entry is found from the moment it is stored, from each event loop")
    func atOnce() async throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let handles = [try await fixture.handle(to: store), try await fixture.handle(to: store)]
        for index in 0..<500 {
            try await handles[0].store("[\(index).0]", for: "key \(index)")
            #expect(try await handles[index % 2].text("key \(index)") == "[\(index).0]")
        }
        await store.close()
    }

    @Test("an entry that waits for another process's lock is found, in its newest value, until it expires")
    func locked() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.busyTimeout = .hours(1)
        settings.timeToLiveMilliseconds = 1000
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        let process = try SecondProcess(Self.writer, path: fixture.path)
        try await handle.store("[1.0]", for: "key")
        try await handle.store("[2.0]", for: "key")
        for _ in 0..<50 { #expect(try await handle.text("key") == "[2.0]") }
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 0)
        fixture.advance(milliseconds: 999)
        #expect(try await handle.text("key") == "[2.0]")
        fixture.advance(milliseconds: 1)
        guard case .missing = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        try process.finish()
        await store.settle()
        guard case .missing = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        #expect(fixture.dropped.isEmpty)
        await store.close()
    }

    @Test("an entry that is dropped is missing, and nothing of it stays in memory")
    func dropped() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.busyTimeout = .zero
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        let process = try SecondProcess(Self.writer, path: fixture.path)
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        #expect(fixture.dropped == [.store: 1])
        guard case .missing = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        try process.finish()
        await store.close()
    }
}
