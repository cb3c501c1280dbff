import NIOCore

/// One server: its connection on this event loop, made again whenever it is lost, until `close()`.
///
/// While there is no usable connection a command fails at once, with two exceptions. Commands may wait, within their
/// own deadlines, for a connection that has never failed, or that the server closed while it was idle.
final class RedisNode {
    typealias Redirected = RedisChannelHandler.Redirected

    /// What a node reports to its client.
    enum Event {
        case ready
        case lookupError(RedisError)
        case storeError(RedisError)
        case authenticated(RedisError?)
        /// A probe was refused: the user or the server's state does not allow what is needed.
        case refused(RedisCommandKind, String)
        /// A probe of something that had been refused succeeded.
        case accepted(RedisCommandKind)
        /// An attempt to connect failed, or a connection ended.
        case lost(RedisError)
    }

    let address: NodeAddress
    /// The rules that the node must meet; nil for the URL's own host.
    private let trust: NodeTrust?
    let connector: NodeConnector
    let stores: any RedisStores
    private let onEvent: (RedisNode, Event) -> Void
    private let onRedirect: (RedisNode, Redirected) -> Void
    private var backoff: ReconnectBackoff
    private var stage = Stage.idle
    var closing: EventLoopPromise<Void>?
    private var keepAlive: Scheduled<Void>?
    var waiting: [Waiting] = []
    /// The password that was last sent.
    private var password: String?
    /// When a connection was given up because its server is a replica.
    private var replacedAt: NIODeadline?
    /// Whether the connection being made is expected to succeed.
    private(set) var mayWait = true
    /// Whether the server closed the last connection while it was idle, and there is no other yet.
    private(set) var isReopening = false
    /// What was last refused, and not accepted by a probe since.
    private var refusing: [RedisCommandKind: String] = [:]
    private(set) var connection: RedisChannelHandler?
    /// Where the last connection went.
    private(set) var remoteAddress: SocketAddress?
    /// Whether it closes as soon as its outstanding commands are done; how it ends is not reported.
    var isRetiring = false
    /// Whether the client has reported that the node does not respond.
    var isReportedDown = false

    private enum Stage {
        case idle, attempting, connected
        case pausing(Scheduled<Void>)
    }

    struct Waiting {
        let command: Redirected.Command
        let redirects: Int
        let asking: Bool
    }

    /// - Parameters:
    ///   - trust: the rules that the node must meet; nil for the URL's own host.
    ///   - stores: holds each store's key and value until it is settled.
    ///   - onRedirect: takes over a command that the node has redirected.
    init(
        _ address: NodeAddress, trust: NodeTrust?, _ connector: NodeConnector, stores: any RedisStores,
        onEvent: @escaping (RedisNode, Event) -> Void, onRedirect: @escaping (RedisNode, Redirected) -> Void
    ) {
        self.address = address
        self.trust = trust
        self.connector = connector
        self.stores = stores
        self.onEvent = onEvent
        self.onRedirect = onRedirect
        let configuration = connector.configuration
        backoff = ReconnectBackoff(initial: configuration.initialBackoff, maximum: configuration.maximumBackoff)
    }

    var isReady: Bool { connection?.isReady ?? false }

    /// Starts connecting; a second call does nothing. Attempts keep the node alive, so end it with `close()`.
    func start() {
        guard case .idle = stage, closing == nil else { return }
        attempt()
    }

    func flush() { connection?.flush() }

    /// Writes the commands so far, fails outstanding look-ups with `closed`, and stops connecting for good.
    ///
    /// - Returns: completes when the node has nothing left on the event loop.
    func close() -> EventLoopFuture<Void> {
        if let closing { return closing.futureResult }
        let promise = connector.eventLoop.makePromise(of: Void.self)
        closing = promise
        failWaiting(.closed)
        switch stage {
        case .idle: promise.succeed()
        case .pausing(let task):
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

extension RedisNode {
    private func attempt() {
        stage = .attempting
        let password: String?
        do throws(RedisError) {
            password = try connector.password()
        } catch {
            return failAttempt(error)
        }
        self.password = password
        let deadline = connector.eventLoop.now + connector.configuration.connectTimeout
        connector.connect(to: address).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): self.adopt(channel, password: password, deadline: deadline)
            case .failure(let error): self.failAttempt(.connecting(error, to: self.address))
            }
        }
    }

    private func adopt(_ channel: any Channel, password: String?, deadline: NIODeadline) {
        guard closing == nil else {
            return channel.close().assumeIsolated().whenComplete { _ in self.finishClosing() }
        }
        // Errors name the node.
        var configuration = connector.configuration
        (configuration.host, configuration.port) = (address.host, address.port)
        let handler = RedisChannelHandler(
            configuration: configuration,
            password: password,
            isProbing: !refusing.isEmpty,
            connectDeadline: deadline,
            onEvent: { [weak self] event in self?.connectionReported(event) },
            onStoreSettled: stores.settled,
            onRedirect: { self.onRedirect(self, $0) }
        )
        guard let handler else {
            channel.close(promise: nil)
            return failAttempt(.connect("no memory for a reader"))
        }
        stage = .connected
        connection = handler
        remoteAddress = channel.remoteAddress
        do {
            try trust?.check(channel.remoteAddress, of: address)
            try connector.add(handler, to: channel, names: trust?.certificateNames(of: address) ?? [address.host])
        } catch {
            channel.close(promise: nil)
            return failAttempt(.connecting(error, to: address))
        }
    }

    private func failAttempt(_ error: RedisError) {
        connection = nil
        guard closing == nil else { return finishClosing() }
        lost(error)
        scheduleAttempt()
    }

    private func lost(_ error: RedisError) {
        mayWait = false
        isReopening = false
        onEvent(self, .lost(error))
        failWaiting(error)
    }

    private func scheduleAttempt() {
        guard closing == nil else { return finishClosing() }
        // A connection that was closed while it was idle has not failed.
        if mayWait { return attempt() }
        var generator = SystemRandomNumberGenerator()
        let pause = backoff.next(using: &generator)
        stage = .pausing(connector.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.attempt() })
    }

    private func finishClosing() {
        stage = .idle
        keepAlive?.cancel()
        closing?.succeed()
    }
}

// MARK: Events

extension RedisNode {
    private func connectionReported(_ event: RedisChannelHandler.Event) {
        switch event {
        case .ready:
            isReopening = false
            armKeepAlive()
            for (kind, answer) in connection?.probes ?? [] { probed(kind, answer) }
            onEvent(self, .ready)
            sendWaiting()
        case .lookupError(let error):
            if case .errorReply(let line) = error { refusing[.lookup] = line }
            onEvent(self, .lookupError(error))
            replaceIfWrongServer(error)
        case .storeError(.closed), .ended(.closed): break
        case .storeError(let error):
            if case .errorReply(let line) = error { refusing[.store] = line }
            onEvent(self, .storeError(error))
            replaceIfWrongServer(error)
        case .probed(let kind, let answer): probed(kind, answer)
        case .authenticated(let error): onEvent(self, .authenticated(error))
        case .endedIdle:
            mayWait = closing == nil
            isReopening = mayWait
        case .ended(let error): lost(error)
        case .closed(let hasAnswered):
            // A server that answers only PING must not be retried as eagerly as one that was restarted.
            if hasAnswered { backoff.reset() }
            connection = nil
            keepAlive?.cancel()
            scheduleAttempt()
        }
    }

    private func probed(_ kind: RedisCommandKind, _ answer: RedisProbeAnswer) {
        switch answer {
        case .refused(let line):
            refusing[kind] = line
            return onEvent(self, .refused(kind, line))
        case .elsewhere:
            // These two are decided before where the key belongs; other errors, such as OOM, say nothing about that.
            guard let line = refusing[kind], line.hasPrefix("NOPERM") || line.hasPrefix("CLUSTERDOWN") else { return }
        case .accepted: break
        }
        if refusing.removeValue(forKey: kind) != nil { onEvent(self, .accepted(kind)) }
    }

    /// After a failover the name may lead to another server, while this connection still leads to one that is now a
    /// replica.
    private func replaceIfWrongServer(_ error: RedisError) {
        guard case .errorReply(let line) = error, line.hasPrefix("READONLY") || line.hasPrefix("MASTERDOWN") else {
            return
        }
        let now = connector.eventLoop.now
        // A permanent replica still serves look-ups.
        guard replacedAt.map({ now >= $0 + connector.configuration.reasonInterval }) ?? true else { return }
        replacedAt = now
        mayWait = closing == nil
        connection?.close()
    }

    /// Sends the password on the connection in use if it differs from the one last sent there.
    func authenticate(password: String) {
        guard isReady, password != self.password else { return }
        self.password = password
        connection?.authenticate(password: password)
    }

    private func armKeepAlive() {
        keepAlive?.cancel()
        let interval = connector.configuration.keepAliveInterval
        keepAlive = connector.eventLoop.assumeIsolated().scheduleTask(in: interval) { [weak self] in
            self?.connection?.keepAlive()
            for kind in self?.refusing.keys.map({ $0 }) ?? [] { self?.connection?.probe(kind) }
            self?.armKeepAlive()
        }
    }
}
