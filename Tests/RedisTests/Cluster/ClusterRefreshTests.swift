import NIOCore
import Testing

@testable import Redis

/// When the slots are asked for again; the tests provide time and chance.
@Suite final class ClusterRefreshTests {
    private var generator = ReconnectBackoffTests.ExtremeGenerator(word: .max)
    private var refresh = ClusterRefresh(initial: .milliseconds(50), maximum: .seconds(2))

    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    private func wanted(at time: Int64) -> TimeAmount? { refresh.wanted(now: at(time), using: &generator) }

    private func begin() -> Bool { refresh.begin() }

    private func end(_ isAnswered: Bool, at time: Int64) -> TimeAmount? {
        refresh.end(isAnswered: isAnswered, now: at(time), using: &generator)
    }

    @Test("the first request is met at once, and requests until the reply cause one more query")
    func coalesced() {
        #expect(wanted(at: 0) == .zero)
        #expect(wanted(at: 0) == nil)
        #expect(begin())
        #expect(!begin())
        for _ in 0..<100 { #expect(wanted(at: 1) == nil) }
        #expect(end(true, at: 2) == .milliseconds(50))
        #expect(begin())
        #expect(end(true, at: 60) == nil)
    }

    @Test("queries that fail, or are requested again and again, have pauses that grow up to the maximum")
    func pauses() {
        #expect(wanted(at: 0) == .zero)
        var pauses: [TimeAmount?] = []
        for _ in 0..<8 {
            #expect(begin())
            pauses.append(end(false, at: 0))
        }
        #expect(pauses == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        #expect(begin())
        #expect(end(true, at: 10_000) == nil)
        #expect(wanted(at: 10_100) == .milliseconds(2000))
        #expect(begin())
        #expect(end(true, at: 13_000) == nil)
        #expect(wanted(at: 15_000) == .zero, "calm again")
    }
}
