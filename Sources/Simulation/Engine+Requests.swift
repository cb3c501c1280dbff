/// How a request passes through a pod: admission, waiting, computing, response.
extension Engine {
    /// Sends a request to a pod, or counts it as failed if there is none.
    mutating func send(owner: Int32, to pod: Int?) -> Int32? {
        outcome.phases[phase].offered += 1
        guard let pod else {
            outcome.phases[phase].failed += 1
            outcome.responses[min(Int(now), outcome.responses.count - 1)].unserved += 1
            return nil
        }
        return arrive(owner: owner, at: pod)
    }

    /// - Returns: the request, or nil if it has been answered already.
    mutating func arrive(owner: Int32, at pod: Int) -> Int32? {
        let service = scenario.service
        let isHit = service.hitRate > 0 && random.service.unit() < service.hitRate
        let request = requests.add(
            start: now, patience: service.queueDeadline, owner: owner, pod: pod, phase: phase, isHit: isHit)
        pods[pod].underWay += 1
        if pods[pod].inFlight < service.inFlightLimit && pods[pod].admissionQueue.isEmpty {
            pods[pod].processor.advance(to: now)
            admit(request, to: pod)
            settle(pod)
        } else {
            enqueue(request, in: \.admissionQueue, of: pod)
        }
        return requests.pod[Int(request)] < 0 ? nil : request
    }

    private mutating func admit(_ request: Int32, to pod: Int) {
        pods[pod].inFlight += 1
        let isHit = requests.isHit[Int(request)]
        let wait = isHit ? scenario.service.hitWait : scenario.service.missWait
        let seconds = wait.draw(&random.service)
        if seconds > 0 {
            requests.isWaiting[Int(request)] = true
            queue.schedule(.waited, at: now + seconds, index: Int(request))
        } else {
            compute(request, in: pod)
        }
    }

    mutating func startComputing(_ request: Int32) {
        requests.isWaiting[Int(request)] = false
        let pod = Int(requests.pod[Int(request)])
        guard pods[pod].stage != .gone else { return requests.release(request) }
        pods[pod].processor.advance(to: now)
        compute(request, in: pod)
        startQueued(in: pod)
        settle(pod)
    }

    private mutating func compute(_ request: Int32, in pod: Int) {
        if !requests.isHit[Int(request)] {
            if pods[pod].computing >= scenario.service.modelThreads {
                // A request that waits for a thread is queued, not in flight.
                pods[pod].inFlight -= 1
                return enqueue(request, in: \.threadQueue, of: pod)
            }
            pods[pod].computing += 1
        }
        let isHit = requests.isHit[Int(request)]
        let cpu = isHit ? scenario.service.hitCPU : scenario.service.missCPU
        var work = cpu.draw(&random.service)
        if scenario.service.wakeUpCPU > 0, now >= pods[pod].awakeUntil {
            work += scenario.service.wakeUpCPU
            pods[pod].awakeUntil = now + scenario.service.wakeUpShared
        }
        if work > 0 { pods[pod].processor.add(request, work: work) } else { computed(request, in: pod) }
    }

    private mutating func computed(_ request: Int32, in pod: Int) {
        if !requests.isHit[Int(request)] { pods[pod].computing -= 1 }
        pods[pod].inFlight -= 1
        pods[pod].hasServed = true
        finish(request, .served)
    }

    /// A pod's CPU has changed: a job has ended, the quota is used up, or a period begins.
    mutating func processorChanged(_ pod: Int) {
        pods[pod].processor.advance(to: now)
        while let request = pods[pod].processor.removeEnded() { computed(request, in: pod) }
        pods[pod].processor.checkQuota()
        startQueued(in: pod)
        settle(pod)
    }

    private mutating func startQueued(in pod: Int) {
        while !pods[pod].threadQueue.isEmpty && pods[pod].computing < scenario.service.modelThreads {
            if let request = dequeue(from: \.threadQueue, of: pod) {
                pods[pod].inFlight += 1
                compute(request, in: pod)
            }
        }
        while !pods[pod].admissionQueue.isEmpty && pods[pod].inFlight < scenario.service.inFlightLimit {
            if let request = dequeue(from: \.admissionQueue, of: pod) { admit(request, to: pod) }
        }
    }

    private mutating func enqueue(_ request: Int32, in list: WritableKeyPath<Pod, RequestList>, of pod: Int) {
        guard pods[pod].queued < scenario.service.queueLimit else { return finish(request, .rejected) }
        let expiry = now + requests.patience[Int(request)]
        requests.patience[Int(request)] = expiry
        pods[pod][keyPath: list].append(request, in: &requests)
        if expiry < pods[pod].deadlineAt {
            pods[pod].deadlineAt = expiry
            queue.schedule(.deadline, at: expiry, index: pod)
        }
    }

    /// - Returns: nil if the client of the first request has left.
    private mutating func dequeue(from list: WritableKeyPath<Pod, RequestList>, of pod: Int) -> Int32? {
        let request = pods[pod][keyPath: list].removeFirst(in: requests)
        requests.patience[Int(request)] -= now
        if requests.owner[Int(request)] != RequestPool.Owner.dropped { return request }
        finish(request, .rejected)
        return nil
    }

    mutating func expireQueues(of pod: Int) {
        guard now >= pods[pod].deadlineAt, pods[pod].stage != .gone else { return }
        pods[pod].deadlineAt = .infinity
        for list in [\Pod.admissionQueue, \Pod.threadQueue] {
            while !pods[pod][keyPath: list].isEmpty {
                let expiry = requests.patience[Int(pods[pod][keyPath: list].first)]
                if expiry > now {
                    pods[pod].deadlineAt = min(pods[pod].deadlineAt, expiry)
                    break
                }
                finish(pods[pod][keyPath: list].removeFirst(in: requests), .rejected)
            }
        }
        if pods[pod].deadlineAt < .infinity { queue.schedule(.deadline, at: pods[pod].deadlineAt, index: pod) }
    }

    /// The only place where a request ends.
    private mutating func finish(_ request: Int32, _ end: RequestEnd) {
        let slot = Int(request)
        let owner = requests.owner[slot]
        let pod = Int(requests.pod[slot])
        pods[pod].underWay -= 1
        if owner == RequestPool.Owner.probe {
            probeEnded(pod, isSuccess: end == .served)
        } else if owner != RequestPool.Owner.dropped {
            let part = Int(requests.phase[slot])
            let second = min(Int(now), outcome.responses.count - 1)
            switch end {
            case .served:
                outcome.phases[part].served += 1
                let latency = now + scenario.service.roundTrip - requests.start[slot]
                outcome.phases[part].latency.record(latency)
                outcome.responses[second].served += 1
                outcome.responses[second].latency += latency
            case .rejected: outcome.phases[part].rejected += 1
            case .failed: outcome.phases[part].failed += 1
            }
            if end != .served { outcome.responses[second].unserved += 1 }
            if owner >= 0 { clientPauses(Int(owner)) }
        }
        if !requests.isWaiting[slot] {
            requests.release(request)
        } else {
            requests.owner[slot] = RequestPool.Owner.dropped
        }
    }

    private enum RequestEnd { case served, rejected, failed }

    /// A pod's process ends: its requests in progress fail.
    mutating func dropRequests(of pod: Int) {
        guard pods[pod].underWay > 0 else { return }
        for slot in requests.pod.indices where Int(requests.pod[slot]) == pod {
            if requests.owner[slot] != RequestPool.Owner.dropped || !requests.isWaiting[slot] {
                finish(Int32(slot), .failed)
            }
        }
    }

    /// Gives a pod the cores that it can have, after its jobs have changed. Its processor must be at the present time.
    mutating func settle(_ pod: Int) {
        let node = pods[pod].node
        let demand = pods[pod].processor.demand
        let before = nodes[node].demand
        nodes[node].demand = before + demand - pods[pod].countedDemand
        pods[pod].countedDemand = demand
        if max(before, nodes[node].demand) > nodes[node].size.cores { return settle(node: node) }
        pods[pod].processor.grant(demand)
        scheduleProcessor(pod)
    }

    /// Shares out a node that is full, or was.
    mutating func settle(node: Int) {
        let bound = nodes[node].pods
        for pod in bound { pods[pod].processor.advance(to: now) }
        let demands = bound.map { pods[$0].processor.demand }
        let shares = Node.shares(of: nodes[node].size.cores, demands: demands)
        for (position, pod) in bound.enumerated() {
            pods[pod].countedDemand = demands[position]
            pods[pod].processor.grant(shares[position])
            scheduleProcessor(pod)
        }
        nodes[node].demand = demands.reduce(0, +)
    }

    private mutating func scheduleProcessor(_ pod: Int) {
        pods[pod].processorGeneration &+= 1
        let time = pods[pod].processor.nextChange
        guard time < .infinity else { return }
        queue.schedule(.processor, at: max(now, time), index: pod, generation: pods[pod].processorGeneration)
    }
}
