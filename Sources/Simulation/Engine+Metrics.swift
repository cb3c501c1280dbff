import Autoscaler

/// How CPU samples get from a pod's counter to the controller, and the controller's syncs.
extension Engine {
    /// The kubelet's interval: the next sample follows after a random time between one and two of these.
    private static let kubeletInterval = 10.0
    /// metrics-server spreads its reads of the nodes over this many seconds.
    private static let scrapeSpread = 4.0

    /// The samples for the first sync were taken before it.
    mutating func startMetrics() {
        switch scenario.metrics {
        case .lagged: break
        case .scraped(let resolution):
            let phase = scenario.scrapePhase ?? Phases(seed: scenario.seed).scrape * resolution
            let spread = min(Self.scrapeSpread, resolution)
            for node in nodes.indices {
                let offset = phase + random.metrics.unit() * spread
                queue.schedule(.scrape, at: offset - 4 * resolution, index: node)
            }
            for index in pods.indices where pods[index].node >= 0 {
                let start = max(pods[index].record.started ?? 0, -5 * resolution)
                let time = start + random.metrics.unit() * Self.kubeletInterval
                queue.schedule(.kubelet, at: time, index: index)
            }
        case .readAt(let times):
            if let first = times.first { queue.schedule(.scrape, at: first, index: 0) }
        }
    }

    mutating func startMeter(of index: Int) {
        guard case .scraped = scenario.metrics else { return }
        queue.schedule(.kubelet, at: now, index: index)
    }

    mutating func sampleByKubelet(_ index: Int, generation: UInt32) {
        guard pods[index].stage != .gone else { return }
        pods[index].processor.advance(to: now)
        pods[index].meter.sample(pods[index].cpuUsed(at: now), at: now)
        queue.schedule(.kubelet, at: now + Self.kubeletInterval * (1 + random.metrics.unit()), index: index)
    }

    /// - Parameter index: a node, or the number of the time at which counters are read.
    mutating func scrape(_ index: Int) {
        if now >= 0 { outcome.publications.append(now) }
        switch scenario.metrics {
        case .lagged: break
        case .scraped(let resolution):
            for pod in nodes[index].pods {
                guard let started = pods[pod].record.started else { continue }
                pods[pod].meter.scrape(started: started, resolution: resolution)
            }
            queue.schedule(.scrape, at: now + resolution, index: index)
        case .readAt(let times):
            for pod in living where pods[pod].record.started != nil {
                pods[pod].processor.advance(to: now)
                pods[pod].meter.read(pods[pod].cpuUsed(at: now), at: now)
            }
            if index + 1 < times.count { queue.schedule(.scrape, at: times[index + 1], index: index + 1) }
        }
    }

    /// Shares the demand of this time among the ready pods.
    mutating func shareDemand() {
        guard case .demand(let steps, let podCap) = scenario.load else { return }
        let wanted = steps.value(at: max(0, now))
        let cap = podCap ?? scenario.workload.cpuLimit ?? .infinity
        let share = endpoints.isEmpty ? 0 : min(cap, wanted / Double(endpoints.count))
        for index in living where pods[index].record.started != nil {
            let cores = pods[index].isEndpoint ? share : 0
            pods[index].setSteadyCores(scenario.service.baseCPU + cores, at: now)
        }
    }

    mutating func sync() {
        let observations = living.map(observation)
        guard let decision = controller?.sync(current: replicas, pods: observations, now: now) else { return }
        outcome.decisions.append(decision)
        if decision.desired != replicas {
            replicas = decision.desired
            reconcileReplicas()
        }
        queue.schedule(.sync, at: now + scenario.controller.syncPeriod + scenario.controller.syncWork)
    }

    /// A pod as the API shows it: times are whole seconds there.
    private func observation(_ index: Int) -> PodObservation {
        let pod = pods[index]
        let phase: PodObservation.Phase =
            switch pod.stage {
            case .unscheduled, .creating: .pending
            case .running, .terminating, .gone: .running
            }
        return PodObservation(
            phase: phase, isDeleted: !pod.isActive, startTime: pod.record.scheduled?.rounded(.down),
            readiness: .init(isReady: pod.isReady, lastTransition: pod.readyChanged.rounded(.down)),
            requests: scenario.workload.requests, sample: sample(index))
    }

    /// What the metrics API has of a pod: its use, the time of the sample and the seconds that it spans.
    private func measured(_ pod: Pod) -> (cores: Double, time: Double, window: Double)? {
        guard case .lagged(let lag, let window) = scenario.metrics else { return pod.meter.rate }
        return pod.isReady && pod.isActive ? (pod.recentCores(lag: lag, at: now), now - lag, window) : nil
    }

    private func sample(_ index: Int) -> PodSample? {
        guard let measured = measured(pods[index]) else { return nil }
        let containers = scenario.workload.requests.map {
            ContainerUsage(name: $0.name, cores: $0.name == scenario.workload.container ? measured.cores : 0)
        }
        return PodSample(time: measured.time.rounded(.down), window: measured.window, containers: containers)
    }

    mutating func recordSecond() {
        var row = SecondRow(
            time: now, spec: replicas, ready: 0, pods: living.count, bound: 0, cpuUsed: goneUsed, publishedCores: 0,
            memory: 0)
        for index in living {
            if pods[index].stage != .unscheduled { pods[index].processor.advance(to: now) }
            if pods[index].isReady && pods[index].isActive { row.ready += 1 }
            if pods[index].node >= 0 { row.bound += 1 }
            row.cpuUsed += pods[index].cpuUsed(at: now)
            row.publishedCores += measured(pods[index])?.cores ?? 0
            if pods[index].record.started != nil {
                row.memory += pods[index].hasServed ? scenario.service.loadedMemory : scenario.service.idleMemory
            }
            if case .lagged = scenario.metrics { pods[index].history.append(pods[index].cpuUsed(at: now)) }
        }
        if outcome.seconds.isEmpty { usedBefore = row.cpuUsed }
        row.cpuUsed -= usedBefore
        outcome.seconds.append(row)
        queue.schedule(.second, at: now + 1)
    }
}
