import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Server

/// The door of one event loop: deadlines, bounds, closing, and that each look-up is completed exactly once.
@Suite struct CacheDoorTests {
    @Test func aStalledThreadIsTheDeadlineAndItsLateAnswerIsDropped() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.lookUpDeadline = .milliseconds(20)
        let store = try fixture.open(configuration)
        let door = try await fixture.door(to: store)
        fixture.gate.shut()
        let calls = Mutex(0)
        let (loop, cache) = (door.loop, door.cache)
        let answer = try await loop.flatSubmit {
            let promise = loop.makePromise(of: CacheAnswer.self)
            cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { answer in
                calls.withLock { $0 += 1 }
                promise.succeed(answer)
            }
            cache.value.flush()
            return promise.futureResult
        }.get()
        guard case .unavailable(.deadline) = answer else { return #expect(Bool(false)) }
        await fixture.gate.waitForArrival()
        fixture.gate.open()
        await store.close()
        try await loop.submit {}.get()
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func aLookUpThatIsNeverFlushedMeetsItsDeadline() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.lookUpDeadline = .milliseconds(5)
        let store = try fixture.open(configuration)
        let door = try await fixture.door(to: store)
        for _ in 0..<3 {
            let answer = try await door.loop.flatSubmit {
                let promise = door.loop.makePromise(of: CacheAnswer.self)
                door.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { promise.succeed($0) }
                return promise.futureResult
            }.get()
            guard case .unavailable(.deadline) = answer else { return #expect(Bool(false)) }
        }
        await store.close()
    }

    @Test func moreOutstandingLookUpsThanAllowedAreQueueFull() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.maximumOutstandingLookUpsPerLoop = 10
        configuration.maximumQueuedLookUps = 4
        let store = try fixture.open(configuration)
        let door = try await fixture.door(to: store)
        fixture.gate.shut()
        let answers = Mutex<[String: Int]>([:])
        func ask(_ count: Int) async throws {
            try await door.loop.submit {
                for _ in 0..<count {
                    door.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { answer in
                        answers.withLock { $0["\(answer)", default: 0] += 1 }
                    }
                }
                door.cache.value.flush()
            }.get()
        }
        let full = "\(CacheAnswer.unavailable(.queueFull))"
        try await ask(1)
        await fixture.gate.waitForArrival()
        // The thread is busy with one; four more fit its queue, and the tick after those is refused whole.
        try await ask(4)
        #expect(answers.withLock { $0 } == [:])
        try await ask(2)
        #expect(answers.withLock { $0 } == [full: 2])
        // Five are outstanding; of these the door takes five, and the thread's queue none.
        try await ask(7)
        #expect(answers.withLock { $0 } == [full: 9])
        fixture.gate.open()
        await store.close()
        try await door.loop.submit {}.get()
        #expect(answers.withLock { $0 } == [full: 9, "\(CacheAnswer.none)": 5])
    }

    @Test func storesBeyondTheQueueAreDroppedAndCountedWithOneWarning() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.maximumQueuedStores = 100
        let store = try fixture.open(configuration)
        let door = try await fixture.door(to: store)
        fixture.gate.shut()
        try await door.loop.submit {
            door.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { _ in }
            door.cache.value.flush()
        }.get()
        await fixture.gate.waitForArrival()
        for index in 0..<130 { try await door.store("[1.0]", for: "\(index)") }
        #expect(fixture.faults.withLock { $0 } == Array(repeating: .queueFull, count: 30))
        #expect(fixture.lines.all.count == 1)
        fixture.gate.open()
        await store.settle()
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 100)
        await store.close()
    }

    @Test func closingTheLastDoorWritesWhatIsQueued() async throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let doors = [try await fixture.door(to: store), try await fixture.door(to: store)]
        for (number, door) in doors.enumerated() {
            for index in 0..<1000 { try await door.store("[1.0]", for: "\(number) \(index)") }
        }
        for door in doors { try await door.close() }
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 2000)
        #expect(fixture.faults.withLock { $0 }.isEmpty)
        try await doors[0].store("[1.0]", for: "late")
        #expect(fixture.faults.withLock { $0 } == [.store])
        guard case .unavailable(.store) = try await doors[1].lookUp("0 1") else { return #expect(Bool(false)) }
        try await doors[0].close()
    }

    @Test func closingEndsInTimeAndCountsWhatItCouldNotWrite() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.closeTimeout = .zero
        let store = try fixture.open(configuration)
        let door = try await fixture.door(to: store)
        fixture.gate.shut()
        try await door.loop.submit {
            door.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { _ in }
            door.cache.value.flush()
        }.get()
        await fixture.gate.waitForArrival()
        for index in 0..<500 { try await door.store("[1.0]", for: "\(index)") }
        let closing = try await door.loop.submit { NIOLoopBound(door.cache.value.close(), eventLoop: door.loop) }.get()
        fixture.gate.open()
        try await door.loop.flatSubmit { closing.value }.get()
        let written = try fixture.count(of: "SELECT count(*) FROM entry")
        #expect(written + fixture.faults.withLock { $0 }.count == 500)
        #expect(written < 500)
    }

    @Test func eachLookUpIsCompletedExactlyOnceUnderLoadFromFourLoops() async throws {
        let fixture = try StoreFixture()
        var configuration = fixture.configuration
        configuration.maximumFileBytes = 1 << 20
        configuration.maximumQueuedLookUps = 300
        configuration.maximumOutstandingLookUpsPerLoop = 200
        configuration.lookUpDeadline = .milliseconds(3)
        let store = try fixture.open(configuration)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 1...4 {
                let door = try await fixture.door(to: store)
                group.addTask { try await load.run(door, seed: UInt64(seed)) }
            }
            try await group.waitForAll()
        }
        await store.close()
        await load.expectEachCompletedOnce()
    }
}

/// Random ticks of look-ups and stores; the value of a key follows from the key.
private final class Load: Sendable {
    private let completions = Mutex<[Int]>([])
    private let wrong = Mutex(0)

    func run(_ door: Door, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            let plan = (0..<Int.random(in: 0..<12, using: &random)).map { _ in Int.random(in: 0..<4000, using: &random)
            }
            try await door.loop.submit { [self] in
                for key in plan {
                    let number = completions.withLock { all in
                        all.append(0)
                        return all.count - 1
                    }
                    let text = "key \(key)"
                    door.cache.value.lookUp(CacheKey(text: text), maximumBytes: 10_000) { [self] answer in
                        completions.withLock { $0[number] += 1 }
                        if case .entry(let bytes) = answer, bytes != Self.value(key) { wrong.withLock { $0 += 1 } }
                        if case .none = answer { door.cache.value.store(Self.value(key), for: CacheKey(text: text)) }
                    }
                }
                door.cache.value.flush()
            }.get()
        }
        try await door.close()
    }

    func expectEachCompletedOnce() async {
        // Closing the store ends its thread; a look-up it did not answer meets its deadline within milliseconds.
        while completions.withLock({ $0.contains(0) }) { await Task.yield() }
        #expect(completions.withLock { $0.allSatisfy { $0 == 1 } })
        #expect(completions.withLock { $0.count } > 10_000)
        #expect(wrong.withLock { $0 } == 0)
    }

    private static func value(_ key: Int) -> ByteBuffer {
        ByteBuffer(string: String(repeating: "[\(key).0]", count: 1 + key % 200))
    }
}
