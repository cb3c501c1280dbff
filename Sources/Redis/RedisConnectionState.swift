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
        /// The numbers of the stores that may or may not have happened.
        let lostStores: [Int]
        /// Whether the server closed a connection that had worked and on which it owed nobody anything.
        var isIdleClose = false
    }

    /// A command that its node has sent elsewhere.
    struct Redirected {
        enum Command {
            case lookup(Waiter, upTo: Int)
            case store(Int)
        }

        let command: Command
        let redirect: RedisRedirect
        /// The reply, for people.
        let line: String
        /// How often the command had been sent elsewhere before.
        let redirects: Int
        let deadline: NIODeadline
    }

    /// What one reply asks the handler to do.
    enum ReplyAction {
        case becomeReady
        case answer(Waiter, RedisLookup)
        /// The store of this number is no longer on its way; nil if it was confirmed.
        case settleStore(Int, RedisError?)
        case redirect(Redirected)
        /// The new password was accepted, or why not; the connection stays what it was.
        case authenticated(RedisError?)
        case probed(RedisCommandKind, RedisProbeAnswer)
        case end(Ending)
    }

    enum Purpose {
        case handshake(RedisHandshakeStep)
        case lookup(Waiter, upTo: Int, redirects: Int)
        case store(Int, redirects: Int)
        /// ASKING, which lets a node take the command after it.
        case asking
        /// PING on a connection that would be idle.
        case keepAlive
        /// AUTH with a password that has changed.
        case authentication
        /// A look-up or a store without effect, on a server that refused one.
        case probe(RedisCommandKind)
    }

    struct Command {
        let purpose: Purpose
        let deadline: NIODeadline
    }

    var phase = Phase.connecting
    /// How the handshake's probes were answered.
    var probes: [(kind: RedisCommandKind, answer: RedisProbeAnswer)] = []
    /// Whether a command after the handshake got its reply: the proof that a server does more than say PONG.
    var hasAnswered = false

    /// When the handshake was sent.
    private var openedAt: NIODeadline?

    let connectDeadline: NIODeadline
    let commandDeadline: TimeAmount
    private let maximumOutstanding: Int
    let database: Int
    var commands = CircularBuffer<Command>()
    /// How many of the youngest commands have not been handed to the channel; no reply can be theirs.
    var unsent = 0
    /// When the timer fires that the handler was last asked to arm; nil when there is none.
    var armedFor: NIODeadline?
    /// When the timer last found a command overdue; nil once there is none.
    var overdueSince: NIODeadline?

    init(connectDeadline: NIODeadline, commandDeadline: TimeAmount, maximumOutstanding: Int, database: Int = 0) {
        self.database = database
        self.connectDeadline = connectDeadline
        self.commandDeadline = commandDeadline
        self.maximumOutstanding = maximumOutstanding
    }
}

/// How a command without effect was answered.
enum RedisProbeAnswer: Equatable {
    case accepted
    /// The key belongs to another node.
    case elsewhere
    case refused(String)
}

/// The commands that must be answered before a connection is used.
enum RedisHandshakeStep: Equatable {
    case authenticate, select, ping
    /// A look-up and a store without effect, which tell what the user may not do.
    case probe(RedisCommandKind)
}

// MARK: Commands

extension RedisConnectionState {
    /// The transport is up. Returns whether the commands of `handshake`, of which the last is `.ping`, are to be sent.
    mutating func opened(handshake: [RedisHandshakeStep], now: NIODeadline) -> Bool {
        guard phase == .connecting else { return false }
        phase = .handshaking
        openedAt = now
        for step in handshake {
            append(.handshake(step), now: now)
        }
        return true
    }

    /// A look-up is wanted. Returns nil if its command is to be written, or why not.
    ///
    /// - Parameters:
    ///   - redirects: how often it has been sent elsewhere.
    ///   - asking: whether ASKING goes before it.
    mutating func addLookup(
        _ waiter: Waiter, upTo byteCount: Int, redirects: Int = 0, asking: Bool = false, now: NIODeadline
    ) -> RedisError? {
        if let sendError = sendError(asking) { return sendError }
        if asking { append(.asking, now: now) }
        append(.lookup(waiter, upTo: byteCount, redirects: redirects), now: now)
        return nil
    }

    /// A store is wanted. Returns nil if its command is to be written, or why not.
    mutating func addStore(
        _ number: Int = 0, redirects: Int = 0, asking: Bool = false, now: NIODeadline
    ) -> RedisError? {
        if let sendError = sendError(asking) { return sendError }
        if asking { append(.asking, now: now) }
        append(.store(number, redirects: redirects), now: now)
        return nil
    }

    /// The connection has been left alone. Returns whether PING is to be written.
    mutating func addKeepAlive(now: NIODeadline) -> Bool {
        guard phase == .ready, commands.isEmpty else { return false }
        append(.keepAlive, now: now)
        return true
    }

    /// The password has changed. Returns whether AUTH is to be written.
    mutating func addAuthentication(now: NIODeadline) -> Bool {
        guard phase == .ready else { return false }
        append(.authentication, now: now)
        return true
    }

    /// What the server refused is to be tried again. Returns whether the probe is to be written.
    mutating func addProbe(_ kind: RedisCommandKind, now: NIODeadline) -> Bool {
        guard phase == .ready else { return false }
        append(.probe(kind), now: now)
        return true
    }

    /// Every command so far has been handed to the channel.
    mutating func sent() {
        unsent = 0
    }

    /// Whether a close by the server at this moment is that of an idle connection: one that closes at once, each time,
    /// has not worked.
    func isIdle(now: NIODeadline) -> Bool {
        let owesNobody = commands.allSatisfy {
            switch $0.purpose {
            case .keepAlive, .authentication, .probe: true
            case .handshake, .lookup, .store, .asking: false
            }
        }
        let hasLasted = openedAt.map { now >= $0 + .milliseconds(500) } ?? false
        return phase == .ready && owesNobody && (hasAnswered || hasLasted)
    }

    /// How many replies the server owes.
    var owedReplies: Int {
        commands.count - unsent
    }

    private func sendError(_ asking: Bool) -> RedisError? {
        guard phase == .ready else { return .notReady }
        return commands.count + (asking ? 1 : 0) < maximumOutstanding ? nil : .queueFull
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
