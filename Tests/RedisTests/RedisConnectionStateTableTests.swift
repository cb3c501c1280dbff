import NIOCore
import Testing

@testable import Redis

/// Every state with every event: a cell that is not in the table fails.
@Suite struct RedisConnectionStateTableTests {
    /// A state in which events are tried; the last three of the ready states differ in what is outstanding.
    enum Scene: String, CaseIterable {
        case connecting, handshaking, idle, lookup, store, unsent, closing, closed
    }

    enum Event: String, CaseIterable {
        case opened, addLookup, addStore, sent
        case string, longString, emptyString, null, ok, pong, error, unexpected
        case malformed, partial, longPartial
        case timerEarly, timerLate, transportFailed, close, channelClosed
    }

    /// `.` nothing, `a` the waiter fails, `+1` a lost store; then the phase: `^` stays open, `!` is closing, `#` is
    /// closed.
    static let table = """
        event          |connecting|handshaking |idle     |lookup       |store            |unsent     |closing |closed
        opened         |handshake^|.           |.        |.            |.                |.          |.       |.
        addLookup      |notReady  |notReady    |add      |add          |add              |add        |notReady|notReady
        addStore       |notReady  |notReady    |add      |add          |add              |add        |notReady|notReady
        sent           |.         |.           |.        |.            |.                |.          |.       |.
        string         |protocol! |protocol!   |protocol!|a value      |protocol +1!     |protocol a!|.       |.
        longString     |protocol! |protocol!   |protocol!|protocol a!  |protocol +1!     |protocol a!|.       |.
        emptyString    |protocol! |protocol!   |protocol!|a missing    |protocol +1!     |protocol a!|.       |.
        null           |protocol! |protocol!   |protocol!|a missing    |protocol +1!     |protocol a!|.       |.
        ok             |protocol! |protocol!   |protocol!|protocol a!  |stored           |protocol a!|.       |.
        pong           |protocol! |ready^      |protocol!|protocol a!  |protocol +1!     |protocol a!|.       |.
        error          |protocol! |error_reply!|protocol!|a error_reply|store error_reply|protocol a!|.       |.
        unexpected     |protocol! |protocol!   |protocol!|protocol a!  |protocol +1!     |protocol a!|.       |.
        malformed      |protocol! |protocol!   |protocol!|protocol a!  |protocol +1!     |protocol a!|.       |.
        partial        |protocol! |.           |protocol!|.            |.                |protocol a!|.       |.
        longPartial    |protocol! |protocol!   |protocol!|protocol a!  |protocol +1!     |protocol a!|.       |.
        timerEarly     |.         |.           |.        |.            |.                |.          |.       |.
        timerLate      |connect!  |deadline!   |.        |deadline a!  |deadline +1!     |deadline a!|.       |.
        transportFailed|connect!  |connect!    |connect! |connect a!   |connect +1!      |connect a! |.       |.
        close          |closed!   |closed!     |closed!  |closed a!    |closed +1!       |closed a!  |.       |.
        channelClosed  |connect#  |connect#    |connect# |connect a#   |connect +1#      |connect a# |.#      |.
        """

    static let cells: [String: String] = {
        let rows = table.split(separator: "\n").map { row in
            row.split(separator: "|").map { cell in cell.split(separator: " ").joined(separator: " ") }
        }
        var cells: [String: String] = [:]
        for row in rows.dropFirst() {
            for (scene, cell) in zip(rows[0], row).dropFirst() {
                cells["\(scene) \(row[0])"] = cell
            }
        }
        return cells
    }()

    @Test(
        "each event in each phase does what the table says",
        arguments: Scene.allCases, Event.allCases)
    func everyCellDoesWhatTheTableSays(scene: Scene, event: Event) throws {
        let expected = try #require(Self.cells["\(scene) \(event)"], "no cell for \(event) in \(scene)")
        var state = scene.state
        let before = state.phase
        var outcome = event.apply(to: &state)
        if state.phase != before { outcome += scene.mark(of: state.phase) }
        #expect(outcome == expected)
    }

    @Test("the table covers each phase and each event")
    func theTableHasNoRowOrColumnThatIsNotTried() {
        #expect(Self.cells.count == Scene.allCases.count * Event.allCases.count)
    }
}

extension RedisConnectionStateTableTests.Scene {
    fileprivate func mark(of phase: RedisConnectionState<String>.Phase) -> String {
        switch phase {
        case .connecting, .handshaking, .ready: return "^"
        case .closing: return "!"
        case .closed: return "#"
        }
    }

    /// A state machine brought into this state at time zero, with deadlines of 20 ms and a value of 4 bytes due.
    fileprivate var state: RedisConnectionState<String> {
        var state = RedisConnectionState<String>(
            connectDeadline: .uptimeNanoseconds(0) + .seconds(1),
            commandDeadline: .milliseconds(20),
            maximumOutstanding: 8
        )
        let now = NIODeadline.uptimeNanoseconds(0)
        if self == .connecting { return state }
        _ = state.opened(handshake: [.ping], now: now)
        state.sent()
        if self == .handshaking { return state }
        _ = state.received(.status(ByteBuffer(string: "PONG")))
        switch self {
        case .lookup, .unsent: _ = state.addLookup("a", upTo: 4, now: now)
        case .store: _ = state.addStore(now: now)
        case .closing: _ = state.close()
        case .closed: _ = state.channelClosed(now: now)
        case .connecting, .handshaking, .idle: break
        }
        if self != .unsent { state.sent() }
        return state
    }
}

extension RedisConnectionStateTableTests.Event {
    fileprivate func apply(to state: inout RedisConnectionState<String>) -> String {
        let now = NIODeadline.uptimeNanoseconds(0)
        switch self {
        case .opened: return state.opened(handshake: [.ping], now: now) ? "handshake" : "."
        case .addLookup: return state.addLookup("b", upTo: 4, now: now).map { $0.name } ?? "add"
        case .addStore: return state.addStore(now: now).map { $0.name } ?? "add"
        case .sent:
            state.sent()
            return "."
        case .string: return describe(state.received(.string(ByteBuffer(string: "1234"))))
        case .longString: return describe(state.received(.string(ByteBuffer(string: "12345"))))
        case .emptyString: return describe(state.received(.string(ByteBuffer())))
        case .null: return describe(state.received(.null))
        case .ok: return describe(state.received(.status(ByteBuffer(string: "OK"))))
        case .pong: return describe(state.received(.status(ByteBuffer(string: "PONG"))))
        case .error: return describe(state.received(.error(ByteBuffer(string: "ERR no"))))
        case .unexpected: return describe(state.received(.unexpected(type: 3)))
        case .malformed: return describe(state.malformed("garbage"))
        case .partial: return describe(state.undelivered(1000))
        case .longPartial: return describe(state.undelivered(2000))
        case .timerEarly: return describe(state.timerFired(now: now + .milliseconds(19)))
        case .timerLate:
            _ = state.timerFired(now: now + .seconds(1))
            return describe(state.timerFired(now: now + .seconds(1) + .milliseconds(1)))
        case .transportFailed: return describe(state.transportFailed("reset", now: now))
        case .close: return describe(state.close())
        case .channelClosed: return describe(state.channelClosed(now: now))
        }
    }

    private func describe(_ action: RedisConnectionState<String>.ReplyAction?) -> String {
        switch action {
        case nil: return "."
        case .becomeReady: return "ready"
        case .answer(let waiter, .value): return "\(waiter) value"
        case .answer(let waiter, .missing): return "\(waiter) missing"
        case .answer(let waiter, .failed(let error)): return "\(waiter) \(error.name)"
        case .redirect: return "redirect"
        case .probed(let kind, let answer): return "probed \(kind) \(answer)"
        case .authenticated(let error): return error.map { "not authenticated \($0.name)" } ?? "authenticated"
        case .settleStore(_, let error): return error.map { "store \($0.name)" } ?? "stored"
        case .end(let ending): return describe(ending)
        }
    }

    private func describe(_ ending: RedisConnectionState<String>.Ending?) -> String {
        guard let ending else { return "." }
        let lost = !ending.lostStores.isEmpty ? ["+\(ending.lostStores.count)"] : []
        return ([ending.error.name] + ending.waiters + lost).joined(separator: " ")
    }
}

extension RedisError {
    /// The error's kind in one word.
    var name: String {
        switch self {
        case .connect: return "connect"
        case .auth: return "auth"
        case .deadline: return "deadline"
        case .protocolViolation: return "protocol"
        case .errorReply: return "error_reply"
        case .unusable: return "unusable"
        case .queueFull: return "queueFull"
        case .commandTooLarge: return "commandTooLarge"
        case .notReady: return "notReady"
        case .closed: return "closed"
        }
    }
}
