import NIOCore
import NIOTLS

/// One connection: performs what `RedisConnectionState` decides, with hiredis for the protocol, a channel for the bytes.
///
/// It is added to a channel that is connected already, as the last handler, and lives on the channel's event loop.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Completion = (RedisLookup) -> Void
    private typealias State = RedisConnectionState<Completion>

    /// What the client learns of its connection.
    enum Event: Equatable {
        case ready
        case lookupError(RedisError)
        case storeError(RedisError)
        /// The connection can no longer be used; reported once, before its look-ups fail.
        case ended(RedisError)
        /// The channel is gone; reported once, last. `hasAnswered`: it had served at least one command.
        case closed(hasAnswered: Bool)
    }

    private let configuration: RedisConfiguration
    private let password: String?
    private let reader: RESPReader
    private let onEvent: (Event) -> Void
    private let onStoreSettled: () -> Void
    private var state: State
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var outgoing = ByteBuffer()
    private var isWritable = true
    private var replies: [RESPReply] = []
    private var actions: [State.ReplyAction] = []

    /// Fails when there is no memory for hiredis's reader.
    ///
    /// - Parameter onStoreSettled: called once for each store that was sent, in their order: at the reply, or at the
    ///   connection's end before its look-ups fail.
    init?(
        configuration: RedisConfiguration,
        password: String?,
        connectDeadline: NIODeadline,
        onEvent: @escaping (Event) -> Void,
        onStoreSettled: @escaping () -> Void = {}
    ) {
        guard let reader = RESPReader() else { return nil }
        self.reader = reader
        self.configuration = configuration
        self.password = password
        self.onEvent = onEvent
        self.onStoreSettled = onStoreSettled
        state = State(
            connectDeadline: connectDeadline,
            commandDeadline: configuration.commandDeadline,
            maximumOutstanding: configuration.maximumOutstandingCommands
        )
    }

    var isReady: Bool {
        state.phase == .ready
    }
}

// MARK: Commands

extension RedisChannelHandler {
    func getRange(key: UnsafeRawBufferPointer, upTo byteCount: Int, _ completion: @escaping Completion) {
        guard let context else { return completion(.failed(.notReady)) }
        let now = context.eventLoop.now
        let sendError =
            self.sendError(byteCount: key.count) ?? state.addLookup(completion, upTo: byteCount, now: now)
        if let sendError {
            if sendError != .notReady { onEvent(.lookupError(sendError)) }
            return completion(.failed(sendError))
        }
        RESPCommand.getRange(key: key, upTo: byteCount, into: &outgoing)
        armTimer(in: context)
    }

    /// Returns whether the store is on its way.
    @discardableResult
    func set(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, expireSeconds: Int) -> Bool {
        guard let context else { return false }
        let byteCount = key.count + value.count
        if let sendError = self.sendError(byteCount: byteCount) ?? state.addStore(now: context.eventLoop.now) {
            if sendError != .notReady { onEvent(.storeError(sendError)) }
            return false
        }
        RESPCommand.set(key: key, value: value, expireSeconds: expireSeconds, into: &outgoing)
        armTimer(in: context)
        return true
    }

    /// Writes all commands since the last call in one write.
    func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        state.sent()
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        // Costs an allocation only when the socket has not taken the bytes and still holds on to them.
        outgoing.clear()
    }

    /// Sends what has been asked for, fails what is outstanding with `closed`, and closes the channel.
    func close() {
        flush()
        end(state.close())
    }

    /// The bounds that the channel knows and the state machine does not.
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
        guard context.channel.isActive else { return channelClosed() }
        armTimer(in: context)
        if configuration.security == nil { open(in: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        channelClosed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { open(in: context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state.phase != .closing, state.phase != .closed else { return }
        // Taken out of self: a completion may do anything, and whatever it does must find no array in use.
        var replies = self.replies
        var actions = self.actions
        self.replies = []
        self.actions = []
        decide(on: unwrapInboundIn(data), replies: &replies, actions: &actions)
        // All replies of this read have met the commands they belong to; what completions send from here on is safe
        // from them.
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
        channelClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(state.transportFailed(configuration.text(of: error)))
    }

    private func open(in context: ChannelHandlerContext) {
        let user = configuration.user ?? ""
        let authenticates = password != nil || !user.isEmpty
        let selects = configuration.database != 0
        let steps: [RedisHandshakeStep] =
            (authenticates ? [.authenticate] : []) + (selects ? [.select] : []) + [.ping]
        guard state.opened(handshake: steps, now: context.eventLoop.now) else { return }
        for step in steps {
            switch step {
            case .authenticate: RESPCommand.authenticate(user: user, password: password ?? "", into: &outgoing)
            case .select: RESPCommand.select(database: configuration.database, into: &outgoing)
            case .ping: RESPCommand.ping(into: &outgoing)
            }
        }
        armTimer(in: context)
        flush()
    }

    private func channelClosed() {
        guard state.phase != .closed else { return }
        end(state.channelClosed())
        context = nil
        onEvent(.closed(hasAnswered: state.hasAnswered))
    }
}

// MARK: Performing

extension RedisChannelHandler {
    private func decide(on bytes: ByteBuffer, replies: inout [RESPReply], actions: inout [State.ReplyAction]) {
        // One more than is owed is enough to see that there are too many.
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
        case .answer(let completion, let lookup):
            if case .failed(let error) = lookup { onEvent(.lookupError(error)) }
            completion(lookup)
        case .settleStore(let error): settleStore(error)
        case .end(let ending): end(ending)
        }
    }

    private func settleStore(_ error: RedisError?) {
        onStoreSettled()
        if let error { onEvent(.storeError(error)) }
    }

    private func end(_ ending: State.Ending?) {
        guard let ending else { return }
        timer?.cancel()
        timer = nil
        outgoing = ByteBuffer()
        onEvent(.ended(ending.error))
        for _ in 0..<ending.lostStores {
            settleStore(ending.error)
        }
        for waiter in ending.waiters {
            waiter(.failed(ending.error))
        }
        context?.close(promise: nil)
    }

    private func armTimer(in context: ChannelHandlerContext) {
        guard let deadline = state.timerToArm() else { return }
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.timerFired()
        }
    }

    private func timerFired() {
        timer = nil
        guard let context else { return }
        end(state.timerFired(now: context.eventLoop.now))
        armTimer(in: context)
    }
}
