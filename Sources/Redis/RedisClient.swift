public import NIOCore
import NIOPosix

/// A pipelined Redis client for one event loop: one connection, made again whenever it is lost, until `close()`.
///
/// Everything happens on the event loop it was made for, calls and completions alike. While there is no usable
/// connection a look-up fails at once and a store is dropped, until the server has answered PING.
public final class RedisClient {
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let storeSettled: () -> Void
    private let observer: (RedisEvent) -> Void
    private var backoff: ReconnectBackoff
    private var stage = Stage.idle
    private var closing: EventLoopPromise<Void>?
    private var connection: RedisChannelHandler?
    /// The reason that was reported last since the connection was up, and when.
    private var reportedReason: (error: RedisError, time: NIODeadline)?

    private enum Stage {
        case idle, attempting, connected
        case waiting(Scheduled<Void>)
    }

    /// Makes a client that does nothing until `start()`.
    ///
    /// - Parameters:
    ///   - eventLoop: the loop of all calls and completions.
    ///   - storeSettled: called once for each store that was sent, in their order: when its reply comes, or when its
    ///     connection ends, before the look-ups of that connection fail.
    ///   - observer: receives errors and the connection's ups and downs, on the event loop.
    public init(
        configuration: RedisConfiguration,
        eventLoop: any EventLoop,
        storeSettled: @escaping () -> Void = {},
        observer: @escaping (RedisEvent) -> Void
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.storeSettled = storeSettled
        self.observer = observer
        backoff = ReconnectBackoff(initial: configuration.initialBackoff, maximum: configuration.maximumBackoff)
    }

    /// Begins to connect; a second call does nothing. Attempts keep the client alive, so end it with `close()`.
    public func start() {
        eventLoop.preconditionInEventLoop()
        guard case .idle = stage, closing == nil else { return }
        attempt()
    }

    /// Looks up the first `byteCount` bytes (at least 1) stored under `key`; the command leaves with the next flush.
    ///
    /// `completion` is called exactly once: before this returns if the look-up is refused (`notReady`, `queueFull`,
    /// `commandTooLarge`, `closed`), else when the reply, the deadline or the end of the connection comes.
    public func getRange(
        key: UnsafeRawBufferPointer,
        upTo byteCount: Int,
        _ completion: @escaping (RedisLookup) -> Void
    ) {
        eventLoop.assertInEventLoop()
        precondition(byteCount > 0, "a look-up asks for at least one byte")
        guard let connection else { return completion(.failed(closing == nil ? .notReady : .closed)) }
        connection.getRange(key: key, upTo: byteCount, completion)
    }

    /// Stores `value` under `key` for `expireSeconds` (at least 1); the command leaves with the next `flush()`.
    ///
    /// The outcome is not awaited; the observer receives a failure.
    ///
    /// - Returns: whether the store is on its way, until `storeSettled` is called for it.
    @discardableResult
    public func set(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, expireSeconds: Int) -> Bool {
        eventLoop.assertInEventLoop()
        precondition(expireSeconds > 0, "an entry lives for at least one second")
        return connection?.set(key: key, value: value, expireSeconds: expireSeconds) ?? false
    }

    /// Writes all commands since the last call in one write; call it once at the end of a tick of the event loop.
    public func flush() {
        eventLoop.assertInEventLoop()
        connection?.flush()
    }

    /// Writes what has been asked for, fails outstanding look-ups with `closed`, and stops connecting for good.
    ///
    /// - Returns: a future of the moment when nothing of the client is left on the event loop.
    public func close() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        if let closing { return closing.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        closing = promise
        switch stage {
        case .idle: promise.succeed()
        case .waiting(let task):
            task.cancel()
            stage = .idle
            promise.succeed()
        case .attempting: break
        case .connected:
            let connection = connection
            self.connection = nil
            connection?.close()
        }
        return promise.futureResult
    }
}

// MARK: Connecting

extension RedisClient {
    private func attempt() {
        stage = .attempting
        let password: String?
        do {
            password = try configuration.password()
        } catch {
            return failAttempt(.auth(ByteBuffer(string: "the password cannot be read: \(error)").printableLine))
        }
        let deadline = eventLoop.now + configuration.connectTimeout
        makeBootstrap().connect(host: configuration.host, port: configuration.port)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): self.adopt(channel, password: password, deadline: deadline)
                case .failure(let error): self.failAttempt(.connect(self.configuration.text(of: error)))
                }
            }
    }

    private func makeBootstrap() -> ClientBootstrap {
        let highWaterMark = max(configuration.maximumOutgoingBytes, 2)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: highWaterMark / 2, high: highWaterMark))
            // A name may have several addresses, each with a channel of its own, so the handlers are added to the
            // channel that won; until then nothing is read, and no byte of the server is lost.
            .channelOption(.autoRead, value: false)
    }

    private func adopt(_ channel: any Channel, password: String?, deadline: NIODeadline) {
        guard closing == nil else {
            return channel.close().assumeIsolated().whenComplete { _ in self.finishClosing() }
        }
        let handler = RedisChannelHandler(
            configuration: configuration,
            password: password,
            connectDeadline: deadline,
            onEvent: { [weak self] event in self?.connectionReported(event) },
            onStoreSettled: storeSettled
        )
        guard let handler else {
            channel.close(promise: nil)
            return failAttempt(.connect("no memory for a reader"))
        }
        stage = .connected
        connection = handler
        do {
            if let security = configuration.security {
                try security.addHandlers(channel, configuration.host)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            channel.close(promise: nil)
            return failAttempt(.connect(configuration.text(of: error)))
        }
        // Fails only on a channel that has been closed meanwhile, which the handler has reported.
        channel.setOption(.autoRead, value: true).whenComplete { _ in }
    }

    private func failAttempt(_ error: RedisError) {
        connection = nil
        guard closing == nil else { return finishClosing() }
        report(error)
        scheduleAttempt()
    }

    private func scheduleAttempt() {
        guard closing == nil else { return finishClosing() }
        var generator = SystemRandomNumberGenerator()
        let pause = backoff.next(using: &generator)
        stage = .waiting(eventLoop.assumeIsolated().scheduleTask(in: pause) { self.attempt() })
    }

    private func finishClosing() {
        stage = .idle
        closing?.succeed()
    }
}

// MARK: Events

extension RedisClient {
    private func connectionReported(_ event: RedisChannelHandler.Event) {
        switch event {
        case .ready:
            reportedReason = nil
            observer(.up)
        case .lookupError(let error): observer(.error(error))
        case .storeError(.closed), .ended(.closed): break
        case .storeError(let error): observer(.storeError(error))
        case .ended(let error): report(error)
        case .closed(let hasAnswered):
            // A server that answers PING and nothing else must not be tried as eagerly as one that was restarted.
            if hasAnswered { backoff.reset() }
            connection = nil
            scheduleAttempt()
        }
    }

    private func report(_ error: RedisError) {
        observer(.error(error))
        if let last = reportedReason {
            guard last.error != error, eventLoop.now >= last.time + configuration.reasonInterval else { return }
        }
        reportedReason = (error, eventLoop.now)
        observer(.down(error))
    }
}
