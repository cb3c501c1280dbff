import Autoscaler
import Simulation
import TestSupport
import Testing

/// Invariants of every run, whatever the scenario.
@Suite("Every run")
struct InvariantTests {
    /// A small scenario of any kind: overloaded or idle, open or closed, with or without an autoscaler.
    static func scenario(seed: UInt64) -> Scenario {
        var random = SeededGenerator(seed: seed)
        var workload = Workload(requests: [
            ContainerRequest(name: "main", millicores: [100, 500, 1000].randomElement(using: &random) ?? 1)
        ])
        workload.cpuLimit = [nil, 0.3, 1, 2].randomElement(using: &random) ?? nil
        workload.replicas = Int.random(in: 1...4, using: &random)
        workload.startUp = Double.random(in: 0...20, using: &random)
        if Bool.random(using: &random) {
            var probe = Probe()
            probe.runsModel = Bool.random(using: &random)
            probe.initialDelay = Double(Int.random(in: 0...5, using: &random))
            probe.period = 5
            workload.readiness = probe
        }
        var scenario = Scenario(
            duration: 400, workload: workload,
            load: .traffic((0..<3).map { Phase(name: "\($0)", seconds: 100, traffic: traffic(&random)) }))
        scenario.seed = seed
        scenario.nodes = Array(repeating: NodeSize(cores: 2), count: Int.random(in: 1...3, using: &random))
        scenario.service.missCPU = .spread(mean: Double.random(in: 0.001...0.3, using: &random), variation: 0.5)
        scenario.service.missWait = [.zero, .spread(mean: 0.1, variation: 1)].randomElement(using: &random) ?? .zero
        scenario.service.hitRate = [0, 0.5].randomElement(using: &random) ?? 0
        scenario.service.inFlightLimit = [1, 4, 512].randomElement(using: &random) ?? 1
        scenario.service.queueLimit = [0, 5, 1024].randomElement(using: &random) ?? 0
        scenario.service.modelThreads = [1, 2, .max].randomElement(using: &random) ?? 1
        scenario.routing =
            [.connectionAtRandom, .connectionInTurn, .leastRequestsOfTwo].randomElement(using: &random)
            ?? .connectionAtRandom
        if Bool.random(using: &random) {
            scenario.autoscaler = HorizontalPodAutoscaler(
                minReplicas: 1, maxReplicas: 6, metrics: [CPUMetric(target: .utilization(percent: 50))],
                behavior: Bool.random(using: &random) ? ScalingBehavior() : nil)
            scenario.controller.settings.downscaleStabilization = 60
        }
        return scenario
    }

    static func traffic(_ random: inout SeededGenerator) -> Traffic {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return .none
        case 1:
            return .open(
                OpenTraffic(
                    steps: [
                        Step(time: 0, value: Double.random(in: 0...30, using: &random)), Step(time: 50, value: 10),
                    ], isEven: Bool.random(using: &random)))
        default:
            return .closed(
                Clients(
                    count: Int.random(in: 0...30, using: &random),
                    rampFrom: Bool.random(using: &random) ? Int.random(in: 0...30, using: &random) : nil,
                    pause: 0...2, hasWholePauses: Bool.random(using: &random),
                    keepsConnections: Bool.random(using: &random), isCutOff: Bool.random(using: &random)))
        }
    }

    @Test("Offered requests are served, rejected, failed, dropped, or in progress")
    func conservation() {
        for seed in 1...200 as ClosedRange<UInt64> {
            let scenario = Self.scenario(seed: seed)
            let outcome = simulate(scenario)
            let offered = outcome.phases.reduce(0) { $0 + $1.offered }
            let ended = outcome.phases.reduce(0) { $0 + $1.served + $1.rejected + $1.failed + $1.dropped }
            #expect(outcome.underWay >= 0 && offered == ended + outcome.underWay, "seed \(seed)")
            #expect(outcome.phases.allSatisfy { $0.served == $0.latency.count })
            let cores = scenario.nodes.reduce(0) { $0 + $1.cores }
            #expect(outcome.cpuUsedByRequests <= cores * scenario.duration + 1e-6, "seed \(seed)")
            #expect(outcome.seconds.count == 401)
            #expect(outcome.seconds.allSatisfy { $0.ready <= $0.bound && $0.bound <= $0.pods })
        }
    }

    @Test("The same seed has the same outcome, and another seed another outcome")
    func determinism() {
        for seed in 1...20 as ClosedRange<UInt64> {
            let outcomes = (0..<2).map { _ in simulate(Self.scenario(seed: seed)) }
            #expect(outcomes[0] == outcomes[1])
        }
        var scenario = Self.scenario(seed: 3)
        scenario.load = .traffic([
            Phase(name: "open", seconds: 100, traffic: .open(OpenTraffic(steps: [Step(time: 0, value: 9)])))
        ])
        let first = simulate(scenario)
        scenario.seed = 4
        #expect(first.phases != simulate(scenario).phases)
    }

    @Test("An even rate is met to the request")
    func evenRate() {
        var scenario = Scenario(
            duration: 100, workload: Workload(requests: []),
            load: .traffic([
                Phase(
                    name: "even", seconds: 100,
                    traffic: .open(
                        OpenTraffic(steps: [Step(time: 0, value: 10), Step(time: 50, value: 30)], isEven: true)))
            ]))
        scenario.service.missCPU = .constant(0.001)
        #expect((1998...2000).contains(simulate(scenario).phases[0].offered))
    }
}
