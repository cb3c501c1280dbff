import Foundation
import NIOCore
import Testing

@testable import PredictionCache

/// What happens to an entry: found, expired, evicted, kept over a restart.
@Suite struct EntryTests {
    @Test("an entry is found, and an unknown key is missing")
    func anEntryIsFoundAndAnUnknownKeyIsNone() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        guard case .missing = try await handle.lookUp("absent") else { return #expect(Bool(false)) }
        try await handle.store("[4.139]", for: "key")
        await store.settle()
        #expect(try await handle.text("key") == "[4.139]")
        try await handle.store("[1.5]", for: "key")
        await store.settle()
        #expect(try await handle.text("key") == "[1.5]")
        await store.close()
    }

    @Test("an entry is found until the millisecond in which it expires")
    func anEntryAnswersUntilTheMillisecondItExpires() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        try await handle.store("[1.0]", for: "key")
        await store.settle()
        fixture.advance(milliseconds: 3_599_999)
        #expect(try await handle.text("key") == "[1.0]")
        fixture.advance(milliseconds: 1)
        guard case .missing = try await handle.lookUp("key") else { return #expect(Bool(false)) }
        await store.close()
    }

    @Test("expired entries are deleted by later stores and by the idle thread")
    func expiredEntriesAreDeletedByLaterStoresAndByTheIdleThread() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.sweepInterval = .milliseconds(1)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        for index in 0..<1000 { try await handle.store("[1.0]", for: "key \(index)") }
        await store.settle()
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 1000)
        fixture.advance(milliseconds: 3_600_000)
        // The thread sweeps when it is idle; each turn of this loop lets it run again.
        var turns = 0
        while try fixture.count(of: "SELECT count(*) FROM entry") > 0, turns < 100_000 {
            await store.settle()
            turns += 1
        }
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 0)
        await store.close()
    }

    @Test("keys and values may hold any bytes")
    func keysAndValuesMayHoldAnyBytes() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        var entries: [String: [UInt8]] = ["": [], "\0": [0], "a\0b": [0, 255, 0], "'; DROP TABLE entry; --": [39]]
        for length in 0..<70 {
            entries["ключ-\(length)-\u{1F3E1}"] = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        }
        for (key, value) in entries { try await handle.store(ByteBuffer(bytes: value), for: key) }
        await store.settle()
        for (key, value) in entries {
            guard case .entry(let bytes) = try await handle.lookUp(key) else {
                Issue.record("no entry for \(key)")
                continue
            }
            #expect(Array(bytes.readableBytesView) == value)
        }
        await store.close()
        #expect(fixture.dropped.isEmpty)
    }

    @Test("an entry longer than asked for is cut after one byte more")
    func anEntryLongerThanAskedForIsCutAfterOneByteMore() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        try await handle.store("0123456789", for: "key")
        await store.settle()
        for (limit, length) in [(0, 1), (-1, 1), (5, 6), (9, 10), (10, 10), (Int.max, 10)] {
            guard case .entry(let bytes) = try await handle.lookUp("key", maximumBytes: limit) else {
                return #expect(Bool(false))
            }
            #expect(bytes.readableBytes == length)
        }
        await store.close()
    }

    @Test("entries survive a restart")
    func aRestartKeepsEntries() async throws {
        let fixture = try StoreFixture()
        let (first, handle) = try await fixture.reopened()
        let large = String(repeating: "7", count: 25_000)
        try await handle.store(large, for: "large")
        try await handle.store("[2.0]", for: "small")
        try await handle.close()
        withExtendedLifetime(first) {}
        #expect(fixture.size(of: "-wal") == 0)
        let (second, other) = try await fixture.reopened()
        #expect(try await other.text("large") == large)
        #expect(try await other.text("small") == "[2.0]")
        await second.close()
    }

    @Test("the file stays within its limit when many times its size is stored", arguments: [20, 3000, 25_000])
    func theFileStaysWithinItsLimitWhenManyTimesThatIsStored(valueBytes: Int) async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 2 << 20
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        let value = ByteBuffer(repeating: 0x37, count: valueBytes)
        let count = (12 << 20) / (valueBytes + 180)
        for index in 0..<count {
            try await handle.store(value, for: "bungalow:default:0123456789abcdef:\(index)")
            if index % 200 == 199 || index == count - 1 {
                await store.settle()
                #expect(fixture.size() <= 2 << 20)
                #expect(fixture.size(of: "-wal") <= (512 << 10) + (1 << 20))
            }
        }
        #expect(fixture.dropped.isEmpty)
        guard case .missing = try await handle.lookUp("bungalow:default:0123456789abcdef:0"),
            case .entry = try await handle.lookUp("bungalow:default:0123456789abcdef:\(count - 1)")
        else { return #expect(Bool(false)) }
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") * valueBytes > valueBytes)
        await store.close()
        #expect(fixture.size() <= 2 << 20)
    }

    @Test("expired entries make room before any other")
    func expiredEntriesMakeRoomBeforeAnyOther() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 2 << 20
        let value = ByteBuffer(repeating: 0x37, count: 3900)
        func fill(_ name: String, _ count: Int, milliseconds: Int64) async throws {
            settings.timeToLiveMilliseconds = milliseconds
            let store = try fixture.open(settings)
            let handle = try await fixture.handle(to: store)
            for index in 0..<count { try await handle.store(value, for: "\(name) \(index)") }
            await store.close()
        }
        try await fill("old", 150, milliseconds: 3_600_000)
        try await fill("expired", 250, milliseconds: 1000)
        fixture.advance(milliseconds: 1000)
        try await fill("new", 250, milliseconds: 3_600_000)
        #expect(
            try fixture.count(of: "SELECT count(*) FROM entry WHERE substr(key, 1, 3) = CAST('old' AS BLOB)") == 150)
        #expect(
            try fixture.count(of: "SELECT count(*) FROM entry WHERE substr(key, 1, 3) = CAST('new' AS BLOB)") == 250)
        #expect(fixture.dropped.isEmpty)
    }

    @Test("a file larger than a new limit is replaced by an empty one")
    func aFileLargerThanANewLimitIsBegunAnew() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        for index in 0..<1000 { try await handle.store(ByteBuffer(repeating: 1, count: 4000), for: "\(index)") }
        await store.close()
        #expect(fixture.size() > 2 << 20)
        var settings = fixture.settings
        settings.maximumFileBytes = 1 << 20
        let smaller = try fixture.open(settings)
        #expect(fixture.size() <= 1 << 20)
        await smaller.close()
    }

    @Test("an entry longer than the limit is dropped and counted")
    func anEntryLongerThanAnyAllowedIsDroppedAndCounted() async throws {
        let fixture = try StoreFixture()
        let (store, handle) = try await fixture.reopened()
        try await handle.store(ByteBuffer(repeating: 1, count: (4 << 20) + 1), for: "key")
        await store.settle()
        #expect(fixture.dropped == [.store: 1])
        await store.close()
    }
}
