import NIOCore
import TestSupport
import Testing

@testable import Redis

/// Random interleavings of everything that can happen to a client: no reply goes to the wrong waiter, and each gets
/// one.
@Suite struct RedisConnectionStatePropertyTests {
    @Test(
        "a reply never reaches a command that is not its own",
        arguments: 0..<200 as Range<UInt64>)
    func repliesNeverCross(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<2000 {
            world.step()
        }
        world.finish()
        #expect(world.crossed == [])
        #expect(world.outcomes.count == world.asked && world.outcomes.values.allSatisfy { $0 == 1 })
        #expect(world.answered > 0 && world.failed > 0, "a run in which nothing happens proves nothing")
    }
}

/// A client, its connections one after the other, and a server that replies to each command with that command's number.
private struct World {
    typealias State = RedisConnectionState<Int>

    private var generator: SeededGenerator
    private var now = NIODeadline.uptimeNanoseconds(0)
    private var state: State
    /// What the server has read from the current connection and not replied to: a look-up's number, or nil.
    private var inbox: [Int?] = []
    private var outgoing: [Int?] = []
    private var handshake: [RedisHandshakeStep] = []
    private var timer: NIODeadline?

    private(set) var asked = 0
    private(set) var answered = 0
    private(set) var failed = 0
    private(set) var outcomes: [Int: Int] = [:]
    private(set) var crossed: [Int] = []

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        state = Self.makeState(now: now)
    }

    private static func makeState(now: NIODeadline) -> State {
        State(connectDeadline: now + .milliseconds(50), commandDeadline: .milliseconds(20), maximumOutstanding: 10)
    }

    mutating func step() {
        now = now + .microseconds(Int64.random(in: 0...400, using: &generator))
        switch Int.random(in: 0..<1000, using: &generator) {
        case 0..<300: addLookup()
        case 300..<400: addStore()
        case 400..<600: flush()
        case 600..<940: reply()
        case 940..<980: fireTimer()
        case 980..<984: replyToNothing()
        case 984..<986: settle(state.malformed("garbage"))
        case 986..<988: settle(state.undelivered(1 << 20))
        case 988..<990: settle(state.transportFailed("reset", now: now))
        case 990..<992: settle(state.close())
        case 992..<996: now = now + .milliseconds(30)
        default: loseChannel()
        }
        if state.phase == .connecting { open() }
        if state.phase == .closing && Bool.random(using: &generator) { loseChannel() }
        if let deadline = state.timerToArm() { timer = deadline }
    }

    mutating func finish() {
        settle(state.channelClosed(now: now))
    }

    private mutating func addLookup() {
        asked += 1
        if state.addLookup(asked, upTo: 8, now: now) == nil {
            outgoing.append(asked)
        } else {
            settle(asked, .failed(.notReady))
        }
    }

    private mutating func addStore() {
        if state.addStore(now: now) == nil { outgoing.append(nil) }
    }

    private mutating func flush() {
        state.sent()
        inbox += outgoing
        outgoing = []
    }

    /// A late server replies even on a connection that was given up.
    private mutating func reply() {
        if !handshake.isEmpty {
            let step = handshake.removeFirst()
            perform(state.received(.status(ByteBuffer(string: step == .ping ? "PONG" : "OK"))))
        } else if !inbox.isEmpty {
            perform(state.received(replyTo(inbox.removeFirst())))
        }
    }

    private mutating func replyTo(_ number: Int?) -> RESPReply {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: return .error(ByteBuffer(string: "LOADING"))
        case 1 where number != nil: return .null
        default: return number.map { .string(ByteBuffer(string: "\($0)")) } ?? .status(ByteBuffer(string: "OK"))
        }
    }

    /// Only if the connection can detect it: a surplus reply among owed ones looks like any other.
    private mutating func replyToNothing() {
        guard handshake.isEmpty, inbox.isEmpty else { return }
        perform(state.received(.string(ByteBuffer(string: "stray"))))
    }

    private mutating func fireTimer() {
        guard let deadline = timer, deadline <= now else { return }
        timer = nil
        settle(state.timerFired(now: now))
    }

    private mutating func loseChannel() {
        settle(state.channelClosed(now: now))
        state = Self.makeState(now: now)
        inbox = []
        outgoing = []
        handshake = []
        timer = nil
    }

    private mutating func open() {
        let steps: [RedisHandshakeStep] = Bool.random(using: &generator) ? [.ping] : [.authenticate, .select, .ping]
        guard state.opened(handshake: steps, now: now) else { return }
        state.sent()
        handshake = steps
    }

    private mutating func perform(_ action: State.ReplyAction?) {
        switch action {
        case nil, .becomeReady, .settleStore, .redirect, .authenticated, .probed: break
        case .answer(let number, let lookup): settle(number, lookup)
        case .end(let ending): settle(ending)
        }
    }

    private mutating func settle(_ ending: State.Ending?) {
        for number in ending?.waiters ?? [] {
            settle(number, .failed(.closed))
        }
    }

    private mutating func settle(_ number: Int, _ lookup: RedisLookup) {
        outcomes[number, default: 0] += 1
        switch lookup {
        case .value(let value):
            answered += 1
            if String(buffer: value) != "\(number)" { crossed.append(number) }
        case .missing: answered += 1
        case .failed: failed += 1
        }
    }
}
