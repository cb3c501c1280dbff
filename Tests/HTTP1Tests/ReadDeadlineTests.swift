import NIOCore
import Testing

@testable import HTTP1

/// How long a connection waits for its client, and with which time-out.
@Suite struct ReadDeadlineTests {
    private static let timeouts = ReadTimeouts(
        head: .seconds(10), body: .seconds(30), idle: .seconds(75))
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test(
        "head, body and idle time-outs each have their configured length",
        arguments: [(.head, 10), (.body, 30), (.request, 75), (.end, 30)] as [(ReadDeadline.Awaited, Int64)])
    func deadlines(_ awaited: ReadDeadline.Awaited, _ seconds: Int64) {
        var deadline = ReadDeadline()
        deadline.wait(for: awaited, Self.timeouts, now: Self.now)
        #expect(deadline.awaited == awaited)
        #expect(!deadline.isOver(Self.now + .seconds(seconds)))
        #expect(deadline.isOver(Self.now + .seconds(seconds) + .nanoseconds(1)))
    }

    @Test("no time-out runs while requests are worked on, however long that takes")
    func nothing() {
        var deadline = ReadDeadline()
        #expect(deadline.awaited == .nothing && !deadline.isOver(Self.now + .hours(1000)))
        deadline.wait(for: .request, Self.timeouts, now: Self.now)
        deadline.wait(for: .nothing, Self.timeouts, now: Self.now)
        #expect(!deadline.isOver(Self.now + .hours(1000)))
    }

    @Test("an end whose deadline is shortened is awaited for a second, and never longer than before")
    func shorten() {
        var deadline = ReadDeadline()
        deadline.wait(for: .end, Self.timeouts, now: Self.now)
        deadline.shorten(now: Self.now)
        deadline.shorten(now: Self.now + .milliseconds(500))
        #expect(deadline.awaited == .end && !deadline.isOver(Self.now + .seconds(1)))
        #expect(deadline.isOver(Self.now + .milliseconds(1001)))
    }
}
