public import NIOCore

/// A pipelined Redis client for one event loop: one connection, made again whenever it is lost, until `close()`.
///
/// Everything happens on the event loop it was made for, calls and completions alike. While there is no usable
/// connection, that is until the server has answered PING, a look-up fails at once and a store is dropped. A connection
/// that the server closed while it was idle is reopened at once, and look-ups wait for it, within their deadline.
///
/// A server that answers MOVED belongs to a cluster: from then on there is one such connection for each node in use,
/// and a look-up may be redirected up to twice within its deadline.
public final class RedisClient {
    private let connector: NodeConnector
    private let stores: any RedisStores
    private let observer: (RedisEvent) -> Void
    private let home: NodeAddress
    private var trust: NodeTrust
    /// The server of the URL; unused while there is a router.
    private var node: RedisNode?
    private var router: ClusterRouter?
    /// Routers whose commands still await replies.
    private var dissolved: [ClusterRouter] = []
    private var dissolvedAt: NIODeadline?
    private var closing: EventLoopFuture<Void>?
    private var isStarted = false
    private var isUp = false
    /// The last reason reported since a connection was up, and when.
    private var reportedReason: (error: RedisError, time: NIODeadline)?
    /// What was reported about announced nodes; limits memory, since a server can announce new ones forever.
    private var refusals: Set<String> = []
    private var isTopologyReported = false
    private var passwordTask: Scheduled<Void>?

    /// Makes a client that does nothing until `start()`.
    ///
    /// - Parameters:
    ///   - eventLoop: the loop of all calls and completions.
    ///   - stores: holds each store's key and value until it is settled: when its reply comes, or when its connection
    ///     ends, before the look-ups of that connection fail.
    ///   - observer: receives errors, and whether connections are up, on the event loop.
    public init(
        configuration: RedisConfiguration, eventLoop: any EventLoop, stores: any RedisStores,
        observer: @escaping (RedisEvent) -> Void
    ) {
        connector = NodeConnector(configuration: configuration, eventLoop: eventLoop)
        self.stores = stores
        self.observer = observer
        home = NodeAddress(host: configuration.host, port: configuration.port)
        trust = NodeTrust(host: configuration.host)
    }

    /// Starts connecting; a second call does nothing. Attempts keep the client alive, so end it with `close()`.
    public func start() {
        connector.eventLoop.preconditionInEventLoop()
        guard !isStarted, closing == nil else { return }
        isStarted = true
        startNode()
        watchPassword()
    }

    /// Looks up the first `byteCount` bytes (at least 1) stored under a key; the command leaves with the next flush.
    ///
    /// The request is finished exactly once: before this returns if the look-up is refused (`notReady`, `queueFull`,
    /// `commandTooLarge`, `closed`), else at the reply, the deadline or the end of the connection.
    public func getRange(_ request: any RedisLookupRequest, upTo byteCount: Int) {
        connector.eventLoop.assertInEventLoop()
        precondition(byteCount > 0, "a look-up asks for at least one byte")
        if let node, node.isReopening { return wait(request, upTo: byteCount, for: node) }
        if let connection = node?.connection {
            return request.withKey { connection.getRange(key: $0, upTo: byteCount, request) }
        }
        guard closing == nil else { return request.finish(.failed(.closed)) }
        guard let router else { return request.finish(.failed(.notReady)) }
        router.lookUp(request, upTo: byteCount)
    }

    private func wait(_ request: any RedisLookupRequest, upTo byteCount: Int, for node: RedisNode) {
        let deadline = connector.eventLoop.now + connector.configuration.commandDeadline
        let waiting = RoutedLookup(request, deadline: deadline, on: connector.eventLoop) { [weak self] in
            self?.observer(.error(.deadline))
        }
        node.send(.lookup(waiting, upTo: byteCount))
    }

    /// Stores `value` under `key` for `expireSeconds` (at least 1); the command leaves with the next `flush()`.
    ///
    /// The outcome is not awaited; the observer receives a failure.
    ///
    /// - Parameter number: the number under which the client's stores hold it already.
    /// - Returns: whether the store is on its way, until it is settled.
    public func set(
        _ number: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, expireSeconds: Int
    ) -> Bool {
        connector.eventLoop.assertInEventLoop()
        precondition(expireSeconds > 0, "an entry lives for at least one second")
        if let connection = node?.connection {
            return connection.set(number, key: key, value: value, expireSeconds: expireSeconds)
        }
        guard closing == nil else { return false }
        return router?.store(number, key: key, value: value, expireSeconds: expireSeconds) ?? false
    }

    /// Writes all commands since the last call, those of each connection in one write; call it once at the end of a
    /// tick of the event loop.
    public func flush() {
        connector.eventLoop.assertInEventLoop()
        node?.flush()
        router?.flush()
    }

    /// Writes the commands so far, fails outstanding look-ups with `closed`, and stops connecting for good.
    ///
    /// - Returns: completes when the client has nothing left on the event loop.
    public func close() -> EventLoopFuture<Void> {
        connector.eventLoop.preconditionInEventLoop()
        if let closing { return closing }
        passwordTask?.cancel()
        // If a look-up fails meanwhile and is repeated, it must find the client closed.
        let promise = connector.eventLoop.makePromise(of: Void.self)
        closing = promise.futureResult
        let closed = [node?.close(), router?.close()].compactMap { $0 } + dissolved.map { $0.close() }
        EventLoopFuture.andAllComplete(closed, on: connector.eventLoop).cascade(to: promise)
        return promise.futureResult
    }
}

// MARK: The password

extension RedisClient {
    private func watchPassword() {
        guard let interval = connector.configuration.passwordInterval else { return }
        passwordTask = connector.eventLoop.assumeIsolated().scheduleTask(in: interval) { [weak self] in
            self?.authenticateAgain()
            self?.watchPassword()
        }
    }

    /// An unreadable password is reported when a connection needs it.
    private func authenticateAgain() {
        guard let password = (try? connector.configuration.password()) ?? nil else { return }
        node?.authenticate(password: password)
        router?.authenticate(password: password)
    }
}

// MARK: The server and its cluster

extension RedisClient {
    private func startNode() {
        let node = Self.makeNode(home, trust: nil, connector, stores, for: self)
        self.node = node
        node.start()
    }

    private static func makeNode(
        _ address: NodeAddress, trust: NodeTrust?, _ connector: NodeConnector, _ stores: any RedisStores,
        for client: RedisClient?
    ) -> RedisNode {
        RedisNode(
            address, trust: trust, connector, stores: stores,
            onEvent: { [weak client] node, event in client?.nodeReported(node, event) },
            onRedirect: { [weak client] node, redirected in
                guard let client else { return node.fail(redirected.command, .closed) }
                client.follow(redirected, from: node)
            })
    }

    private func follow(_ redirected: RedisNode.Redirected, from node: RedisNode) {
        guard let router = router ?? makeRouter(from: node) else {
            let error = RedisError.errorReply(redirected.line)
            if case .lookup = redirected.command { observer(.error(error)) } else { observer(.storeError(error)) }
            return node.fail(redirected.command, error)
        }
        router.follow(redirected, from: node)
    }

    /// The router, made at the first MOVED; nil if none can exist.
    private func makeRouter(from node: RedisNode) -> ClusterRouter? {
        guard closing == nil, node === self.node else { return nil }
        // A server that answers MOVED, but reports that it has no cluster, is not asked again for every command.
        let now = connector.eventLoop.now
        if let dissolvedAt, now < dissolvedAt + connector.configuration.reasonInterval { return nil }
        guard connector.configuration.database == 0 else {
            refuse(.clusterDatabase(connector.configuration.database))
            return nil
        }
        let router = ClusterRouter(
            connector, homeNode: node, trust: trust,
            makeNode: { [weak self, connector, stores] address, trust in
                Self.makeNode(address, trust: trust, connector, stores, for: self)
            },
            onEvent: { [weak self] event in self?.routerReported(event) })
        self.router = router
        self.node = nil
        return router
    }

    private func routerReported(_ event: ClusterRouter.Event) {
        switch event {
        case .learned(let primaries):
            isTopologyReported = false
            observer(.cluster(primaries: primaries))
        case .refused(let error): refuse(error)
        case .lookupError(let error): observer(.error(error))
        case .storeError(let error): observer(.storeError(error))
        case .topologyError(let error):
            observer(.error(error))
            guard !isTopologyReported else { return }
            isTopologyReported = true
            observer(.slotsUnknown(error))
        case .left(let node): observer(.nodeLeft("\(node.address)"))
        case .dissolved: dissolve()
        }
    }

    /// The server of the URL has left its cluster. Commands that were sent to the nodes still get their replies.
    private func dissolve() {
        guard closing == nil, let router else { return }
        self.router = nil
        dissolvedAt = connector.eventLoop.now
        dissolved.append(router)
        router.retire().assumeIsolated().whenComplete { [weak self] _ in
            self?.dissolved.removeAll { $0 === router }
        }
        startNode()
    }

    private func refuse(_ error: RedisError) {
        observer(.error(error))
        guard refusals.count < 64, refusals.insert("\(error)").inserted else { return }
        observer(.nodeRefused(error))
    }
}

// MARK: Events

extension RedisClient {
    private func nodeReported(_ node: RedisNode, _ event: RedisNode.Event) {
        switch event {
        case .ready: becameReady(node)
        case .lookupError(let error):
            observer(.error(error))
            if case .errorReply(let line) = error, line.hasPrefix("CLUSTERDOWN") { router?.wantSlots() }
        case .storeError(let error): observer(.storeError(error))
        case .authenticated(let error):
            if let error { observer(.error(error)) }
            observer(.authenticated(error))
        case .refused(let kind, let line):
            observer(kind == .lookup ? .error(.errorReply(line)) : .storeError(.errorReply(line)))
            observer(.refused(kind, line))
        case .accepted(let kind): observer(.accepted(kind))
        case .lost(let error): lost(node, error)
        }
    }

    private func becameReady(_ node: RedisNode) {
        if node === self.node { trust.reached(node.remoteAddress) }
        if node.isReportedDown {
            node.isReportedDown = false
            observer(.nodeUp("\(node.address)"))
        }
        reportedReason = nil
        guard !isUp else { return }
        isUp = true
        observer(.up)
    }

    private func lost(_ node: RedisNode, _ error: RedisError) {
        guard !node.isRetiring else { return }
        router?.wantSlots()
        if let router, router.isUsable {
            observer(.error(error))
            guard !node.isReportedDown else { return }
            node.isReportedDown = true
            observer(.nodeDown("\(node.address)", error))
        } else {
            report(error)
        }
    }

    private func report(_ error: RedisError) {
        observer(.error(error))
        isUp = false
        if let last = reportedReason {
            let interval = connector.configuration.reasonInterval
            guard last.error != error, connector.eventLoop.now >= last.time + interval else { return }
        }
        reportedReason = (error, connector.eventLoop.now)
        observer(.down(error))
    }
}
