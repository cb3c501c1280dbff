import Autoscaler
import Simulation
import Testing

@Suite("Connections and wake-ups")
struct ConnectionTests {
    /// 40 requests a second of 10 ms; a second pod is added at 20 s.
    private static func scenario(connections: Int?) -> Scenario {
        let open = OpenTraffic(steps: [Step(time: 0, value: 40)], connections: connections)
        var scenario = Scenario(
            duration: 200, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 100)]),
            load: .traffic([Phase(name: "open", seconds: 200, traffic: .open(open))]))
        scenario.service.missCPU = .constant(0.01)
        scenario.autoscaler = HorizontalPodAutoscaler(
            minReplicas: 2, maxReplicas: 2, metrics: [CPUMetric(target: .utilization(percent: 50))])
        scenario.controller.syncPhase = 20
        // The second pod's share shows in response times: fewer and fewer requests share one core.
        scenario.nodes = [NodeSize(cores: 4)]
        scenario.workload.cpuLimit = 0.45
        return scenario
    }

    /// Seconds, after the second pod was added.
    private static func mean(_ outcome: Outcome) -> Double {
        let rows = outcome.responses[60...]
        return rows.reduce(0) { $0 + $1.latency } / Double(rows.reduce(0) { $0 + $1.served })
    }

    @Test("An added pod gets none of the kept connections, but its share of new ones")
    func kept() {
        let each = simulate(Self.scenario(connections: nil))
        let kept = simulate(Self.scenario(connections: 8))
        #expect(each.pods.count == 2 && kept.pods.count == 2)
        #expect(Self.mean(each) < 0.02, "\(Self.mean(each))")
        // A single pod uses nine tenths of its quota.
        #expect(Self.mean(kept) > 1.5 * Self.mean(each), "\(Self.mean(kept)), \(Self.mean(each))")
    }

    @Test("Requests that come within a wake-up's time share it", arguments: [10.0, 100, 1000])
    func wakeUps(rate: Double) {
        let open = OpenTraffic(steps: [Step(time: 0, value: rate)])
        var scenario = Scenario(
            duration: 300, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 100)]),
            load: .traffic([Phase(name: "open", seconds: 300, traffic: .open(open))]))
        scenario.service.missCPU = .constant(0.0001)
        scenario.service.wakeUpCPU = 0.001
        scenario.service.wakeUpShared = 0.01
        let outcome = simulate(scenario)
        let cost = outcome.cpuUsedByRequests / Double(outcome.phases[0].served)
        // The next wake-up comes with the first request after a wake-up's time.
        let expected = 0.0001 + 0.001 / (1 + rate * 0.01)
        #expect(abs(cost - expected) < 0.05 * expected, "\(cost), \(expected)")
    }
}
