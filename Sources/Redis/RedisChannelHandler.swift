import NIOCore
import NIOTLS

/// One connection: does what `RedisConnectionState` decides, with hiredis for the protocol and a channel for the bytes.
///
/// It is the last handler of a channel that is already connected, and lives on the channel's event loop.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Redirected = RedisConnectionState<any RedisLookupRequest>.Redirected
    private typealias State = RedisConnectionState<any RedisLookupRequest>

    private let configuration: RedisConfiguration
    private let password: String?
    private let isProbing: Bool
    private let reader: RESPReader
    private let onEvent: (Event) -> Void
    private let onStoreSettled: (Int, RedisError?) -> Void
    private let onRedirect: (Redirected) -> Void
    private var state: State
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var outgoing = ByteBuffer()
    private var isWritable = true
    private var replies: [RESPReply] = []
    private var actions: [State.ReplyAction] = []

    /// Fails when there is no memory for hiredis's reader.
    ///
    /// - Parameters:
    ///   - isProbing: whether the handshake asks for the user's rights, although it sends no AUTH.
    ///   - onStoreSettled: called once with the number of each store that was sent, in their order: at the reply, or
    ///     when the connection ends, before its look-ups fail.
    ///   - onRedirect: takes over a command that the server has redirected.
    init?(
        configuration: RedisConfiguration,
        password: String?,
        isProbing: Bool = false,
        connectDeadline: NIODeadline,
        onEvent: @escaping (Event) -> Void,
        onStoreSettled: @escaping (Int, RedisError?) -> Void = { _, _ in },
        onRedirect: @escaping (Redirected) -> Void = { _ in }
    ) {
        guard let reader = RESPReader() else { return nil }
        self.reader = reader
        self.configuration = configuration
        self.password = password
        self.isProbing = isProbing
        self.onEvent = onEvent
        self.onStoreSettled = onStoreSettled
        self.onRedirect = onRedirect
        state = State(
            connectDeadline: connectDeadline,
            commandDeadline: configuration.commandDeadline,
            maximumOutstanding: configuration.maximumOutstandingCommands,
            database: configuration.database
        )
    }

    var isReady: Bool { state.phase == .ready }

    /// The results of the handshake's probes.
    var probes: [(kind: RedisCommandKind, answer: RedisProbeAnswer)] { state.probes }
}

// MARK: Commands

extension RedisChannelHandler {
    /// - Parameters:
    ///   - redirects: how often the look-up has been redirected.
    ///   - asking: whether to send ASKING before it.
    func getRange(
        key: UnsafeRawBufferPointer, upTo byteCount: Int, _ request: any RedisLookupRequest, redirects: Int = 0,
        asking: Bool = false
    ) {
        guard let context else { return request.finish(.failed(.notReady)) }
        let sendError =
            self.sendError(byteCount: key.count)
            ?? state.addLookup(
                request, upTo: byteCount, redirects: redirects, asking: asking, now: context.eventLoop.now)
        if let sendError {
            if sendError != .notReady { onEvent(.lookupError(sendError)) }
            return request.finish(.failed(sendError))
        }
        if asking { RESPCommand.asking(into: &outgoing) }
        RESPCommand.getRange(key: key, upTo: byteCount, into: &outgoing)
        armTimer(in: context)
    }

    /// Returns whether the store is on its way.
    @discardableResult
    func set(
        _ number: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, expireSeconds: Int,
        redirects: Int = 0, asking: Bool = false
    ) -> Bool {
        guard let context else { return false }
        let sendError =
            self.sendError(byteCount: key.count + value.count)
            ?? state.addStore(number, redirects: redirects, asking: asking, now: context.eventLoop.now)
        if let sendError {
            if sendError != .notReady { onEvent(.storeError(sendError)) }
            return false
        }
        if asking { RESPCommand.asking(into: &outgoing) }
        RESPCommand.set(key: key, value: value, expireSeconds: expireSeconds, into: &outgoing)
        armTimer(in: context)
        return true
    }

    /// Sends PING if nothing is under way, so that no proxy in between closes the connection as idle.
    func keepAlive() {
        guard let context, state.addKeepAlive(now: context.eventLoop.now) else { return }
        RESPCommand.ping(into: &outgoing)
        armTimer(in: context)
        flush()
    }

    /// Tries, without effect, what the server refused.
    func probe(_ kind: RedisCommandKind) {
        guard let context, let key = configuration.probeKey, state.addProbe(kind, now: context.eventLoop.now) else {
            return
        }
        RESPCommand.probe(kind, key: key, into: &outgoing)
        armTimer(in: context)
        flush()
    }

    /// Sends a changed password, on the connection in use.
    func authenticate(password: String) {
        guard let context, state.addAuthentication(now: context.eventLoop.now) else { return }
        RESPCommand.authenticate(user: configuration.user, password: password, into: &outgoing)
        armTimer(in: context)
        flush()
    }

    /// Writes all commands since the last call in one write.
    func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        state.sent()
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        // Costs an allocation only when the socket has not taken the bytes and still holds on to them.
        outgoing.clear()
    }

    /// Sends the commands so far, fails what is outstanding with `closed`, and closes the channel.
    func close() {
        flush()
        end(state.close())
    }

    /// The limits that the channel knows and the state machine does not.
    private func sendError(byteCount: Int) -> RedisError? {
        guard isReady else { return .notReady }
        guard byteCount <= configuration.maximumCommandBytes else { return .commandTooLarge }
        let total = outgoing.readableBytes + byteCount + RESPCommand.overheadBytes
        return total <= configuration.maximumOutgoingBytes && isWritable ? nil : .queueFull
    }
}

// MARK: Channel events

extension RedisChannelHandler {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return channelClosed(in: context) }
        armTimer(in: context)
        if configuration.security == nil { open(in: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { channelClosed(in: context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { open(in: context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state.phase != .closing, state.phase != .closed else { return }
        // Taken out of self: a completion may do anything, and must never find an array in use.
        var replies = self.replies
        var actions = self.actions
        self.replies = []
        self.actions = []
        decide(on: unwrapInboundIn(data), replies: &replies, actions: &actions)
        // All replies of this read have been assigned to their commands, so what completions send from here on cannot
        // be mixed up with them.
        for action in actions {
            perform(action)
        }
        replies.removeAll(keepingCapacity: true)
        actions.removeAll(keepingCapacity: true)
        self.replies = replies
        self.actions = actions
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        channelClosed(in: context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(state.transportFailed(configuration.text(of: error), now: context.eventLoop.now))
    }

    private func open(in context: ChannelHandlerContext) {
        let user = configuration.user ?? ""
        let authenticates = password != nil || !user.isEmpty
        let selects = configuration.database != 0
        // Only a user that was named, or that has a password, can have too few rights.
        let probes = (authenticates || isProbing) && configuration.probeKey != nil ? RedisCommandKind.allCases : []
        let steps: [RedisHandshakeStep] =
            (authenticates ? [.authenticate] : []) + (selects ? [.select] : []) + probes.map { .probe($0) } + [.ping]
        guard state.opened(handshake: steps, now: context.eventLoop.now) else { return }
        for step in steps {
            switch step {
            case .authenticate: RESPCommand.authenticate(user: user, password: password ?? "", into: &outgoing)
            case .select: RESPCommand.select(database: configuration.database, into: &outgoing)
            case .probe(let kind): RESPCommand.probe(kind, key: configuration.probeKey ?? "", into: &outgoing)
            case .ping: RESPCommand.ping(into: &outgoing)
            }
        }
        armTimer(in: context)
        flush()
    }

    private func channelClosed(in context: ChannelHandlerContext) {
        guard state.phase != .closed else { return }
        end(state.channelClosed(now: context.eventLoop.now))
        self.context = nil
        onEvent(.closed(hasAnswered: state.hasAnswered))
    }
}

// MARK: Performing

extension RedisChannelHandler {
    private func decide(on bytes: ByteBuffer, replies: inout [RESPReply], actions: inout [State.ReplyAction]) {
        // One more than is owed is enough to detect a surplus.
        let violation = reader.decode(bytes, atMost: state.owedReplies + 1, into: &replies)
        for reply in replies {
            guard let action = state.received(reply) else { continue }
            actions.append(action)
        }
        let ending = violation.map { state.malformed($0) } ?? state.undelivered(reader.undeliveredBytes)
        if let ending { actions.append(.end(ending)) }
    }

    private func perform(_ action: State.ReplyAction) {
        switch action {
        case .becomeReady: onEvent(.ready)
        case .answer(let request, let lookup):
            if case .failed(let error) = lookup { onEvent(.lookupError(error)) }
            request.finish(lookup)
        case .settleStore(let number, let error): settleStore(number, error)
        case .redirect(let redirected): onRedirect(redirected)
        case .probed(let kind, let answer): onEvent(.probed(kind, answer))
        case .authenticated(let error): onEvent(.authenticated(error))
        case .end(let ending): end(ending)
        }
    }

    private func settleStore(_ number: Int, _ error: RedisError?) {
        onStoreSettled(number, error)
        if let error { onEvent(.storeError(error)) }
    }

    private func end(_ ending: State.Ending?) {
        guard let ending else { return }
        timer?.cancel()
        timer = nil
        outgoing = ByteBuffer()
        onEvent(ending.isIdleClose ? .endedIdle(ending.error) : .ended(ending.error))
        for number in ending.lostStores {
            settleStore(number, ending.error)
        }
        for waiter in ending.waiters {
            waiter.finish(.failed(ending.error))
        }
        context?.close(promise: nil)
    }

    private func armTimer(in context: ChannelHandlerContext) {
        guard let deadline = state.timerToArm() else { return }
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.timerFired()
        }
    }

    private func timerFired() {
        timer = nil
        guard let context else { return }
        end(state.timerFired(now: context.eventLoop.now))
        armTimer(in: context)
    }
}
