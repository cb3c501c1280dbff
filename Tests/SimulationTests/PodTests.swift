import Autoscaler
import Simulation
import Testing

@Suite("Pods")
struct PodTests {
    func scenario(demand: [Step], max: Int = 10, _ change: (inout Scenario) -> Void = { _ in }) -> Scenario {
        var scenario = Scenario(
            duration: 600, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 1000)]),
            load: .demand(demand, podCap: 1))
        scenario.metrics = .lagged(0, window: 15)
        scenario.controller.syncPhase = 0
        scenario.controller.settings.downscaleStabilization = 60
        scenario.autoscaler = HorizontalPodAutoscaler(
            maxReplicas: max, metrics: [CPUMetric(target: .utilization(percent: 50))])
        change(&scenario)
        return scenario
    }

    @Test("A pod that does not fit stays Pending, counts as a pod, and is scheduled once there is room")
    func pending() {
        let scenario = scenario(demand: [Step(time: 0, value: 5), Step(time: 300, value: 0.1)]) {
            $0.nodes = [NodeSize(cores: 2), NodeSize(cores: 1)]
        }
        let outcome = simulate(scenario)
        let full = outcome.seconds[250]
        #expect(full.spec > 3 && full.bound == 3 && full.ready == 3 && full.pods == full.spec)
        #expect(outcome.seconds[590].pods == 1)
        #expect(outcome.pods.count { $0.scheduled == nil } == full.spec - 3)
    }

    @Test("Pending pods are removed first, then the youngest ready ones")
    func victims() {
        let outcome = simulate(
            scenario(demand: [Step(time: 0, value: 1), Step(time: 30, value: 3), Step(time: 200, value: 1)]))
        let removed = outcome.pods.filter { $0.deleted != nil }
        #expect(!removed.isEmpty)
        #expect(outcome.pods[0].deleted == nil, "the oldest stays")
    }

    @Test("With a readiness probe that runs the model, the lab's pods are ready 15 to 20 s after their start")
    func readiness() {
        var probe = Probe()
        probe.initialDelay = 5
        probe.period = 5
        probe.successThreshold = 3
        probe.runsModel = true
        var times: [Double] = []
        for seed in 1...50 as ClosedRange<UInt64> {
            let scenario = scenario(demand: [Step(time: 0, value: 2)]) {
                $0.seed = seed
                $0.workload.readiness = probe
                $0.service.missCPU = .constant(0.1)
            }
            times += simulate(scenario).pods.dropFirst().compactMap { pod in
                pod.ready.flatMap { ready in pod.started.map { ready - $0 } }
            }
        }
        #expect(times.count > 50)
        #expect(times.allSatisfy { $0 >= 15 && $0 <= 20.2 })
    }

    @Test("A saturated pod fails the probe that runs its model, and leaves the service")
    func saturatedProbe() {
        var probe = Probe()
        probe.period = 5
        probe.failureThreshold = 3
        probe.runsModel = true
        var scenario = Scenario(
            duration: 120, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 1000)]),
            load: .traffic([
                Phase(name: "all", seconds: 120, traffic: .closed(Clients(count: 40, pause: 0...0)))
            ]))
        scenario.workload.readiness = probe
        scenario.nodes = [NodeSize(cores: 1)]
        scenario.service.missCPU = .constant(0.3)
        let outcome = simulate(scenario)
        #expect(outcome.seconds.contains { $0.ready == 0 })
        #expect(outcome.phases[0].failed > 0)
    }

    @Test("A terminating pod serves its requests, holds its reservation, and is gone after its grace at the latest")
    func termination() {
        var scenario = scenario(demand: [Step(time: 0, value: 3), Step(time: 100, value: 0.1)]) {
            $0.workload.termination = 7
        }
        var outcome = simulate(scenario)
        let removed = outcome.pods.filter { $0.deleted != nil }
        #expect(!removed.isEmpty)
        for pod in removed { #expect(abs((pod.gone ?? 0) - (pod.deleted ?? 0) - 7) < 1e-9) }
        let row = outcome.seconds.first { $0.spec == 1 && $0.time > 100 }
        #expect((row?.pods ?? 0) > 1)

        scenario.workload.replicas = 4
        scenario.workload.grace = 10
        scenario.load = .traffic([
            Phase(
                name: "slow", seconds: 100, traffic: .open(OpenTraffic(steps: [Step(time: 0, value: 1)], isEven: true)))
        ])
        scenario.service.missCPU = .constant(0.001)
        scenario.service.missWait = .constant(30)
        outcome = simulate(scenario)
        let cut = outcome.pods.filter { $0.deleted != nil }
        #expect(cut.contains { abs(($0.gone ?? 0) - ($0.deleted ?? 0) - 10) < 1e-9 })
        #expect(outcome.phases[0].failed > 0)
    }

    @Test("Kept-alive connections do not move to new pods; closed ones do")
    func connections() {
        func busiest(keeps: Bool) -> Int {
            var scenario = Scenario(
                duration: 300, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 500)]),
                load: .traffic([
                    Phase(
                        name: "all", seconds: 300,
                        traffic: .closed(Clients(count: 10, pause: 0...0, keepsConnections: keeps)))
                ]))
            scenario.service.missCPU = .constant(0.1)
            scenario.autoscaler = HorizontalPodAutoscaler(
                maxReplicas: 6, metrics: [CPUMetric(target: .utilization(percent: 50))])
            return simulate(scenario).phases[0].served
        }
        #expect(Double(busiest(keeps: true)) < 0.8 * Double(busiest(keeps: false)))
    }
}
