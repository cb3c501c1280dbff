import NIOCore
import Testing

@testable import Redis

/// What the state machine does over several events; single events are in the table.
@Suite struct RedisConnectionStateTests {
    typealias State = RedisConnectionState<String>

    let start = NIODeadline.uptimeNanoseconds(0)

    private func at(_ milliseconds: Int64) -> NIODeadline {
        start + .milliseconds(milliseconds)
    }

    private func makeState(maximumOutstanding: Int = 100) -> State {
        State(
            connectDeadline: at(1000),
            commandDeadline: .milliseconds(20),
            maximumOutstanding: maximumOutstanding
        )
    }

    private func makeReadyState(maximumOutstanding: Int = 100) -> State {
        var state = makeState(maximumOutstanding: maximumOutstanding)
        _ = state.opened(handshake: [.ping], now: start)
        state.sent()
        _ = state.received(.status(ByteBuffer(string: "PONG")))
        return state
    }

    @Test("only the last step of the handshake makes the connection ready")
    func onlyTheLastStepOfTheHandshakeOpensTheCircuit() {
        var state = makeState()
        let isOpened = state.opened(handshake: [.authenticate, .select, .ping], now: start)
        #expect(isOpened)
        state.sent()
        for _ in 0..<2 {
            let action = state.received(.status(ByteBuffer(string: "OK")))
            #expect(action == nil)
        }
        #expect(state.phase == .handshaking)
        guard case .becomeReady = state.received(.status(ByteBuffer(string: "PONG"))) else {
            Issue.record("PONG did not open the circuit")
            return
        }
        #expect(state.phase == .ready)
        #expect(!state.hasAnswered)
    }

    @Test(
        "an error reply to the handshake is filed under auth only if it concerns the password",
        arguments: [
            ("WRONGPASS invalid username-password pair", RedisHandshakeStep.authenticate, "auth"),
            ("ERR Client sent AUTH, but no password is set", .authenticate, "auth"),
            ("LOADING Redis is loading the dataset in memory", .authenticate, "error_reply"),
            ("ERR max number of clients reached", .authenticate, "error_reply"),
            ("NOAUTH Authentication required.", .select, "auth"),
            ("NOAUTH Authentication required.", .ping, "auth"),
            ("NOPERM this user has no permissions", .ping, "unusable"),
            ("NOPERM this user has no permissions", .select, "unusable"),
            ("ERR DB index is out of range", .select, "error_reply"),
            ("LOADING Redis is loading the dataset in memory", .ping, "error_reply"),
        ])
    func anErrorInTheHandshakeIsToldByWhatItConcerns(line: String, step: RedisHandshakeStep, name: String) {
        var state = makeState()
        _ = state.opened(handshake: [step], now: start)
        state.sent()
        guard case .end(let ending) = state.received(.error(ByteBuffer(string: line))) else {
            Issue.record("the handshake went on after \(line)")
            return
        }
        #expect(ending.error.name == name)
        #expect("\(ending.error)".contains(line))
    }

    @Test("a reply belongs to the oldest command")
    func repliesAnswerTheOldestFirst() {
        var state = makeReadyState()
        for waiter in ["a", "b", "c"] {
            #expect(state.addLookup(waiter, upTo: 8, now: start) == nil)
        }
        state.sent()
        for waiter in ["a", "b", "c"] {
            let action = state.received(.string(ByteBuffer(string: waiter)))
            guard case .answer(waiter, .value(ByteBuffer(string: waiter))) = action else {
                Issue.record("\(waiter) got \(String(describing: action))")
                return
            }
        }
        #expect(state.hasAnswered)
        #expect(state.owedReplies == 0)
    }

    @Test("a reply never belongs to a command that was not sent")
    func aReplyNeverAnswersACommandThatWasNotSent() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: 8, now: start)
        state.sent()
        _ = state.addLookup("b", upTo: 8, now: start)
        #expect(state.owedReplies == 1)
        _ = state.received(.string(ByteBuffer(string: "a")))
        guard case .end(let ending) = state.received(.string(ByteBuffer(string: "stray"))) else {
            Issue.record("a stray reply was taken")
            return
        }
        #expect(ending.waiters == ["b"])
    }

    @Test("a store past its deadline fails all look-ups, in order")
    func anExpiredStoreFailsEverybodyInOrder() {
        var state = makeReadyState()
        _ = state.addStore(now: start)
        _ = state.addLookup("a", upTo: 8, now: at(1))
        _ = state.addLookup("b", upTo: 8, now: at(1))
        state.sent()
        #expect(state.timerFired(now: at(20)) == nil, "it gets a moment more")
        #expect(state.timerToArm() == at(21))
        let ending = state.timerFired(now: at(21))
        #expect(ending?.error == .deadline)
        #expect(ending?.waiters == ["a", "b"])
        #expect(ending?.lostStores == [0])
        let late = state.received(.status(ByteBuffer(string: "OK")))
        #expect(late == nil)
    }

    @Test("one timer serves many commands")
    func oneTimerServesManyCommands() {
        var state = makeReadyState()
        _ = state.timerToArm()
        _ = state.timerFired(now: at(5))
        #expect(state.timerToArm() == nil, "nothing is outstanding")
        _ = state.addLookup("a", upTo: 8, now: at(10))
        #expect(state.timerToArm() == at(30))
        _ = state.addLookup("b", upTo: 8, now: at(11))
        #expect(state.timerToArm() == nil, "the present timer fires early enough")
        state.sent()
        _ = state.received(.string(ByteBuffer(string: "a")))
        #expect(state.timerToArm() == nil, "a timer that fires too early is left alone")
        #expect(state.timerFired(now: at(30)) == nil)
        #expect(state.timerToArm() == at(31))
        #expect(state.timerFired(now: at(31)) == nil)
        #expect(state.timerToArm() == at(32))
        #expect(state.timerFired(now: at(32))?.waiters == ["b"])
        #expect(state.timerToArm() == nil)
    }

    @Test("only a command that was overdue when the timer first fired ends the connection at the second")
    func theLastLookIsForWhatWasOverdueAtTheFirst() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: 8, now: start)
        _ = state.addLookup("b", upTo: 8, now: at(31))
        state.sent()
        #expect(state.timerFired(now: at(50)) == nil)
        #expect(state.timerToArm() == at(51))
        _ = state.received(.string(ByteBuffer(string: "a")))
        #expect(state.timerFired(now: at(51)) == nil, "b was not overdue before")
        #expect(state.timerToArm() == at(52))
        #expect(state.timerFired(now: at(52))?.waiters == ["b"])
    }

    @Test("a second look that is not needed is cancelled")
    func aLastLookThatIsNotNeededIsForgotten() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: 8, now: start)
        state.sent()
        #expect(state.timerFired(now: at(50)) == nil)
        _ = state.received(.string(ByteBuffer(string: "a")))
        #expect(state.timerFired(now: at(51)) == nil)
        _ = state.addLookup("b", upTo: 8, now: at(52))
        #expect(state.timerToArm() == at(72))
        #expect(state.timerFired(now: at(72)) == nil)
    }

    @Test("the handshake moves the timer forward")
    func theHandshakeMovesTheTimerForward() {
        var state = makeState()
        #expect(state.timerToArm() == at(1000))
        _ = state.opened(handshake: [.ping], now: at(3))
        #expect(state.timerToArm() == at(23))
    }

    @Test("commands beyond the bound fail until one gets its reply")
    func commandsOverTheBoundAreRefusedUntilOneIsAnswered() {
        var state = makeReadyState(maximumOutstanding: 2)
        #expect(state.addLookup("a", upTo: 8, now: start) == nil)
        #expect(state.addStore(now: start) == nil)
        #expect(state.addLookup("b", upTo: 8, now: start) == .queueFull)
        #expect(state.addStore(now: start) == .queueFull)
        state.sent()
        _ = state.received(.null)
        #expect(state.addLookup("b", upTo: 8, now: start) == nil)
    }

    @Test("the limit of undelivered bytes follows the oldest command")
    func theLimitOfUndeliveredBytesFollowsTheOldestCommand() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: 100_000, now: start)
        _ = state.addStore(now: start)
        state.sent()
        #expect(state.undelivered(100_000) == nil)
        _ = state.received(.null)
        #expect(state.undelivered(100_000)?.lostStores == [0])
    }

    @Test("the largest limit does not overflow")
    func theLargestLimitDoesNotOverflow() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: .max, now: start)
        state.sent()
        #expect(state.undelivered(.max) == nil)
    }

    @Test("a redirect is handed over with the command, its deadline and how often it was redirected")
    func redirects() {
        var state = makeReadyState()
        _ = state.addLookup("a", upTo: 8, redirects: 1, now: at(5))
        _ = state.addStore(7, now: at(6))
        state.sent()
        guard case .redirect(let lookup) = state.received(.error(ByteBuffer(string: "MOVED 7 a:1"))),
            case .lookup("a", upTo: 8) = lookup.command,
            case .redirect(let store) = state.received(.error(ByteBuffer(string: "ASK 7 b:2"))),
            case .store(7) = store.command
        else {
            Issue.record("no redirects")
            return
        }
        #expect(lookup.redirect == .moved(slot: 7, host: "a", port: 1))
        #expect(lookup.redirects == 1 && lookup.deadline == at(25) && lookup.line == "MOVED 7 a:1")
        #expect(store.redirect == .ask(host: "b", port: 2) && store.redirects == 0 && store.deadline == at(26))
        #expect(state.owedReplies == 0 && state.phase == .ready)
    }

    @Test("ASKING has a reply of its own, and the command after it gets the next one", arguments: ["OK", "error"])
    func asking(reply: String) {
        var state = makeReadyState(maximumOutstanding: 3)
        #expect(state.addLookup("a", upTo: 8, asking: true, now: start) == nil)
        #expect(state.addStore(asking: true, now: start) == .queueFull)
        state.sent()
        let text = ByteBuffer(string: reply)
        let action = state.received(reply == "OK" ? .status(text) : .error(text))
        #expect(action == nil)
        guard case .answer("a", .value) = state.received(.string(ByteBuffer(string: "1"))) else {
            Issue.record("the look-up got no answer")
            return
        }
        #expect(state.owedReplies == 0)
    }

    @Test("a database number on a cluster is an error that says what to write")
    func clusterDatabase() {
        var state = RedisConnectionState<String>(
            connectDeadline: start, commandDeadline: .seconds(1), maximumOutstanding: 8, database: 3)
        _ = state.opened(handshake: [.select, .ping], now: start)
        state.sent()
        guard
            case .end(let ending) = state.received(
                .error(ByteBuffer(string: "ERR SELECT is not allowed in cluster mode")))
        else {
            Issue.record("the handshake went on")
            return
        }
        #expect("\(ending.error)" == "a cluster has database 0 only: write the URL without /3")
    }

    @Test("only a connection that has worked and owes nothing is closed without an error")
    func idleClose() {
        var fresh = makeReadyState()
        #expect(fresh.channelClosed(now: start)?.isIdleClose == false)
        var used = makeReadyState()
        let pings = [used.addKeepAlive(now: start), used.addKeepAlive(now: start)]
        #expect(pings == [true, false], "one PING is under way")
        used.sent()
        let action = used.received(.status(ByteBuffer(string: "PONG")))
        #expect(action == nil)
        #expect(used.channelClosed(now: start)?.isIdleClose == true)
        var left = makeReadyState()
        #expect(left.channelClosed(now: start + .milliseconds(500))?.isIdleClose == true, "nothing was asked of it")
        var pinged = makeReadyState()
        _ = pinged.addKeepAlive(now: start + .seconds(60))
        #expect(pinged.transportFailed("reset", now: start + .seconds(60))?.isIdleClose == true, "no request waits")
        var owing = makeReadyState()
        _ = owing.addKeepAlive(now: start)
        owing.sent()
        _ = owing.received(.status(ByteBuffer(string: "PONG")))
        _ = owing.addStore(now: start)
        #expect(owing.transportFailed("reset", now: start)?.isIdleClose == false)
    }
}
