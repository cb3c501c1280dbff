import Foundation
import Synchronization
import Testing

@testable import HTTP1

/// A limit is exact, however many threads acquire at the same time, and a permit is released where it ends.
@Suite struct SemaphoreTests {
    /// Permits that a test holds, since arrays cannot.
    private final class Held {
        var permit: Permit?

        init?(_ semaphore: HTTP1.Semaphore, _ count: Int = 1) {
            permit = semaphore.tryAcquire(count)
            if permit == nil { return nil }
        }

        func grow(by more: Int) -> Bool { permit?.grow(by: more) ?? false }
    }

    @Test("as many units are acquired as there are, and not one more; no released unit is lost")
    func bounds() {
        let semaphore = HTTP1.Semaphore(maximum: 3)
        #expect(!semaphore.isDisabled && !semaphore.isExhausted && semaphore.inUse == 0)
        var held = (0..<4).map { _ in Held(semaphore) }
        #expect(held.map { $0 != nil } == [true, true, true, false])
        #expect(semaphore.inUse == 3 && semaphore.isExhausted)
        held[0] = nil
        held[0] = Held(semaphore)
        #expect(held[0] != nil && Held(semaphore) == nil)
        held.removeAll()
        #expect(semaphore.inUse == 0)
    }

    @Test("several units are acquired all or not at all")
    func several() {
        let semaphore = HTTP1.Semaphore(maximum: 10)
        let seven = Held(semaphore, 7)
        #expect(seven != nil && Held(semaphore, 4) == nil && semaphore.inUse == 7)
        let three = Held(semaphore, 3)
        #expect(three != nil && semaphore.inUse == 10)
        #expect(Held(semaphore, 11) == nil && Held(semaphore, .max) == nil)
        withExtendedLifetime((seven, three)) {}
    }

    @Test("a permit grows as long as there are units, and releases all of them")
    func growth() {
        let semaphore = HTTP1.Semaphore(maximum: 10)
        var held = Held(semaphore, 2)
        #expect(held?.grow(by: 8) == true && semaphore.inUse == 10)
        #expect(held?.grow(by: 1) == false && semaphore.inUse == 10)
        held = nil
        #expect(semaphore.inUse == 0)
    }

    @Test("a semaphore of 0 gives nothing")
    func none() {
        let semaphore = HTTP1.Semaphore(maximum: 0)
        #expect(semaphore.isDisabled && Held(semaphore) == nil && semaphore.inUse == 0)
    }

    @Test("each release is reported, after its units are free")
    func onRelease() {
        let reports = Atomic(0)
        let semaphore = HTTP1.Semaphore(maximum: 1) { reports.add(1, ordering: .relaxed) }
        for round in 1...3 {
            #expect(Held(semaphore) != nil)
            #expect(reports.load(ordering: .relaxed) == round && semaphore.inUse == 0)
        }
    }

    @Test("the in-flight limit is exact over many threads: it is reached, never exceeded, and all is released")
    func exactOverThreads() {
        let semaphore = HTTP1.Semaphore(maximum: 5)
        let inside = Atomic(0)
        let most = Atomic(0)
        let entered = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            for round in 0..<20_000 {
                guard let permit = semaphore.tryAcquire() else { continue }
                let now = inside.add(1, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .relaxed)
                entered.add(1, ordering: .relaxed)
                if round % 50 == 0 { sched_yield() }
                inside.subtract(1, ordering: .sequentiallyConsistent)
                _ = consume permit
            }
        }
        #expect(most.load(ordering: .relaxed) <= 5 && entered.load(ordering: .relaxed) > 5)
        #expect(semaphore.inUse == 0)
        let held = (0..<6).compactMap { _ in Held(semaphore) }
        #expect(held.count == 5)
    }
}
