import NIOCore
import Testing

@testable import Server

/// How long a connection's client is waited for, and with what.
@Suite struct ConnectionPatienceTests {
    private static let timeouts = ConnectionPatience.Timeouts(
        head: .seconds(10), body: .seconds(30), idle: .seconds(75))
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test(
        "head, body and idle time-outs are each what they are set to",
        arguments: [(.head, 10), (.body, 30), (.request, 75), (.end, 30)] as [(ConnectionPatience.Subject, Int64)])
    func deadlines(_ subject: ConnectionPatience.Subject, _ seconds: Int64) {
        var patience = ConnectionPatience()
        patience.wait(for: subject, Self.timeouts, now: Self.now)
        #expect(patience.subject == subject)
        #expect(!patience.isOver(Self.now + .seconds(seconds)))
        #expect(patience.isOver(Self.now + .seconds(seconds) + .nanoseconds(1)))
    }

    @Test("nothing is waited for while calls are worked on, however long it takes")
    func nothing() {
        var patience = ConnectionPatience()
        #expect(patience.subject == .nothing && !patience.isOver(Self.now + .hours(1000)))
        patience.wait(for: .request, Self.timeouts, now: Self.now)
        patience.wait(for: .nothing, Self.timeouts, now: Self.now)
        #expect(!patience.isOver(Self.now + .hours(1000)))
    }

    @Test("an end that is hurried is waited for a second, and never longer than before")
    func hurry() {
        var patience = ConnectionPatience()
        patience.wait(for: .end, Self.timeouts, now: Self.now)
        patience.hurry(now: Self.now)
        patience.hurry(now: Self.now + .milliseconds(500))
        #expect(patience.subject == .end && !patience.isOver(Self.now + .seconds(1)))
        #expect(patience.isOver(Self.now + .milliseconds(1001)))
    }
}
