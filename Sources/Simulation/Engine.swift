import Autoscaler

/// A run in virtual time: the state of everything, and what each event does to it.
struct Engine {
    let scenario: Scenario
    var now = 0.0
    var queue = EventQueue()
    var pods: [Pod] = []
    /// Pods that are not gone, in the order of their creation.
    var living: [Int] = []
    /// Pods that receive requests.
    var endpoints: [Int] = []
    var nodes: [Node]
    var requests = RequestPool()
    var clients = ClientPool()
    var phase = -1
    /// The pod of the next connection, if connections go to pods in turn.
    var turn = 0
    /// The pods of an open load's kept connections, or -1, and the connection that was used last.
    var connections: [Int] = []
    var lastConnection = -1
    var replicas: Int
    /// CPU seconds of pods that are gone, and of all pods before 0.
    var goneUsed = 0.0
    var usedBefore = 0.0
    var controller: AutoscalerController?
    var outcome: Outcome
    var random: Streams

    /// A stream for each purpose: another recipe sees the same clients.
    struct Streams {
        var arrivals, service, routing, probes, cluster, metrics: RandomStream

        init(seed: UInt64) {
            arrivals = RandomStream(seed: seed, purpose: 1)
            service = RandomStream(seed: seed, purpose: 2)
            routing = RandomStream(seed: seed, purpose: 3)
            probes = RandomStream(seed: seed, purpose: 4)
            cluster = RandomStream(seed: seed, purpose: 5)
            metrics = RandomStream(seed: seed, purpose: 6)
        }
    }

    init(_ scenario: Scenario) {
        self.scenario = scenario
        nodes = scenario.nodes.map(Node.init)
        replicas = scenario.workload.replicas
        controller = scenario.autoscaler.map {
            AutoscalerController($0, settings: scenario.controller.settings)
        }
        outcome = Outcome(seed: scenario.seed)
        outcome.responses = Array(repeating: ResponseRow(), count: max(1, Int(scenario.duration.rounded(.up))))
        random = Streams(seed: scenario.seed)
    }

    mutating func run(progress: (Double) -> Void) -> Outcome {
        startFirstPods()
        startMetrics()
        startLoad()
        if scenario.autoscaler != nil {
            let phase = Phases(seed: scenario.seed).sync * scenario.controller.syncPeriod
            queue.schedule(.sync, at: scenario.controller.syncPhase ?? phase)
        }
        queue.schedule(.second, at: 0)
        while let event = queue.next(), event.time <= scenario.duration {
            now = event.time
            handle(event)
            if event.kind == .second && Int(now) % 60 == 0 { progress(now) }
        }
        now = scenario.duration
        finish()
        return outcome
    }

    private mutating func handle(_ event: Event) {
        let index = Int(event.index)
        switch event.kind {
        case .processor: if event.generation == pods[index].processorGeneration { processorChanged(index) }
        case .arrival: openArrival(phase: index, step: Int(event.generation))
        case .client: clientAsks(index, generation: event.generation)
        case .waited: startComputing(event.index)
        case .deadline: expireQueues(of: index)
        case .second: recordSecond()
        case .phase: startPhase(index)
        case .demand: shareDemand()
        case .sync: sync()
        case .kubelet: sampleByKubelet(index, generation: event.generation)
        case .scrape: scrape(index)
        case .started: podStarts(index, step: event.generation)
        case .probe: if event.generation == pods[index].probeGeneration { probe(index) }
        case .probeTimeout: if event.generation == pods[index].probeGeneration { probeTimedOut(index) }
        case .endpoints: updateEndpoint(index)
        case .gone: podGoes(index)
        }
    }

    /// Adds up what is still in progress.
    private mutating func finish() {
        for index in pods.indices {
            if pods[index].stage != .gone { pods[index].processor.advance(to: now) }
            if pods[index].stage != .gone { outcome.cpuUsed += pods[index].cpuUsed(at: now) }
            outcome.cpuUsedByRequests += pods[index].processor.used
            outcome.throttled += pods[index].processor.throttled
            outcome.pods.append(pods[index].record)
        }
        outcome.cpuUsed += goneUsed - usedBefore
        for phase in outcome.phases {
            outcome.underWay += phase.offered - phase.served - phase.rejected - phase.failed - phase.dropped
        }
    }
}

/// Runs a scenario to its end; the same scenario, seed included, has the same outcome.
///
/// - Parameter progress: called after each simulated minute with the time.
package func simulate(_ scenario: Scenario, progress: (Double) -> Void = { _ in }) -> Outcome {
    var engine = Engine(scenario)
    return engine.run(progress: progress)
}
