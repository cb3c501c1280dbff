import NIOCore
import TestSupport
import Testing

@testable import Redis

@Suite struct ReconnectBackoffTests {
    /// Always draws the largest number of a range, or always the smallest.
    struct ExtremeGenerator: RandomNumberGenerator {
        let word: UInt64
        mutating func next() -> UInt64 { word }
    }

    @Test("the ceiling doubles up to the maximum and starts again after a reset")
    func theCeilingDoublesUpToTheMaximumAndStartsAgain() {
        var backoff = ReconnectBackoff(initial: .milliseconds(50), maximum: .seconds(2))
        var generator = ExtremeGenerator(word: .max)
        let pauses = (0..<8).map { _ in backoff.next(using: &generator) }
        #expect(pauses == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next(using: &generator) == .milliseconds(50))
    }

    @Test("the pause is drawn from the whole range below the ceiling")
    func thePauseIsDrawnFromTheWholeRange() {
        var backoff = ReconnectBackoff(initial: .milliseconds(50), maximum: .milliseconds(50))
        var generator = SeededGenerator(seed: 7)
        let pauses = (0..<1000).map { _ in backoff.next(using: &generator) }
        #expect(pauses.allSatisfy { $0 >= .zero && $0 <= .milliseconds(50) })
        #expect(pauses.contains { $0 < .milliseconds(5) } && pauses.contains { $0 > .milliseconds(45) })
    }

    @Test("bounds that make no sense are raised")
    func boundsThatMakeNoSenseAreRaised() {
        var generator = ExtremeGenerator(word: .max)
        var none = ReconnectBackoff(initial: .zero, maximum: .zero)
        #expect(none.next(using: &generator) == .nanoseconds(1))
        var huge = ReconnectBackoff(initial: .nanoseconds(.max), maximum: .nanoseconds(.max))
        _ = huge.next(using: &generator)
        #expect(huge.next(using: &generator) <= .nanoseconds(.max))
    }
}
