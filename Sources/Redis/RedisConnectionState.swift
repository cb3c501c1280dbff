import NIOCore

/// What one connection does next: a pure state machine over the commands that wait for replies, oldest first.
///
/// It decides and never acts; `RedisChannelHandler` performs what it returns, and tests call it with a `String` for the
/// waiter. Replies answer commands by position alone, so the rule behind every cell is: a connection on which position
/// could be in doubt is given up, with all who wait on it.
///
///     connecting ──opened──▶ handshaking ──+PONG──▶ ready
///          └────────── any error or close() ──────────┴──▶ closing ──channelClosed──▶ closed
struct RedisConnectionState<Waiter> {
    enum Phase: Equatable {
        case connecting, handshaking, ready, closing, closed
    }

    /// Why a connection is given up, and who waits on it.
    struct Ending {
        let error: RedisError
        /// The look-ups without an answer, in the order they were made.
        let waiters: [Waiter]
        /// Stores of which nobody knows whether they happened.
        let lostStores: Int
    }

    /// What one reply asks the handler to do.
    enum ReplyAction {
        case becomeReady
        case answer(Waiter, RedisLookup)
        /// The oldest store is no longer on its way; nil if it was confirmed.
        case settleStore(RedisError?)
        case end(Ending)
    }

    private enum Purpose {
        case handshake(RedisHandshakeStep)
        case lookup(Waiter, upTo: Int)
        case store
    }

    private struct Command {
        let purpose: Purpose
        let deadline: NIODeadline
    }

    private(set) var phase = Phase.connecting
    /// Whether a command after the handshake got its reply: the proof that a server does more than say PONG.
    private(set) var hasAnswered = false

    private let connectDeadline: NIODeadline
    private let commandDeadline: TimeAmount
    private let maximumOutstanding: Int
    private var commands = CircularBuffer<Command>()
    /// How many of the youngest commands have not been handed to the channel; no reply can be theirs.
    private var unsent = 0
    /// When the timer fires that the handler was last asked to arm; nil when there is none.
    private var armedFor: NIODeadline?
    /// When the timer last found a command overdue; nil once there is none.
    private var overdueSince: NIODeadline?

    init(connectDeadline: NIODeadline, commandDeadline: TimeAmount, maximumOutstanding: Int) {
        self.connectDeadline = connectDeadline
        self.commandDeadline = commandDeadline
        self.maximumOutstanding = maximumOutstanding
    }
}

/// The commands that must be answered before a connection is used.
enum RedisHandshakeStep: Equatable {
    case authenticate, select, ping
}

// MARK: Commands

extension RedisConnectionState {
    /// The transport is up. Returns whether the commands of `handshake`, of which the last is `.ping`, are to be sent.
    mutating func opened(handshake: [RedisHandshakeStep], now: NIODeadline) -> Bool {
        guard phase == .connecting else { return false }
        phase = .handshaking
        for step in handshake {
            append(.handshake(step), now: now)
        }
        return true
    }

    /// A look-up is wanted. Returns nil if its command is to be written, or why not.
    mutating func addLookup(_ waiter: Waiter, upTo byteCount: Int, now: NIODeadline) -> RedisError? {
        if let sendError { return sendError }
        append(.lookup(waiter, upTo: byteCount), now: now)
        return nil
    }

    /// A store is wanted. Returns nil if its command is to be written, or why not.
    mutating func addStore(now: NIODeadline) -> RedisError? {
        if let sendError { return sendError }
        append(.store, now: now)
        return nil
    }

    /// Every command so far has been handed to the channel.
    mutating func sent() {
        unsent = 0
    }

    /// How many replies the server owes.
    var owedReplies: Int {
        commands.count - unsent
    }

    private var sendError: RedisError? {
        guard phase == .ready else { return .notReady }
        return commands.count < maximumOutstanding ? nil : .queueFull
    }

    private mutating func append(_ purpose: Purpose, now: NIODeadline) {
        commands.append(Command(purpose: purpose, deadline: now + commandDeadline))
        unsent += 1
    }
}

// MARK: Deadlines

extension RedisConnectionState {
    /// When a timer must be armed in place of any older one; nil while the one there is comes early enough.
    ///
    /// The timer is left alone when the command it was armed for is answered, and finds the next oldest when it fires:
    /// a busy connection arms it once a deadline's length and not once a command.
    mutating func timerToArm() -> NIODeadline? {
        guard let oldestDeadline else { return nil }
        let wanted = max(oldestDeadline, overdueSince.map { $0 + .milliseconds(1) } ?? oldestDeadline)
        if let armedFor, armedFor <= wanted { return nil }
        armedFor = wanted
        return wanted
    }

    /// The timer has fired: what is overdue gets one last look a moment later, and ends the connection then.
    ///
    /// An event loop that was held up runs its timers before it reads its sockets again, and would blame the server for
    /// a reply that has been lying in the socket all the time.
    mutating func timerFired(now: NIODeadline) -> Ending? {
        armedFor = nil
        guard let oldestDeadline, oldestDeadline <= now else {
            overdueSince = nil
            return nil
        }
        guard let overdueSince, oldestDeadline <= overdueSince else {
            self.overdueSince = now
            return nil
        }
        return end(
            phase == .connecting
                ? .connect("TLS: no handshake within the time to connect; is it a port for TLS?") : .deadline)
    }

    private var oldestDeadline: NIODeadline? {
        switch phase {
        case .connecting: return connectDeadline
        case .handshaking, .ready: return commands.first?.deadline
        case .closing, .closed: return nil
        }
    }
}

// MARK: Replies

extension RedisConnectionState {
    /// A reply has come. Nil: nothing to do.
    mutating func received(_ reply: RESPReply) -> ReplyAction? {
        guard phase != .closing, phase != .closed else { return nil }
        guard owedReplies > 0, let command = commands.first else {
            return violation("a reply that nothing asked for")
        }
        switch command.purpose {
        case .handshake(let step): return received(reply, to: step)
        case .lookup(let waiter, let byteCount): return received(reply, upTo: byteCount, for: waiter)
        case .store: return receivedStoreReply(reply)
        }
    }

    /// The bytes can be read as replies no further.
    mutating func malformed(_ text: String) -> Ending? {
        end(.protocolViolation(text))
    }

    /// So many bytes of an incomplete reply have come in.
    mutating func undelivered(_ byteCount: Int) -> Ending? {
        byteCount > undeliveredLimit ? end(.protocolViolation("a reply longer than any that was due")) : nil
    }

    /// An incomplete reply can only be the oldest command's: what that may be answered with, or an error line.
    private var undeliveredLimit: Int {
        guard owedReplies > 0, let command = commands.first else { return 0 }
        let lineBytes = 1024
        if case .lookup(_, let byteCount) = command.purpose {
            return byteCount.addingReportingOverflow(lineBytes).overflow ? byteCount : byteCount + lineBytes
        }
        return lineBytes
    }

    private mutating func received(_ reply: RESPReply, to step: RedisHandshakeStep) -> ReplyAction? {
        switch reply {
        case .status(let text) where text.equals(step == .ping ? "PONG" : "OK"):
            commands.removeFirst()
            guard step == .ping else { return nil }
            phase = .ready
            return .becomeReady
        case .error(let text):
            let error = step.error(for: text.printableLine)
            return end(error).map { .end($0) }
        case .status, .string, .null, .unexpected:
            return violation("a wrong answer to the handshake")
        }
    }

    private mutating func received(_ reply: RESPReply, upTo byteCount: Int, for waiter: Waiter) -> ReplyAction? {
        let lookup: RedisLookup
        switch reply {
        case .string(let value) where value.readableBytes > byteCount:
            return violation("a value longer than was asked for")
        case .string(let value): lookup = value.readableBytes > 0 ? .value(value) : .missing
        case .null: lookup = .missing
        case .error(let text): lookup = .failed(.errorReply(text.printableLine))
        case .status, .unexpected: return violation("a wrong type of answer to a look-up")
        }
        commands.removeFirst()
        hasAnswered = true
        return .answer(waiter, lookup)
    }

    private mutating func receivedStoreReply(_ reply: RESPReply) -> ReplyAction? {
        let error: RedisError?
        switch reply {
        case .status(let text) where text.equals("OK"): error = nil
        case .error(let text): error = .errorReply(text.printableLine)
        case .status, .string, .null, .unexpected: return violation("a wrong answer to a store")
        }
        commands.removeFirst()
        hasAnswered = true
        return .settleStore(error)
    }

    private mutating func violation(_ text: String) -> ReplyAction? {
        end(.protocolViolation(text)).map { .end($0) }
    }
}

// MARK: Endings

extension RedisConnectionState {
    /// The connection is no longer wanted.
    mutating func close() -> Ending? {
        end(.closed)
    }

    /// Reading, writing or the security layer failed.
    mutating func transportFailed(_ text: String) -> Ending? {
        end(.connect(text))
    }

    /// The channel is closed, whoever wanted it.
    mutating func channelClosed() -> Ending? {
        let ending = end(.connect("closed by the server"))
        phase = .closed
        return ending
    }

    private mutating func end(_ error: RedisError) -> Ending? {
        guard phase != .closing, phase != .closed else { return nil }
        phase = .closing
        armedFor = nil
        unsent = 0
        var waiters: [Waiter] = []
        var lostStores = 0
        for command in commands {
            switch command.purpose {
            case .handshake: break
            case .lookup(let waiter, _): waiters.append(waiter)
            case .store: lostStores += 1
            }
        }
        commands.removeAll()
        return Ending(error: error, waiters: waiters, lostStores: lostStores)
    }
}

extension RedisHandshakeStep {
    /// A server may refuse AUTH for reasons that have nothing to do with the password.
    fileprivate func error(for line: String) -> RedisError {
        let passing = ["LOADING", "MASTERDOWN", "BUSY", "DENIED", "ERR max number of clients"]
        let refusing = ["NOAUTH", "WRONGPASS", "NOPERM"]
        let concernsPassword =
            self == .authenticate ? !passing.contains(where: line.hasPrefix) : refusing.contains(where: line.hasPrefix)
        return concernsPassword ? .auth(line) : .errorReply(line)
    }
}
