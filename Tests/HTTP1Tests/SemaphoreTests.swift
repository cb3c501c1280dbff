import Foundation
import Synchronization
import Testing

@testable import Server

/// A limit is exact, whoever comes at the same time.
@Suite struct SlotLimitTests {
    @Test("as many slots are taken as there are, and not one more; none given back is lost")
    func bounds() {
        let limit = SlotLimit(maximum: 3)
        #expect(!limit.isNone && limit.inUse == 0)
        #expect([true, true, true, false].allSatisfy { limit.enter() == $0 })
        #expect(limit.inUse == 3)
        limit.leave()
        #expect(limit.enter() && !limit.enter())
        limit.leave(3)
        #expect(limit.inUse == 0)
    }

    @Test("several slots are taken all or not at all")
    func several() {
        let limit = SlotLimit(maximum: 10)
        #expect(limit.enter(7) && !limit.enter(4) && limit.inUse == 7)
        #expect(limit.enter(3) && limit.inUse == 10)
        #expect(!limit.enter(11) && !limit.enter(.max))
        limit.leave(10)
        #expect(limit.inUse == 0)
    }

    @Test("a limit of 0 lets nobody in")
    func none() {
        let limit = SlotLimit(maximum: 0)
        #expect(limit.isNone && !limit.enter() && limit.inUse == 0)
    }

    @Test("the in-flight limit is exact over many threads: it is reached, never exceeded, and all is given back")
    func exactOverThreads() {
        let limit = SlotLimit(maximum: 5)
        let inside = Atomic(0)
        let most = Atomic(0)
        let entered = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            for round in 0..<20_000 where limit.enter() {
                let now = inside.add(1, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .relaxed)
                entered.add(1, ordering: .relaxed)
                if round % 50 == 0 { sched_yield() }
                inside.subtract(1, ordering: .sequentiallyConsistent)
                limit.leave()
            }
        }
        #expect(most.load(ordering: .relaxed) <= 5 && entered.load(ordering: .relaxed) > 5)
        #expect(limit.inUse == 0)
        #expect((0..<6).filter { _ in limit.enter() }.count == 5)
    }
}
