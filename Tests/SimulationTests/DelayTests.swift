import Autoscaler
import Simulation
import Testing

/// From a step in load (0.1 to 1 core of a request of 1, target 40) to the controller's reaction, over 400 seeds.
@Suite("How late the controller sees a step in load")
struct DelayTests {
    struct Row: Sendable {
        var resolution: Double
        /// Medians and 95th percentiles, in seconds.
        var acts, seesAll: [Double]
    }

    @Test(
        "Medians within 3 s and 95th percentiles within 8 s",
        arguments: [
            Row(resolution: 15, acts: [29, 43], seesAll: [39, 54]),
            Row(resolution: 30, acts: [42, 59], seesAll: [60, 78]),
            Row(resolution: 60, acts: [69, 98], seesAll: [105, 134]),
        ])
    func delays(row: Row) {
        var acts: [Double] = []
        var seesAll: [Double] = []
        for seed in 1...400 as ClosedRange<UInt64> {
            let (first, all) = Self.delays(resolution: row.resolution, seed: seed)
            acts.append(first)
            seesAll.append(all)
        }
        for (found, expected) in [(acts, row.acts), (seesAll, row.seesAll)] {
            let sorted = found.sorted()
            #expect(abs(sorted[200] - expected[0]) <= 3, "median \(sorted[200]), expected \(expected[0])")
            #expect(abs(sorted[380] - expected[1]) <= 8, "95th \(sorted[380]), expected \(expected[1])")
        }
    }

    static func delays(resolution: Double, seed: UInt64) -> (acts: Double, seesAll: Double) {
        let step = 130.0
        var workload = Workload(requests: [ContainerRequest(name: "main", millicores: 1000)])
        // New pods do not take a share of the load, so that all of it is visible.
        workload.startUp = 1000
        var scenario = Scenario(
            duration: 310, workload: workload,
            load: .demand([Step(time: 0, value: 0.1), Step(time: step, value: 1)], podCap: nil))
        scenario.seed = seed
        scenario.metrics = .scraped(resolution: resolution)
        scenario.autoscaler = HorizontalPodAutoscaler(
            maxReplicas: 10, metrics: [CPUMetric(target: .utilization(percent: 40))])
        let decisions = simulate(scenario).decisions
        let acts = decisions.first { $0.desired > $0.current }?.time ?? .infinity
        let all = decisions.first { ($0.utilization ?? 0) >= 99 }?.time ?? .infinity
        return (acts - step, all - step)
    }
}
