import NIOCore

/// Sends each command to the node that owns its key's slot; made by a client at the first MOVED.
///
/// The map of the slots is only a guess that saves redirects. Each node itself decides whether a key is its own, and a
/// reply belongs to the command that was sent on its connection, so a stale map never gives a wrong result.
final class ClusterRouter {
    /// How often a command is sent elsewhere before it fails.
    static let maximumRedirects = 2

    /// What a router reports to its client.
    enum Event {
        /// The set of nodes that own slots has changed.
        case learned(primaries: Int)
        /// An announced node is not connected to, or a redirect was not followed.
        case refused(RedisError)
        /// A look-up or a store failed.
        case lookupError(RedisError), storeError(RedisError)
        /// None of the nodes that were asked could report the slots.
        case topologyError(RedisError)
        /// A node that had been reported as lost does not belong to the cluster any more.
        case left(RedisNode)
        /// The server of the URL has no cluster.
        case dissolved
    }

    let connector: NodeConnector
    /// The URL's own address: the way back to the cluster when all nodes have changed.
    let home: NodeAddress
    var trust: NodeTrust
    let makeNode: (NodeAddress, NodeTrust) -> RedisNode
    let onEvent: (Event) -> Void
    var map = ClusterSlotMap()
    /// The nodes of `map` by position, as far as they were needed.
    var nodes: [RedisNode?] = []
    /// The URL's connection until the slots are known; then one of the nodes, or closed.
    var homeNode: RedisNode?
    /// Nodes that only finish what they were sent.
    var retiring: [RedisNode] = []
    var refresh: ClusterRefresh
    var refreshTask: Scheduled<Void>?
    var query: TopologyQuery?
    /// Completes when the query under way is over.
    var queryEnd: EventLoopFuture<Void>
    var command = ClusterCommand.slots
    var questions = 0
    var failuresInARow = 0
    var isClosing = false

    init(
        _ connector: NodeConnector, homeNode: RedisNode, trust: NodeTrust,
        makeNode: @escaping (NodeAddress, NodeTrust) -> RedisNode, onEvent: @escaping (Event) -> Void
    ) {
        self.connector = connector
        self.homeNode = homeNode
        home = homeNode.address
        self.trust = trust
        self.makeNode = makeNode
        self.onEvent = onEvent
        let configuration = connector.configuration
        refresh = ClusterRefresh(initial: configuration.initialBackoff, maximum: configuration.maximumBackoff)
        queryEnd = connector.eventLoop.makeSucceededVoidFuture()
    }

    /// Whether any node can take commands now, or is expected to soon.
    var isUsable: Bool {
        (nodes.lazy.compactMap { $0 } + [homeNode].compactMap { $0 }).contains { $0.isReady || $0.mayWait }
    }

    func lookUp(_ request: any RedisLookupRequest, upTo byteCount: Int) {
        var ready: RedisChannelHandler?
        var owner: Int?
        request.withKey { key in
            owner = map.owner(of: KeySlot.slot(of: key))
            ready = owner.flatMap { nodes[$0]?.connection }
            guard let connection = ready, connection.isReady else {
                ready = nil
                return
            }
            connection.getRange(key: key, upTo: byteCount, request)
        }
        if ready == nil { lookUp(request, upTo: byteCount, at: owner) }
    }

    /// Stores what the client's stores hold under this number. Returns whether it is on its way.
    func store(
        _ number: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, expireSeconds: Int
    ) -> Bool {
        guard let node = node(owning: map.owner(of: KeySlot.slot(of: key))) else { return false }
        if let connection = node.connection, connection.isReady {
            return connection.set(number, key: key, value: value, expireSeconds: expireSeconds)
        }
        guard node.mayWait else { return false }
        node.send(.store(number))
        return true
    }

    func flush() {
        homeNode?.flush()
        for node in nodes { node?.flush() }
    }

    /// Sends a changed password on every connection.
    func authenticate(password: String) {
        homeNode?.authenticate(password: password)
        for node in nodes { node?.authenticate(password: password) }
    }

    /// Takes over a command that a node has redirected.
    func follow(_ redirected: RedisNode.Redirected, from node: RedisNode) {
        do {
            let target = try target(of: redirected.redirect, from: node)
            guard redirected.redirects < Self.maximumRedirects else {
                return fail(redirected.command, of: node, .errorReply(redirected.line))
            }
            var isAsking = false
            if case .ask = redirected.redirect { isAsking = true }
            target.send(
                withDeadline(redirected.command, redirected.deadline), redirects: redirected.redirects + 1,
                asking: isAsking)
            target.flush()
        } catch {
            onEvent(.refused(.transport(error)))
            fail(redirected.command, of: node, .transport(error))
        }
    }

    private func target(of redirect: RedisRedirect, from node: RedisNode) throws -> RedisNode {
        switch redirect {
        case .tryAgain: return node
        case .ask(let host, let port):
            let address = try trust.node(host: host, port: port, announcedBy: node.address.host)
            return self.node(at: try map.add(address))
        case .moved(let slot, let host, let port):
            do {
                let address = try trust.node(host: host, port: port, announcedBy: node.address.host)
                // Other commands that were sent before the first redirect came add no information.
                if map.owner(of: slot).map({ map.nodes[$0] }) != address { wantSlots() }
                return self.node(at: try map.move(slot, to: address))
            } catch {
                wantSlots()
                throw error
            }
        }
    }

    /// A connection to a node was lost, or its slots may belong to another node now.
    func wantSlots() {
        var generator = SystemRandomNumberGenerator()
        guard !isClosing, let pause = refresh.wanted(now: connector.eventLoop.now, using: &generator) else { return }
        scheduleQuestion(in: pause)
    }

    /// Sends nothing more, and closes once the outstanding commands have their replies or are overdue.
    func retire() -> EventLoopFuture<Void> {
        flush()
        isClosing = true
        let pause = connector.configuration.commandDeadline * 2
        let promise = connector.eventLoop.makePromise(of: Void.self)
        connector.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.close().cascade(to: promise) }
        return promise.futureResult
    }

    func close() -> EventLoopFuture<Void> {
        isClosing = true
        refreshTask?.cancel()
        query?.cancel()
        let closed = (nodes.compactMap { $0 } + [homeNode].compactMap { $0 } + retiring).map { $0.close() }
        return EventLoopFuture.andAllComplete(closed + [queryEnd], on: connector.eventLoop)
    }
}

// MARK: Nodes

extension ClusterRouter {
    /// The node that owns a slot; any node that can redirect if the owner is not known.
    private func node(owning owner: Int?) -> RedisNode? {
        if let owner { return node(at: owner) }
        return homeNode ?? nodes.lazy.compactMap { $0 }.first { $0.isReady } ?? (map.nodes.isEmpty ? nil : node(at: 0))
    }

    /// The node at a position of the map, created when it is first needed.
    func node(at position: Int) -> RedisNode {
        while nodes.count < map.nodes.count { nodes.append(nil) }
        if let node = nodes[position] { return node }
        let address = map.nodes[position]
        let node: RedisNode
        if let home = homeNode, home.address == address {
            node = home
            homeNode = nil
        } else {
            node = makeNode(address, trust)
        }
        nodes[position] = node
        node.start()
        return node
    }

    /// Queues a look-up whose node cannot take it now.
    private func lookUp(_ request: any RedisLookupRequest, upTo byteCount: Int, at owner: Int?) {
        guard let node = node(owning: owner), node.isReady || node.mayWait else {
            return request.finish(.failed(isClosing ? .closed : .notReady))
        }
        let deadline = connector.eventLoop.now + connector.configuration.commandDeadline
        node.send(withDeadline(.lookup(request, upTo: byteCount), deadline))
    }

    private func withDeadline(
        _ command: RedisNode.Redirected.Command, _ deadline: NIODeadline
    ) -> RedisNode.Redirected.Command {
        guard case .lookup(let request, let byteCount) = command, !(request is RoutedLookup) else { return command }
        let routed = RoutedLookup(request, deadline: deadline, on: connector.eventLoop) { [weak self] in
            self?.onEvent(.lookupError(.deadline))
        }
        return .lookup(routed, upTo: byteCount)
    }

    private func fail(_ command: RedisNode.Redirected.Command, of node: RedisNode, _ error: RedisError) {
        switch command {
        case .lookup: onEvent(.lookupError(error))
        case .store: onEvent(.storeError(error))
        }
        node.fail(command, error)
    }
}
