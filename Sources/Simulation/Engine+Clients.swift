/// Clients, as columns.
struct ClientPool {
    var generation: [UInt32] = []
    /// It is calling or pausing, or will begin at a known time.
    var isActive: [Bool] = []
    /// Its request in progress, or -1.
    var request: [Int32] = []
    /// The pod that its connection goes to, or -1.
    var pod: [Int32] = []

    mutating func grow(to count: Int) {
        while generation.count < count {
            generation.append(0)
            isActive.append(false)
            request.append(-1)
            pod.append(-1)
        }
    }
}

/// When clients send requests, and to which pods.
extension Engine {
    mutating func startLoad() {
        switch scenario.load {
        case .demand(let steps, _):
            outcome.phases = [PhaseOutcome(name: "demand", start: 0, seconds: scenario.duration)]
            phase = 0
            shareDemand()
            for step in steps where step.time > 0 { queue.schedule(.demand, at: step.time) }
        case .traffic(let phases):
            var start = 0.0
            for (index, phase) in phases.enumerated() {
                outcome.phases.append(PhaseOutcome(name: phase.name, start: start, seconds: phase.seconds))
                queue.schedule(.phase, at: start, index: index)
                start += phase.seconds
            }
            if start < scenario.duration {
                let rest = scenario.duration - start
                outcome.phases.append(PhaseOutcome(name: "idle", start: start, seconds: rest))
                queue.schedule(.phase, at: start, index: phases.count)
            }
        }
    }

    /// The traffic of a phase; none after the last.
    private func traffic(of index: Int) -> Traffic {
        guard case .traffic(let phases) = scenario.load, phases.indices.contains(index) else { return .none }
        return phases[index].traffic
    }

    mutating func startPhase(_ index: Int) {
        if case .closed(let clients) = traffic(of: phase), clients.isCutOff { cutOff() }
        phase = index
        switch traffic(of: index) {
        case .none: break
        case .closed(let group):
            let from = group.rampFrom ?? group.count
            clients.grow(to: max(from, group.count))
            for client in 0..<max(from, group.count) where !clients.isActive[client] {
                let isLater = client >= from
                let share = isLater ? Double(client + 1 - from) / Double(group.count - from) : 0
                clients.isActive[client] = true
                queue.schedule(
                    .client, at: now + share * outcome.phases[index].seconds, index: client,
                    generation: clients.generation[client])
            }
        case .open(let open):
            // If only the rate changes, connections are kept.
            if connections.count != open.connections ?? 0 {
                connections = Array(repeating: -1, count: open.connections ?? 0)
            }
            scheduleArrival(open, from: now, step: 0)
        }
    }

    private mutating func cutOff() {
        for client in clients.isActive.indices where clients.isActive[client] {
            let request = clients.request[client]
            if request >= 0 {
                outcome.phases[Int(requests.phase[Int(request)])].dropped += 1
                requests.owner[Int(request)] = RequestPool.Owner.dropped
            }
            clients.isActive[client] = false
            clients.generation[client] &+= 1
            clients.request[client] = -1
            clients.pod[client] = -1
        }
    }

    mutating func clientAsks(_ client: Int, generation: UInt32) {
        guard generation == clients.generation[client] else { return }
        guard case .closed(let group) = traffic(of: phase), client < wanted(group) else {
            clients.isActive[client] = false
            return
        }
        let isKept = group.keepsConnections && scenario.routing != .leastRequestsOfTwo
        var pod: Int? = isKept && clients.pod[client] >= 0 ? Int(clients.pod[client]) : nil
        if let kept = pod, !pods[kept].isActive { pod = nil }
        if pod == nil { pod = route() }
        clients.pod[client] = Int32(pod ?? -1)
        clients.request[client] = -1
        // If the response came at once, the client already pauses.
        guard pod != nil else {
            _ = send(owner: Int32(client), to: nil)
            return clientPauses(client)
        }
        if let request = send(owner: Int32(client), to: pod) { clients.request[client] = request }
    }

    /// The number of clients in a ramp at this time.
    private func wanted(_ group: Clients) -> Int {
        guard let from = group.rampFrom else { return group.count }
        let share = (now - outcome.phases[phase].start) / outcome.phases[phase].seconds
        return Int((Double(from) + Double(group.count - from) * share + 1e-9).rounded(.up))
    }

    mutating func clientPauses(_ client: Int) {
        clients.request[client] = -1
        guard case .closed(let group) = traffic(of: phase) else {
            clients.isActive[client] = false
            return
        }
        let span = group.pause.upperBound - group.pause.lowerBound
        var pause = span > 0 ? group.pause.lowerBound + span * random.arrivals.unit() : group.pause.lowerBound
        if group.hasWholePauses { pause = (pause + 0.5).rounded(.down) }
        // Without a pod a connection is refused at once: a client without pauses would retry for ever.
        let least = clients.pod[client] < 0 ? 0.01 : scenario.service.roundTrip
        queue.schedule(
            .client, at: now + max(least, scenario.service.roundTrip + pause), index: client,
            generation: clients.generation[client])
    }

    mutating func openArrival(phase index: Int, step: Int) {
        guard index == phase, case .open(let open) = traffic(of: index) else { return }
        _ = send(owner: RequestPool.Owner.open, to: connections.isEmpty ? route() : podOfNextConnection())
        scheduleArrival(open, from: now, step: step)
    }

    /// - Parameter step: the current step, or an earlier one.
    private mutating func scheduleArrival(_ open: OpenTraffic, from begin: Double, step: Int) {
        let start = outcome.phases[phase].start
        let end = start + outcome.phases[phase].seconds
        var left = open.isEven ? 1 : random.arrivals.exponential(mean: 1)
        var time = begin
        var step = step
        while time < end && step < open.steps.count {
            let next = step + 1 < open.steps.count ? start + open.steps[step + 1].time : end
            let rate = time >= start + open.steps[step].time ? open.steps[step].value : 0
            if time < next && rate * (next - time) >= left {
                queue.schedule(
                    .arrival, at: time + left / rate, index: phase, generation: UInt32(truncatingIfNeeded: step))
                return
            }
            left -= max(0, next - time) * rate
            time = max(time, next)
            step += 1
        }
    }

    /// Connections are used in turn; a connection is replaced once its pod has gone.
    private mutating func podOfNextConnection() -> Int? {
        lastConnection = lastConnection + 1 < connections.count ? lastConnection + 1 : 0
        let kept = connections[lastConnection]
        if scenario.routing != .leastRequestsOfTwo, kept >= 0, pods[kept].isActive { return kept }
        let pod = route()
        connections[lastConnection] = pod ?? -1
        return pod
    }

    /// The pod that a new connection, or a request, goes to.
    private mutating func route() -> Int? {
        if endpoints.isEmpty { return nil }
        switch scenario.routing {
        case .connectionAtRandom: return endpoints[random.routing.index(below: endpoints.count)]
        case .connectionInTurn:
            turn = turn + 1 < endpoints.count ? turn + 1 : 0
            return endpoints[turn]
        case .leastRequestsOfTwo:
            let one = endpoints[random.routing.index(below: endpoints.count)]
            let other = endpoints[random.routing.index(below: endpoints.count)]
            return pods[other].underWay < pods[one].underWay ? other : one
        }
    }
}
