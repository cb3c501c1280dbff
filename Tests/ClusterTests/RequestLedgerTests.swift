import Testing

@testable import Cluster

/// What an instance's counters show about its log.
@Suite struct RequestLedgerTests {
    private static func settled(_ first: Int, _ recorded: Int, _ second: Int) -> RequestLedger {
        var ledger = RequestLedger(isWhole: true)
        _ = ledger.settle(first: first, recorded: recorded, second: second)
        return ledger
    }

    @Test("A log is complete if it holds what was counted before its end, and no more than after it")
    func bracket() {
        #expect(Self.settled(100, 100, 100).verdict(found: 100) == .complete(within: 0))
        #expect(Self.settled(100, 105, 105).verdict(found: 105) == .complete(within: 0))
        #expect(Self.settled(100, 103, 105).verdict(found: 103) == .complete(within: 5))
        #expect(Self.settled(100, 98, 105).verdict(found: 98) == .missing(2))
        #expect(Self.settled(100, 106, 105).verdict(found: 106) == .surplus(1))
        #expect(Self.settled(100, 99, 100).verdict(found: 99) == .missing(1))
        #expect(Self.settled(5217, 0, 5217).verdict(found: 0) == .missing(5217))
    }

    @Test("A failed attempt to settle leaves no count from before the log's new end")
    func brokenAttempt() {
        var ledger = Self.settled(100, 103, 105)
        ledger.beginAttempt()
        // Four more were logged, and the counter could not be read again: no surplus, and not complete either.
        #expect(ledger.verdict(found: 109) == .unknown("its counters are unknown at the end", atLeast: 100))
    }

    @Test("A request missing in a quiet moment is not made up for by later ones")
    func quietMoment() {
        var ledger = RequestLedger(isWhole: true)
        #expect(ledger.settle(first: 100, recorded: 99, second: 100) == .lagging)
        #expect(ledger.settle(first: 101, recorded: 101, second: 102) == .bracketed)
        let words = "up to 1 request missing or late: others came while it was asked"
        #expect(ledger.verdict(found: 101) == .unknown(words, atLeast: 101, seemsShort: true))
        #expect(ledger.settle(first: 102, recorded: 101, second: 102) == .lagging)
        #expect(ledger.verdict(found: 101) == .missing(1))
        #expect(ledger.settle(first: 103, recorded: 103, second: 103) == .exact)
        #expect(ledger.verdict(found: 103) == .complete(within: 0))
    }

    @Test("A log that was late is not complete: requests that came meanwhile may make up for missing ones")
    func lateLog() {
        var ledger = RequestLedger(isWhole: true)
        for count in [200, 300, 400] {
            #expect(ledger.settle(first: count, recorded: count - 30, second: count + 2) == .lagging)
        }
        #expect(ledger.settle(first: 500, recorded: 500, second: 540, isLate: true) == .lagging)
        let words = "up to 32 requests missing or late: others came while it was asked"
        #expect(ledger.verdict(found: 500) == .unknown(words, atLeast: 500, seemsShort: true))
    }

    @Test("A log that was late while no request came is not taken for one with fewer requests later")
    func lateBeginning() {
        var ledger = RequestLedger(isWhole: false)
        ledger.begin(at: 1000)
        // Nothing came between two readings, but two requests were still on their way to the log.
        ledger.read(1010, recorded: 8, isTerminating: false)
        ledger.read(1010, recorded: 8, isTerminating: false)
        #expect(ledger.before == 1002...1002)
        ledger.read(1012, recorded: 12, isTerminating: false)
        #expect(ledger.before == 1000...1000)
        #expect(ledger.settle(first: 1020, recorded: 20, second: 1020) == .exact)
        #expect(ledger.verdict(found: 20) == .complete(within: 0))
        #expect(ledger.verdict(found: 21) == .surplus(1))
    }

    @Test("Requests counted before the recording are not expected, even if others arrived while it began")
    func beginning() {
        var ledger = RequestLedger(isWhole: false)
        ledger.begin(at: 1000)
        ledger.read(1004, recorded: 0, isTerminating: false)
        ledger.read(1012, recorded: 10, isTerminating: false)
        #expect(ledger.before == 1000...1002)
        #expect(ledger.settle(first: 1050, recorded: 48, second: 1050) == .exact)
        #expect(ledger.verdict(found: 48) == .complete(within: 2))
        #expect(ledger.verdict(found: 47) == .missing(1))
        var quiet = RequestLedger(isWhole: false)
        quiet.begin(at: 1000)
        quiet.read(1000, recorded: 0, isTerminating: false)
        #expect(quiet.isPinned)
    }

    @Test("An instance that exited on its own must match the count that was read after its deletion began")
    func ended() {
        var ledger = RequestLedger(isWhole: true)
        ledger.read(40, recorded: 40, isTerminating: false)
        ledger.ending = .completed
        #expect(
            ledger.verdict(found: 44) == .unknown("it ended before its last count was read", atLeast: 40))
        ledger.read(44, recorded: 43, isTerminating: true)
        #expect(ledger.verdict(found: 44) == .complete(within: 0))
        #expect(ledger.verdict(found: 46) == .complete(within: 2))
        #expect(ledger.verdict(found: 43) == .missing(1))
        // No request came between two readings, and one was not in the log: the last count does not prove it complete.
        ledger.read(44, recorded: 43, isTerminating: true)
        #expect(ledger.verdict(found: 44) == .complete(within: 0))
        #expect(
            ledger.verdict(found: 45)
                == .unknown("its log lacked 1 request when it was last asked", atLeast: 44))
    }

    @Test("An instance that was killed is never complete; its last count is the least")
    func killed() {
        var ledger = RequestLedger(isWhole: true)
        ledger.read(40, recorded: 40, isTerminating: true)
        ledger.ending = .cutShort("it ended with exit code 137")
        for found in 40...50 {
            #expect(ledger.verdict(found: found) == .unknown("it ended with exit code 137", atLeast: 40))
        }
        #expect(ledger.verdict(found: 39) == .missing(1))
    }

    @Test("Without a count, or without one at the end, nothing is known")
    func withoutCount() {
        var ledger = RequestLedger(isWhole: true)
        ledger.failure = "no right to get pods/proxy"
        #expect(
            ledger.verdict(found: 3) == .unknown("the counters are unknown: no right to get pods/proxy", atLeast: 0))
        ledger.read(3, recorded: 3, isTerminating: false)
        #expect(ledger.verdict(found: 3) == .unknown("its counters are unknown at the end", atLeast: 3))
    }
}
