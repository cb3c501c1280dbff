import Foundation

/// How many pods and nodes a load needs, and what load pods can take: the scaling formulae of the AKS guidance.
///
/// Their source is the ACSScaling workbook of grecoe/CloudAI: each node loses 0.7 cores to Kubernetes (0.5) and logging
/// (0.2), and the three front ends of Azure ML take 1.3 cores each, 3.9 in all. They model neither a queue nor a
/// cache: for a service with a cache, use `weightedLatency` as the latency.
public enum PodScaling {
    /// Cores that each node loses to Kubernetes and logging.
    public static let reservedCoresPerNode = 0.7
    /// Cores that the front ends take from the whole cluster.
    public static let frontEndCores = 3.9
    /// The share of its saturation at which a service should be run.
    public static let saturationRule = 0.7

    /// Available CPU = (VM CPU − 0.7) × nodes − 3.9, in cores; never below 0.
    public static func availableCPU(vmCPU: Double, nodes: Int) -> Double {
        max((vmCPU - reservedCoresPerNode) * Double(nodes) - frontEndCores, 0)
    }

    /// Pods = RPS × latency / concurrency per pod, rounded up.
    public static func pods(rps: Double, latencyMilliseconds: Double, concurrency: Int) -> Int {
        ceiling(rps * latencyMilliseconds / 1000 / Double(concurrency))
    }

    /// The inverse: the highest RPS that pods can serve.
    public static func highestRPS(pods: Int, latencyMilliseconds: Double, concurrency: Int) -> Double {
        Double(pods) * Double(concurrency) * 1000 / latencyMilliseconds
    }

    /// The fewest nodes whose available CPU is enough for the pods; nil if a node has no CPU to spare.
    public static func nodes(pods: Int, cpuPerPod: Double, vmCPU: Double) -> Int? {
        guard vmCPU > reservedCoresPerNode + tolerance else { return nil }
        return ceiling((Double(pods) * cpuPerPod + frontEndCores) / (vmCPU - reservedCoresPerNode))
    }

    /// Pods that fit into nodes' available CPU.
    public static func pods(nodes: Int, cpuPerPod: Double, vmCPU: Double) -> Int {
        count((availableCPU(vmCPU: vmCPU, nodes: nodes) / cpuPerPod + tolerance).rounded(.down))
    }

    /// Latency = hit rate × latency of a hit + (1 − hit rate) × latency of a miss.
    public static func weightedLatency(hitRate: Double, hitMilliseconds: Double, missMilliseconds: Double) -> Double {
        hitRate * hitMilliseconds + (1 - hitRate) * missMilliseconds
    }

    // 9.9 / 3.3 is 3.0000000000000004: a quotient that is whole on paper must not cost another node.
    private static let tolerance = 1e-9

    private static func ceiling(_ value: Double) -> Int { count((value - tolerance).rounded(.up)) }

    /// Saturates instead of trapping on counts that no cluster has.
    private static func count(_ value: Double) -> Int { Int(exactly: value) ?? Int.max }
}
