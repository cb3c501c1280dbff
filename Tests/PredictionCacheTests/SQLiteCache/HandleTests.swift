import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import PredictionCache

/// The handle of one event loop: deadlines, bounds, closing, and that each look-up is completed exactly once.
@Suite struct HandleTests {
    @Test("a stalled thread causes the deadline, and its late response is dropped")
    func aStalledThreadIsTheDeadlineAndItsLateAnswerIsDropped() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.lookUpDeadline = .milliseconds(20)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        fixture.gate.shut()
        let calls = Mutex(0)
        let (loop, cache) = (handle.loop, handle.cache)
        let answer = try await loop.flatSubmit {
            let promise = loop.makePromise(of: CacheLookup.self)
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

    @Test("a look-up that is never flushed ends at its deadline")
    func aLookUpThatIsNeverFlushedMeetsItsDeadline() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.lookUpDeadline = .milliseconds(5)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        for _ in 0..<3 {
            let answer = try await handle.loop.flatSubmit {
                let promise = handle.loop.makePromise(of: CacheLookup.self)
                handle.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { promise.succeed($0) }
                return promise.futureResult
            }.get()
            guard case .unavailable(.deadline) = answer else { return #expect(Bool(false)) }
        }
        await store.close()
    }

    @Test("more look-ups than the queue holds end with queue_full")
    func moreOutstandingLookUpsThanAllowedAreQueueFull() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumQueuedLookUps = 5
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        fixture.gate.shut()
        let answers = Mutex<[String: Int]>([:])
        func ask(_ count: Int) async throws {
            try await handle.loop.submit {
                for key in 0..<count {
                    handle.cache.value.lookUp(CacheKey(text: "\(count) \(key)"), maximumBytes: 100) { answer in
                        answers.withLock { $0["\(answer)", default: 0] += 1 }
                    }
                }
                handle.cache.value.flush()
            }.get()
        }
        let full = "\(CacheLookup.unavailable(.queueFull))"
        try await ask(1)
        await fixture.gate.waitForArrival()
        // The thread is busy with one look-up; four more may wait for it, and the tick after those is refused
        // completely.
        try await ask(4)
        #expect(answers.withLock { $0 } == [:])
        try await ask(2)
        #expect(answers.withLock { $0 } == [full: 2])
        // A tick that never fits into the queue.
        try await ask(7)
        #expect(answers.withLock { $0 } == [full: 9])
        fixture.gate.open()
        await store.close()
        try await handle.loop.submit {}.get()
        #expect(answers.withLock { $0 } == [full: 9, "\(CacheLookup.missing)": 5])
    }

    @Test("stores beyond the queue are dropped and counted, with one warning")
    func storesBeyondTheQueueAreDroppedAndCountedWithOneWarning() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        // A hundred of these entries, and not one more.
        settings.maximumQueuedStoreBytes = 100 * (256 + 32 + 2 + 5)
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        fixture.gate.shut()
        try await handle.loop.submit {
            handle.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { _ in }
            handle.cache.value.flush()
        }.get()
        await fixture.gate.waitForArrival()
        for index in 0..<130 { try await handle.store("[1.0]", for: "\(index)") }
        #expect(fixture.dropped == [.queueFull: 30])
        #expect(fixture.lines.all.count == 1)
        fixture.gate.open()
        await store.settle()
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 100)
        await store.close()
    }

    @Test("closing the last handle writes what is queued")
    func closingTheLastHandleWritesWhatIsQueued() async throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let handles = [try await fixture.handle(to: store), try await fixture.handle(to: store)]
        for (number, handle) in handles.enumerated() {
            for index in 0..<1000 { try await handle.store("[1.0]", for: "\(number) \(index)") }
        }
        for handle in handles { try await handle.close() }
        #expect(try fixture.count(of: "SELECT count(*) FROM entry") == 2000)
        #expect(fixture.dropped.isEmpty)
        try await handles[0].store("[1.0]", for: "late")
        #expect(fixture.dropped == [.store: 1])
        guard case .unavailable(.store) = try await handles[1].lookUp("0 1") else { return #expect(Bool(false)) }
        try await handles[0].close()
    }

    @Test("closing ends in time and counts what it could not write")
    func closingEndsInTimeAndCountsWhatItCouldNotWrite() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.closeTimeout = .zero
        let store = try fixture.open(settings)
        let handle = try await fixture.handle(to: store)
        fixture.gate.shut()
        try await handle.loop.submit {
            handle.cache.value.lookUp(CacheKey(text: "key"), maximumBytes: 100) { _ in }
            handle.cache.value.flush()
        }.get()
        await fixture.gate.waitForArrival()
        for index in 0..<500 { try await handle.store("[1.0]", for: "\(index)") }
        let closing = try await handle.loop.submit { NIOLoopBound(handle.cache.value.close(), eventLoop: handle.loop) }
            .get()
        fixture.gate.open()
        try await handle.loop.flatSubmit { closing.value }.get()
        let written = try fixture.count(of: "SELECT count(*) FROM entry")
        #expect(UInt64(written) + (fixture.dropped[.store] ?? 0) == 500)
        #expect(written < 500)
    }

    @Test("each look-up is completed exactly once under load from four event loops")
    func eachLookUpIsCompletedExactlyOnceUnderLoadFromFourLoops() async throws {
        let fixture = try StoreFixture()
        var settings = fixture.settings
        settings.maximumFileBytes = 1 << 20
        settings.maximumQueuedLookUps = 75
        settings.lookUpDeadline = .milliseconds(3)
        let store = try fixture.open(settings)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 1...4 {
                let handle = try await fixture.handle(to: store)
                group.addTask { try await load.run(handle, seed: UInt64(seed)) }
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

    func run(_ handle: Handle, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            let plan = (0..<Int.random(in: 0..<12, using: &random)).map { _ in Int.random(in: 0..<4000, using: &random)
            }
            try await handle.loop.submit { [self] in
                for key in plan {
                    let number = completions.withLock { all in
                        all.append(0)
                        return all.count - 1
                    }
                    let text = "key \(key)"
                    handle.cache.value.lookUp(CacheKey(text: text), maximumBytes: 10_000) { [self] answer in
                        completions.withLock { $0[number] += 1 }
                        if case .entry(let bytes) = answer, bytes != Self.value(key) { wrong.withLock { $0 += 1 } }
                        if case .missing = answer {
                            handle.cache.value.store(Self.value(key), for: CacheKey(text: text))
                        }
                    }
                }
                handle.cache.value.flush()
            }.get()
        }
        try await handle.close()
    }

    func expectEachCompletedOnce() async {
        // Closing the store ends its thread; a look-up without a response meets its deadline within milliseconds.
        while completions.withLock({ $0.contains(0) }) { await Task.yield() }
        #expect(completions.withLock { $0.allSatisfy { $0 == 1 } })
        #expect(completions.withLock { $0.count } > 10_000)
        #expect(wrong.withLock { $0 } == 0)
    }

    private static func value(_ key: Int) -> ByteBuffer {
        ByteBuffer(string: String(repeating: "[\(key).0]", count: 1 + key % 200))
    }
}
