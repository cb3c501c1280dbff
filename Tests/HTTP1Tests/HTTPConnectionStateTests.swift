import NIOCore
import TestSupport
import Testing

@testable import HTTP1

/// What a connection decides, event by event: deadlines, order, half-close, drain. Time is the test's.
@Suite struct HTTPConnectionStateTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// The clock may lag by one step, so no time-out ends before that much more has passed.
    private static let step = ClientClock.step

    private static func at(_ seconds: Double) -> NIODeadline { start + .nanoseconds(Int64(seconds * 1e9)) }

    private func opened(_ use: ConnectionPermits.Use = .requests) -> HTTPConnectionState {
        let timeouts = ReadTimeouts(head: .seconds(10), body: .seconds(30), idle: .seconds(75))
        var state = HTTPConnectionState(timeouts, openedAt: Self.start)
        state.use = use
        state.wait(for: .request, now: Self.start)
        return state
    }

    /// A state in the middle of something.
    private func state(after events: (inout HTTPConnectionState) -> Void) -> HTTPConnectionState {
        var state = opened()
        events(&state)
        return state
    }

    // MARK: Deadlines

    @Test(
        "a client that owes something gets the configured time, and one step of the clock more",
        arguments: [
            ("nothing sent", 75.5, .close), ("half a head", 10.5, .headTimeout), ("half a body", 30.5, .bodyTimeout),
            ("its end", 30.5, .close),
        ] as [(String, Double, HTTPConnectionState.Overdue)])
    func deadlines(_ sent: String, _ seconds: Double, _ expected: HTTPConnectionState.Overdue) {
        var state = state { state in
            switch sent {
            case "half a head": state.completeRead(now: Self.start)
            case "half a body": _ = state.receiveHead(keepAlive: true, now: Self.start)
            case "its end": state.endOutput(isStopping: false, now: Self.start)
            default: break
            }
        }
        #expect(state.overdue(isReadHeld: false, now: Self.at(seconds)) == .nothing)
        #expect(state.overdue(isReadHeld: false, now: Self.at(seconds + 0.001)) == expected)
    }

    @Test(
        "no time-out runs while requests are worked on; after the last response, the idle time-out does",
        .proves("C1.42"))
    func working() {
        var state = opened()
        let position = state.receiveHead(keepAlive: true, now: Self.start)
        #expect(state.receiveEnd(now: Self.start) == true)
        #expect(state.overdue(isReadHeld: false, now: Self.at(100_000)) == .nothing)
        #expect(state.respond(to: position, isStopping: false) == (true, true))
        #expect(state.advance(now: Self.at(100_000)) == nil)
        #expect(state.overdue(isReadHeld: false, now: Self.at(100_075.5)) == .nothing)
        #expect(state.overdue(isReadHeld: false, now: Self.at(100_075.6)) == .close)
    }

    @Test("a head that is not read on, since 64 requests wait for their responses, is not overdue")
    func fullPipeline() {
        var state = opened()
        for _ in 0..<HTTPConnectionState.pipelinedRequests {
            _ = state.receiveHead(keepAlive: true, now: Self.start)
            _ = state.receiveEnd(now: Self.start)
        }
        #expect(!state.mayRead(hasRoom: true))
        state.completeRead(now: Self.start)
        #expect(state.overdue(isReadHeld: true, now: Self.at(11)) == .nothing)
        #expect(state.overdue(isReadHeld: true, now: Self.at(21.4)) == .nothing, "its time-out starts again")
    }

    @Test("a client that is not read from, because it reads nothing, gets the idle time before the end")
    func heldReads() {
        var state = state { _ = $0.receiveHead(keepAlive: true, now: Self.start) }
        #expect(state.overdue(isReadHeld: true, now: Self.at(31)) == .nothing)
        #expect(state.overdue(isReadHeld: true, now: Self.at(31 + 75.6)) == .close)
        #expect(state.mayRead(hasRoom: true) && !state.mayRead(hasRoom: false))
    }

    @Test(
        "a connection for probes, or for nothing, gets one second",
        arguments: [
            (.probe, .noPlace), (.nothing, .close),
        ] as [(ConnectionPermits.Use, HTTPConnectionState.Overdue)])
    func withoutPermit(_ use: ConnectionPermits.Use, _ expected: HTTPConnectionState.Overdue) {
        var state = opened(use)
        #expect(state.overdue(isReadHeld: false, now: Self.at(1)) == .nothing)
        #expect(state.overdue(isReadHeld: false, now: Self.at(1.001)) == expected)
    }

    @Test("the client clock advances at most half a second per look, however long the server stood still")
    func clock() {
        var clock = ClientClock(Self.start)
        clock.look(Self.at(0.25))
        #expect(clock.now == Self.at(0.25))
        clock.look(Self.at(3600))
        #expect(clock.now == Self.at(0.75))
        clock.look(Self.at(3600.1))
        #expect(clock.now == Self.at(0.85))
    }

    // MARK: Order

    @Test("responses are written in the order of their requests, and parked until it is their turn")
    func order() {
        var state = opened()
        let positions = (0..<3).map { _ in
            let position = state.receiveHead(keepAlive: true, now: Self.start)
            _ = state.receiveEnd(now: Self.start)
            return position
        }
        #expect(state.respond(to: positions[2], isStopping: false) == (false, true))
        state.park(ByteBuffer(string: "2"), at: positions[2])
        #expect(state.respond(to: positions[0], isStopping: false) == (true, true))
        #expect(state.advance(now: Self.start) == nil)
        #expect(state.respond(to: positions[1], isStopping: false) == (true, true))
        #expect(state.advance(now: Self.start).map { String(buffer: $0) } == "2")
        #expect(state.advance(now: Self.start) == nil && state.order.outstanding == 0)
    }

    @Test("the request that asks for the connection's end is the last, and its response says so")
    func lastRequest() {
        var state = opened()
        let first = state.receiveHead(keepAlive: true, now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        let last = state.receiveHead(keepAlive: false, now: Self.start)
        #expect(state.takesRequests, "the last request is still received")
        #expect(state.receiveEnd(now: Self.start) && !state.takesRequests)
        #expect(state.respond(to: first, isStopping: false) == (true, true))
        _ = state.advance(now: Self.start)
        #expect(state.respond(to: last, isStopping: false) == (true, false) && !state.order.isFinished)
        _ = state.advance(now: Self.start)
        #expect(state.order.isFinished)
    }

    @Test("a request that gets its response before its end gets only one, and is the last")
    func answeredEarly() {
        var state = opened()
        let position = state.receiveHead(keepAlive: true, now: Self.start)
        #expect(state.isRestWanted && state.answerEarly() && !state.isRestWanted)
        #expect(state.answerEarly() == false, "it has its response")
        #expect(state.respond(to: position, isStopping: false) == (true, false))
        #expect(state.takesRequests, "the rest is read, and dropped")
        #expect(!state.receiveEnd(now: Self.start) && !state.takesRequests)
        #expect(state.receiveNonsense() == nil)
    }

    @Test("bytes that are not a request get their response after all before them, and nothing follows")
    func nonsense() {
        var state = opened()
        let first = state.receiveHead(keepAlive: true, now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        #expect(state.receiveNonsense() == first + 1)
        #expect(state.receiveNonsense() == nil && !state.takesRequests)
        #expect(state.respond(to: first + 1, isStopping: false) == (false, false))
    }

    @Test("100 Continue is due once, after the responses before it, and not once the body has arrived")
    func continueAfterResponses() {
        var state = opened()
        let first = state.receiveHead(keepAlive: true, now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        _ = state.receiveHead(keepAlive: true, now: Self.start)
        state.expectContinue()
        #expect(state.takeContinue() == false)
        _ = state.respond(to: first, isStopping: false)
        _ = state.advance(now: Self.start)
        #expect(state.takeContinue() && !state.takeContinue())
        state.expectContinue()
        state.receiveBody()
        #expect(state.takeContinue() == false)
    }

    // MARK: Half-close and drain

    @Test("a client that ends its side still gets its responses, and then our side ends")
    func halfClose() {
        var state = opened()
        let position = state.receiveHead(keepAlive: true, now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        #expect(!state.endInput(hasOutput: false) && state.hasInputEnded && !state.takesRequests)
        #expect(state.respond(to: position, isStopping: false) == (true, false))
        _ = state.advance(now: Self.start)
        #expect(state.order.isFinished)
        var idle = opened()
        #expect(idle.endInput(hasOutput: false) == true, "nothing is owed, so our side ends at once")
        var unsent = opened()
        #expect(unsent.endInput(hasOutput: true) == false, "the end comes after the unsent output")
    }

    @Test("a drain ends an idle connection at once, a working one after its responses")
    func drain() {
        var idle = opened()
        #expect(idle.drain(hasOutput: false, now: Self.start) == true)
        var working = opened()
        let position = working.receiveHead(keepAlive: true, now: Self.start)
        _ = working.receiveEnd(now: Self.start)
        #expect(!working.drain(hasOutput: false, now: Self.start) && !working.takesRequests)
        #expect(working.respond(to: position, isStopping: true) == (true, false))
        var receiving = state { _ = $0.receiveHead(keepAlive: true, now: Self.start) }
        #expect(!receiving.drain(hasOutput: false, now: Self.start) && receiving.isRestWanted)
    }

    @Test("a drain gives a client whose side has not ended a second, and never longer than before")
    func drainWhileClosing() {
        var state = state { $0.endOutput(isStopping: false, now: Self.start) }
        #expect(state.drain(hasOutput: false, now: Self.start) == false)
        #expect(state.overdue(isReadHeld: false, now: Self.at(1)) == .nothing)
        #expect(state.overdue(isReadHeld: false, now: Self.at(1.001)) == .close)
        var stopping = self.state { $0.endOutput(isStopping: true, now: Self.start) }
        #expect(stopping.overdue(isReadHeld: false, now: Self.at(1.001)) == .close)
    }

    @Test("while the server stops, the last response ends its connection, unless another request is arriving")
    func stopping() {
        var state = opened()
        let first = state.receiveHead(keepAlive: true, now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        let second = state.receiveHead(keepAlive: true, now: Self.start)
        #expect(state.respond(to: first, isStopping: true) == (true, true))
        _ = state.advance(now: Self.start)
        _ = state.receiveEnd(now: Self.start)
        #expect(state.respond(to: second, isStopping: true) == (true, false))
    }

    @Test("a connection is idle when nothing is owed: not with half a head, nor a moment after it was opened")
    func idle() {
        var state = opened()
        #expect(!state.isIdle(now: Self.at(0.2)), "its first request may be on its way")
        #expect(state.isIdle(now: Self.at(0.3)))
        state.completeRead(now: Self.at(0.3))
        #expect(!state.isIdle(now: Self.at(1)), "half a head has arrived")
        let position = state.receiveHead(keepAlive: true, now: Self.at(1))
        #expect(!state.isIdle(now: Self.at(1)))
        _ = state.receiveEnd(now: Self.at(1))
        #expect(!state.isIdle(now: Self.at(1)), "its response is owed")
        _ = state.respond(to: position, isStopping: false)
        _ = state.advance(now: Self.at(1))
        #expect(state.isIdle(now: Self.at(1)))
    }
}
