/// Scheduling, starts, readiness and ends of pods.
extension Engine {
    /// The pods that exist when the autoscaler is created: they have long been ready and sampled.
    mutating func startFirstPods() {
        let workload = scenario.workload
        let ready = -workload.initialReadyFor
        for _ in 0..<replicas {
            let index = createPod(at: ready - workload.startUp - workload.creation)
            guard schedule(index) else { continue }
            pods[index].record.started = ready - workload.startUp
            pods[index].stage = .running
            pods[index].isServing = true
            pods[index].isStartupProbed = true
            // Before 0 a pod uses only what it needs without requests; a demand's share counts from 0 on.
            pods[index].setSteadyCores(scenario.service.baseCPU, at: ready - workload.startUp)
            setReady(index, true, at: ready)
            isNowEndpoint(index)
            scheduleProbe(index, at: random.probes.unit() * (workload.readiness?.period ?? 0))
        }
    }

    private mutating func createPod(at time: Double) -> Int {
        let processor = Processor(
            limit: scenario.workload.cpuLimit ?? .infinity, parallelism: scenario.service.parallelism, start: time)
        pods.append(
            Pod(record: PodRecord(created: time), readyChanged: time, processor: processor, steadySince: time))
        living.append(pods.count - 1)
        return pods.count - 1
    }

    /// Binds a pod to the node with the largest free share, if one has room.
    private mutating func schedule(_ index: Int) -> Bool {
        let workload = scenario.workload
        var best: (node: Int, left: Double)?
        for node in nodes.indices {
            guard let left = nodes[node].left(for: workload) else { continue }
            if let chosen = best, chosen.left >= left { continue }
            best = (node, left)
        }
        guard let node = best?.node else { return false }
        nodes[node].bind(index, workload: workload)
        pods[index].node = node
        pods[index].stage = .creating
        pods[index].record.node = node
        pods[index].record.scheduled = max(now, pods[index].record.created)
        return true
    }

    /// Creates and deletes pods until the active ones are `replicas`.
    mutating func reconcileReplicas() {
        let active = living.filter { pods[$0].isActive }
        for _ in active.count..<max(active.count, replicas) {
            _ = createPod(at: now)
        }
        if active.count > replicas {
            let ranked = active.map { ($0, removalRank(of: $0, among: active)) }.sorted { $0.1 < $1.1 }
            for (index, _) in ranked.prefix(active.count - replicas) { delete(index) }
        }
        schedulePending()
    }

    private mutating func schedulePending() {
        for index in living where pods[index].stage == .unscheduled {
            guard schedule(index) else { return }
            queue.schedule(.started, at: now + scenario.workload.creation, index: index, generation: 0)
        }
    }

    private mutating func removalRank(of index: Int, among active: [Int]) -> RemovalRank {
        let pod = pods[index]
        let companions = pod.node < 0 ? 0 : active.count { pods[$0].node == pod.node }
        return RemovalRank(
            isAssigned: pod.node >= 0, isRunning: pod.stage == .running, isReady: pod.isReady, companions: companions,
            readyBucket: RemovalRank.bucket(ofAge: now - pod.readyChanged),
            ageBucket: RemovalRank.bucket(ofAge: now - pod.record.created), tie: random.cluster.next())
    }

    /// - Parameter step: 0: the container starts; 1: its process responds.
    mutating func podStarts(_ index: Int, step: UInt32) {
        guard pods[index].isActive else { return }
        if step == 0 {
            pods[index].stage = .running
            pods[index].record.started = now
            pods[index].setSteadyCores(scenario.service.baseCPU, at: now)
            startMeter(of: index)
            queue.schedule(.started, at: now + scenario.workload.startUp, index: index, generation: 1)
            return
        }
        pods[index].isServing = true
        guard let readiness = scenario.workload.readiness else {
            pods[index].isStartupProbed = true
            setReady(index, true, at: now)
            queue.schedule(.endpoints, at: now, index: index)
            return
        }
        // The kubelet's series of probes begins before the container does, so a delay ends somewhere within a period;
        // without one the first probe is immediate. A startup probe delays the readiness probe until it has succeeded.
        let first = scenario.workload.startup ?? readiness
        pods[index].isStartupProbed = scenario.workload.startup == nil
        var begin = (pods[index].record.started ?? now) + first.initialDelay
        if first.initialDelay > 0 { begin += random.probes.unit() * first.period }
        let missed = max(0, ((now - begin) / first.period).rounded(.up))
        scheduleProbe(index, at: begin + missed * first.period)
    }

    func scheduledProbe(of index: Int) -> Probe? {
        pods[index].isStartupProbed ? scenario.workload.readiness : scenario.workload.startup
    }

    mutating func scheduleProbe(_ index: Int, at time: Double) {
        guard scheduledProbe(of: index) != nil else { return }
        queue.schedule(.probe, at: time, index: index, generation: pods[index].probeGeneration)
    }

    mutating func setReady(_ index: Int, _ isReady: Bool, at time: Double) {
        guard pods[index].isReady != isReady else { return }
        pods[index].isReady = isReady
        pods[index].readyChanged = time
        if isReady && pods[index].record.ready == nil { pods[index].record.ready = time }
    }

    /// Updates the list of endpoints for a pod's state.
    mutating func updateEndpoint(_ index: Int) {
        let should = pods[index].isReady && pods[index].isActive
        if should != pods[index].isEndpoint {
            if should {
                isNowEndpoint(index)
            } else {
                pods[index].isEndpoint = false
                endpoints.removeAll { $0 == index }
            }
        }
        if case .demand = scenario.load { shareDemand() }
    }

    private mutating func isNowEndpoint(_ index: Int) {
        pods[index].isEndpoint = true
        endpoints.append(index)
    }

    private mutating func delete(_ index: Int) {
        pods[index].record.deleted = now
        let wasRunning = pods[index].stage == .running
        let wasBound = pods[index].node >= 0
        pods[index].stage = .terminating
        pods[index].probeGeneration &+= 1
        queue.schedule(.endpoints, at: now, index: index)
        let delay = wasRunning ? scenario.workload.termination : wasBound ? 1 : 0
        queue.schedule(.gone, at: now + delay, index: index)
    }

    /// The process ends once no request is in progress, or at the end of its grace period.
    mutating func podGoes(_ index: Int) {
        guard pods[index].stage == .terminating else { return }
        let deadline = (pods[index].record.deleted ?? now) + scenario.workload.grace
        if pods[index].underWay > 0 && now < deadline {
            queue.schedule(.gone, at: min(deadline, now + 1), index: index)
            return
        }
        pods[index].processor.advance(to: now)
        dropRequests(of: index)
        pods[index].setSteadyCores(0, at: now)
        pods[index].stage = .gone
        goneUsed += pods[index].cpuUsed(at: now)
        pods[index].isServing = false
        pods[index].processorGeneration &+= 1
        pods[index].record.gone = now
        if pods[index].node >= 0 {
            nodes[pods[index].node].unbind(index, workload: scenario.workload)
            settle(node: pods[index].node)
        }
        living.removeAll { $0 == index }
        schedulePending()
    }
}
