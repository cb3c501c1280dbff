import NIOCore

/// What one connection does next: a pure state machine over the commands that wait for replies, oldest first.
///
/// It decides and never acts: `RedisChannelHandler` performs what it returns, and tests use a `String` as the waiter.
/// Replies are matched to commands by position alone. So the rule for every cell is: a connection whose position could
/// be in doubt is given up, together with everything that waits for it.
///
///     connecting ──opened──▶ handshaking ──+PONG──▶ ready
///          └────────── any error or close() ──────────┴──▶ closing ──channelClosed──▶ closed
struct RedisConnectionState<Waiter> {
    enum Phase: Equatable {
        case connecting, handshaking, ready, closing, closed
    }

    /// Why a connection is given up, and what was waiting for it.
    struct Ending {
        let error: RedisError
        /// The look-ups without a reply, in the order they were made.
        let waiters: [Waiter]
        /// The numbers of the stores that may or may not have happened.
        let lostStores: [Int]
        /// Whether the server closed a connection that had worked and owed no replies.
        var isIdleClose = false
    }

    /// A command that its node has redirected.
    struct Redirected {
        enum Command {
            case lookup(Waiter, upTo: Int)
            case store(Int)
        }

        let command: Command
        let redirect: RedisRedirect
        /// The reply as a line for people.
        let line: String
        /// How often the command had been redirected before.
        let redirects: Int
        let deadline: NIODeadline
    }

    /// What the handler must do about a reply.
    enum ReplyAction {
        case becomeReady
        case answer(Waiter, RedisLookup)
        /// The store of this number is no longer on its way; the error is nil if it was confirmed.
        case settleStore(Int, RedisError?)
        case redirect(Redirected)
        /// The new password was accepted, or the error if not; the connection stays as it was.
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
        /// PING, so that a connection does not become idle.
        case keepAlive
        /// AUTH with a changed password.
        case authentication
        /// A look-up or a store without effect, sent to a server that refused one.
        case probe(RedisCommandKind)
    }

    struct Command {
        let purpose: Purpose
        let deadline: NIODeadline
    }

    var phase = Phase.connecting
    /// The results of the handshake's probes.
    var probes: [(kind: RedisCommandKind, answer: RedisProbeAnswer)] = []
    /// Whether a command after the handshake got its reply: proof that the server does more than answer PING.
    var hasAnswered = false

    /// When the handshake was sent.
    private var openedAt: NIODeadline?

    let connectDeadline: NIODeadline
    let commandDeadline: TimeAmount
    private let maximumOutstanding: Int
    let database: Int
    var commands = CircularBuffer<Command>()
    /// How many of the newest commands have not been handed to the channel; no reply can be theirs.
    var unsent = 0
    /// When the timer fires that the handler was last asked to arm; nil if there is none.
    var armedFor: NIODeadline?
    /// When the timer last found a command overdue; nil once none is.
    var overdueSince: NIODeadline?

    init(connectDeadline: NIODeadline, commandDeadline: TimeAmount, maximumOutstanding: Int, database: Int = 0) {
        self.database = database
        self.connectDeadline = connectDeadline
        self.commandDeadline = commandDeadline
        self.maximumOutstanding = maximumOutstanding
    }
}

/// The result of a command without effect.
enum RedisProbeAnswer: Equatable {
    case accepted
    /// The key belongs to another node.
    case elsewhere
    case refused(String)
}

/// The commands that need their replies before a connection is used.
enum RedisHandshakeStep: Equatable {
    case authenticate, select, ping
    /// A look-up and a store without effect, which show what the user may not do.
    case probe(RedisCommandKind)
}

// MARK: Commands

extension RedisConnectionState {
    /// The transport is up. Returns whether to send the commands of `handshake`, which ends with `.ping`.
    mutating func opened(handshake: [RedisHandshakeStep], now: NIODeadline) -> Bool {
        guard phase == .connecting else { return false }
        phase = .handshaking
        openedAt = now
        for step in handshake {
            append(.handshake(step), now: now)
        }
        return true
    }

    /// A look-up is requested. Returns nil if its command is to be written, else the reason why not.
    ///
    /// - Parameters:
    ///   - redirects: how often it has been redirected.
    ///   - asking: whether to send ASKING before it.
    mutating func addLookup(
        _ waiter: Waiter, upTo byteCount: Int, redirects: Int = 0, asking: Bool = false, now: NIODeadline
    ) -> RedisError? {
        if let sendError = sendError(asking) { return sendError }
        if asking { append(.asking, now: now) }
        append(.lookup(waiter, upTo: byteCount, redirects: redirects), now: now)
        return nil
    }

    /// A store is requested. Returns nil if its command is to be written, else the reason why not.
    mutating func addStore(
        _ number: Int = 0, redirects: Int = 0, asking: Bool = false, now: NIODeadline
    ) -> RedisError? {
        if let sendError = sendError(asking) { return sendError }
        if asking { append(.asking, now: now) }
        append(.store(number, redirects: redirects), now: now)
        return nil
    }

    /// The connection has been idle. Returns whether to write PING.
    mutating func addKeepAlive(now: NIODeadline) -> Bool {
        guard phase == .ready, commands.isEmpty else { return false }
        append(.keepAlive, now: now)
        return true
    }

    /// The password has changed. Returns whether to write AUTH.
    mutating func addAuthentication(now: NIODeadline) -> Bool {
        guard phase == .ready else { return false }
        append(.authentication, now: now)
        return true
    }

    /// The server is tried again with what it refused. Returns whether to write the probe.
    mutating func addProbe(_ kind: RedisCommandKind, now: NIODeadline) -> Bool {
        guard phase == .ready else { return false }
        append(.probe(kind), now: now)
        return true
    }

    /// Every command so far has been handed to the channel.
    mutating func sent() {
        unsent = 0
    }

    /// Whether a close by the server now is that of an idle connection. A connection that the server closes at once,
    /// each time, has not worked.
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
    /// When to arm a timer, replacing any older one; nil while the present timer fires early enough.
    ///
    /// The timer is left alone when its command gets the reply, and finds the next oldest command when it fires. So a
    /// busy connection arms it once per deadline, not once per command.
    mutating func timerToArm() -> NIODeadline? {
        guard let oldestDeadline else { return nil }
        let wanted = max(oldestDeadline, overdueSince.map { $0 + .milliseconds(1) } ?? oldestDeadline)
        if let armedFor, armedFor <= wanted { return nil }
        armedFor = wanted
        return wanted
    }

    /// The timer has fired. An overdue command gets a moment more, and ends the connection after that.
    ///
    /// An event loop that was delayed runs its timers before it reads its sockets again. Without the extra moment it
    /// would blame the server for a reply that has been in the socket all the time.
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
