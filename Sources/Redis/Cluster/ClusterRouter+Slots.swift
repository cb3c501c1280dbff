import NIOCore

// MARK: Asking for the slots

extension ClusterRouter {
    func scheduleQuestion(in pause: TimeAmount) {
        refreshTask = connector.eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            self?.ask()
        }
    }

    private func ask() {
        guard !isClosing, refresh.begin() else { return }
        // The URL's host first and then in turn with the nodes: any of them may be down, or may be cut off and report
        // an old state.
        let candidates = [home] + map.nodes.filter { $0 != home }
        let address = candidates[questions % candidates.count]
        questions += 1
        let end = connector.eventLoop.makePromise(of: Void.self)
        queryEnd = end.futureResult
        let isHome = address == home
        TopologyQuery.ask(address, command, trust: isHome ? nil : trust, connector) { [weak self] query in
            guard let self, !isClosing else { return query.cancel() }
            self.query = query
        }
        .assumeIsolated().whenSuccess { [weak self] outcome in
            self?.answered(outcome, by: address, candidates: candidates.count)
            end.succeed()
        }
    }

    private func answered(_ outcome: TopologyQuery.Outcome, by address: NodeAddress, candidates: Int) {
        query = nil
        guard !isClosing else { return }
        var isAnswered = false
        switch outcome {
        case .success(let announced):
            do {
                isAnswered = try learn(announced, from: address)
            } catch {
                fail(.transport(error), candidates: candidates)
            }
        case .failure(.errorReply(let line)) where address == home && line.contains("cluster support disabled"):
            return onEvent(.dissolved)
        case .failure(let error):
            // A future server may lack one of the two, and a user's rights may allow only one.
            if case .errorReply = error { command = command == .slots ? .shards : .slots }
            fail(error, candidates: candidates)
        }
        var generator = SystemRandomNumberGenerator()
        let now = connector.eventLoop.now
        if let pause = refresh.end(isAnswered: isAnswered, now: now, using: &generator) { scheduleQuestion(in: pause) }
    }

    /// Reported once all candidates have failed.
    private func fail(_ error: RedisError, candidates: Int) {
        failuresInARow += 1
        if failuresInARow == max(candidates, 2) { onEvent(.topologyError(error)) }
    }

    /// Returns whether any slot has an owner that may be connected to.
    private func learn(_ announced: [AnnouncedSlots], from address: NodeAddress) throws -> Bool {
        var ranges: [(slots: ClosedRange<Int>, node: NodeAddress)] = []
        for range in announced {
            do {
                let node = try trust.node(host: range.host, port: range.port, announcedBy: address.host)
                ranges.append((range.slots, node))
            } catch {
                onEvent(.refused(.transport(error)))
            }
        }
        guard !ranges.isEmpty else {
            fail(.protocolViolation("no node of the cluster can be used"), candidates: 1)
            return false
        }
        let before = map.nodes
        try map.replace(with: ranges)
        failuresInARow = 0
        keepNodes(before)
        if Set(before) != Set(map.nodes) || homeNode != nil { onEvent(.learned(primaries: map.nodes.count)) }
        if let home = homeNode {
            homeNode = nil
            retire(home)
        }
        return true
    }

    /// Brings the nodes in line with the map, and retires those that are not in it any more.
    private func keepNodes(_ before: [NodeAddress]) {
        var kept: [NodeAddress: RedisNode] = [:]
        for (address, node) in zip(before, nodes) { kept[address] = node }
        nodes = map.nodes.map { kept.removeValue(forKey: $0) }
        if let position = map.nodes.firstIndex(of: home) { _ = node(at: position) }
        for node in kept.values { retire(node) }
    }

    /// Closes a node once its outstanding commands have their replies or are overdue.
    private func retire(_ node: RedisNode) {
        if node.isReportedDown { onEvent(.left(node)) }
        // What this tick has asked it for would wait for a flush that does not reach it any more.
        node.flush()
        node.isRetiring = true
        retiring.append(node)
        let pause = connector.configuration.commandDeadline * 2
        connector.eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            node.close().assumeIsolated().whenComplete { _ in self?.retiring.removeAll { $0 === node } }
        }
    }
}
