import Foundation
import Testing

@testable import ScoringLog

/// The writer's state machine, step by step, without a thread.
@Suite final class ScoringLogBacklogTests {
    private let one: ScoringLogBatch
    private let size: Int
    private var backlog: ScoringLogBacklog

    init() throws {
        one = try ScoringLogWriterTests.batch(["a"])
        size = one.bytes.count
        var limits = ScoringLogWriter.Limits()
        limits.capacityBytes = 4 * size
        limits.lowWaterBytes = 2 * size
        limits.coalescedBytes = 2 * size
        backlog = ScoringLogBacklog(limits: limits)
        backlog.roomCallbacks = [{}]
    }

    // A method of the suite, since `#expect` cannot call a mutating one.
    private func change<Result>(_ change: (inout ScoringLogBacklog) -> Result) -> Result {
        change(&backlog)
    }

    @Test("a sleeping thread is woken once by the first batch")
    func wakeUp() {
        var hand = ScoringLogBatch()
        #expect(change { $0.next(into: &hand) } == .sleep)
        change { $0.append(one) }
        #expect(change { $0.takeEffects() }.mustWake)
        change { $0.append(one) }
        #expect(!change { $0.takeEffects() }.mustWake)
        #expect(change { $0.next(into: &hand) } == .go)
        #expect(hand.blockCount == 2)
    }

    @Test("a thread that coalesces is woken when enough is pending")
    func coalescing() {
        var hand = ScoringLogBatch()
        change { $0.append(one) }
        #expect(change { $0.next(into: &hand) } == .go)
        #expect(change { $0.wrote(bytes: size, blocks: 1, isWhole: true) } == .go)
        #expect(change { $0.coalesce() } == .sleep)
        change { $0.append(one) }
        #expect(!change { $0.takeEffects() }.mustWake)
        change { $0.append(one) }
        #expect(change { $0.takeEffects() }.mustWake)
    }

    @Test("it is full at its capacity and has room again at the low-water mark")
    func room() {
        var hand = ScoringLogBatch()
        for count in 1...4 {
            change { $0.append(one) }
            #expect(backlog.isFull == (count == 4))
        }
        #expect(change { $0.next(into: &hand) } == .go)
        #expect(change { $0.wrote(bytes: size, blocks: 1, isWhole: true) } == .go)
        #expect(backlog.isFull)
        #expect(change { $0.takeEffects() }.roomCallbacks.isEmpty)
        #expect(change { $0.wrote(bytes: size, blocks: 1, isWhole: true) } == .go)
        #expect(!backlog.isFull)
        #expect(change { $0.takeEffects() }.roomCallbacks.count == 1)
        #expect(change { $0.takeEffects() }.roomCallbacks.isEmpty)
    }

    @Test("a full disk keeps the blocks taken and drops new ones; once it has room, the kept ones count as before")
    func fullDisk() {
        var hand = ScoringLogBatch()
        for _ in 0..<5 { change { $0.append(one) } }
        #expect(change { $0.next(into: &hand) } == .go)
        let first = change { $0.failed(.diskFull) }
        #expect(first.step == .sleep && first.mustReport)
        #expect(!backlog.isFull)
        #expect(change { $0.takeEffects() }.roomCallbacks.count == 1)
        change { $0.append(one) }
        #expect(!change { $0.takeEffects() }.mustWake)
        #expect(backlog.lostBlocks == [.diskFull: 1])
        change { $0.wokeUp() }
        let second = change { $0.failed(.diskFull) }
        #expect(second.step == .sleep && !second.mustReport)
        change { $0.wokeUp() }
        #expect(change { $0.wrote(bytes: 1, blocks: 0, isWhole: false) } == .go)
        #expect(!backlog.isFull)
        #expect(change { $0.wrote(bytes: size - 1, blocks: 1, isWhole: true) } == .go)
        #expect(backlog.isFull)
        change { $0.append(one) }
        #expect(backlog.lostBlocks == [.diskFull: 1])
    }

    @Test("a full disk is tried once more on close and then given up")
    func fullDiskAtClose() {
        var hand = ScoringLogBatch()
        change { $0.append(one) }
        #expect(change { $0.next(into: &hand) } == .go)
        #expect(change { $0.failed(.diskFull) }.step == .sleep)
        change { $0.close() }
        #expect(change { $0.takeEffects() }.mustWake)
        change { $0.wokeUp() }
        #expect(change { $0.failed(.diskFull) }.step == .leave)
        #expect(!change { $0.abandon() })
        #expect(!change { $0.abandon() })
        #expect(backlog.lostBlocks == [.diskFull: 1])
    }

    @Test("a closed descriptor loses everything, and each block is counted once")
    func closedDescriptor() {
        var hand = ScoringLogBatch()
        change { $0.append(one) }
        #expect(change { $0.next(into: &hand) } == .go)
        change { $0.append(one) }
        let failed = change { $0.failed(.closed) }
        #expect(failed.step == .go && failed.mustReport)
        change { $0.append(one) }
        #expect(backlog.lostBlocks == [.closed: 3])
        hand.removeAll()
        #expect(change { $0.next(into: &hand) } == .sleep)
        change { $0.close() }
        #expect(change { $0.next(into: &hand) } == .leave)
        #expect(change { $0.abandon() })
        #expect(backlog.lostBlocks == [.closed: 3])
    }

    @Test("an abandoned thread changes nothing")
    func abandoned() {
        var hand = ScoringLogBatch()
        change { $0.append(one) }
        #expect(change { $0.next(into: &hand) } == .go)
        change { $0.close() }
        #expect(!change { $0.abandon() })
        #expect(change { $0.wrote(bytes: size, blocks: 1, isWhole: true) } == .leave)
        #expect(change { $0.failed(.closed) }.step == .leave)
        hand.removeAll()
        #expect(change { $0.next(into: &hand) } == .leave)
        #expect(backlog.lostBlocks == [.closed: 1])
    }
}
