import Cluster
import Testing

/// The scaling formulae against their worked examples.
@Suite struct PodScalingTests {
    @Test("24 calls a second of 500 ms need 12 pods, on 3 nodes of 4 cores")
    func podsAndNodesOfTheWorkedExample() {
        let pods = PodScaling.pods(rps: 24, latencyMilliseconds: 500, concurrency: 1)
        #expect(pods == 12)
        #expect(PodScaling.nodes(pods: pods, cpuPerPod: 0.5, vmCPU: 4) == 3)
        #expect(abs(PodScaling.availableCPU(vmCPU: 4, nodes: 3) - 6) < 1e-9)
        #expect(PodScaling.pods(nodes: 3, cpuPerPod: 0.5, vmCPU: 4) == 12)
    }

    @Test("12 pods serve the rates in the guidance's table", arguments: [(20.0, 600.0), (500, 24), (1000, 12)])
    func ratesOfTheTable(latency: Double, rps: Double) {
        #expect(PodScaling.highestRPS(pods: 12, latencyMilliseconds: latency, concurrency: 1) == rps)
        #expect(PodScaling.pods(rps: rps, latencyMilliseconds: latency, concurrency: 1) == 12)
        #expect(PodScaling.pods(rps: rps * 1.001, latencyMilliseconds: latency, concurrency: 1) == 13)
        #expect(PodScaling.highestRPS(pods: 12, latencyMilliseconds: latency, concurrency: 4) == rps * 4)
    }

    @Test("No number of nodes is enough if a node has no CPU to spare")
    func nodesWithNothingToSpare() {
        #expect(PodScaling.nodes(pods: 1, cpuPerPod: 0.5, vmCPU: 0.7) == nil)
        #expect(PodScaling.nodes(pods: 1_000_000_000_000_000, cpuPerPod: 1e9, vmCPU: 1) == Int.max)
        #expect(PodScaling.availableCPU(vmCPU: 1, nodes: 1) == 0)
        #expect(PodScaling.pods(nodes: 1, cpuPerPod: 0.5, vmCPU: 2) == 0)
    }

    @Test("Latency with a cache is weighted by the hit rate")
    func weightedLatency() {
        let latency = PodScaling.weightedLatency(hitRate: 0.8, hitMilliseconds: 1, missMilliseconds: 500)
        #expect(abs(latency - 100.8) < 1e-9)
    }
}
