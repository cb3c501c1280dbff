import ArgumentParser
import Cluster
import Foundation

/// `bungalow pods`: how many pods and nodes a load needs, or what load they can take.
struct PodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pods",
        abstract: "Computes how many pods and nodes a load needs, or what load they can take.",
        usage: """
            bungalow pods --rps RPS --latency-ms MS … [--concurrency N] [--cpu CORES --vm-cpu CORES]
            bungalow pods --pods N --latency-ms MS … [--concurrency N]
            bungalow pods --nodes N --cpu CORES --vm-cpu CORES --latency-ms MS …
            """,
        discussion: """
            pods = RPS × latency / concurrency per pod
            available CPU = (VM CPU − 0.7) × nodes − 3.9
            nodes: the fewest whose available CPU is pods × CPU per pod
            latency with a cache = hit rate × hit + (1 − hit rate) × miss
            70 % rule: run a service at 70 % of the load that saturates it

            The formulae are those of Azure ML on AKS; measure before you trust them.
            """)

    @Option(help: "Requests/s.") var rps: Double?
    @Option(help: "Pods available: prints the highest RPS.") var pods: Int?
    @Option(help: "Nodes available: prints the pods that fit, and the highest RPS.") var nodes: Int?
    @Option(parsing: .upToNextOption, help: "Time of a request; give several for a table.") var latencyMs: [Double] = []
    @Option(help: "Requests that a pod handles at once.") var concurrency = 1
    @Option(help: "CPU of a pod, cores.") var cpu: Double?
    @Option(help: "CPU of a node, cores.") var vmCpu: Double?
    @Option(help: "Share of requests served from the cache, 0 to 1.") var hitRate: Double?
    @Option(help: "Time of a request served from the cache.") var hitMs: Double?
    @Option(help: "Time of a request not served from the cache.") var missMs: Double?

    func validate() throws {
        let positive: [(String, Double?)] =
            [
                ("--rps", rps), ("--pods", pods.map(Double.init)), ("--nodes", nodes.map(Double.init)), ("--cpu", cpu),
                ("--vm-cpu", vmCpu), ("--concurrency", Double(concurrency)), ("--hit-ms", hitMs), ("--miss-ms", missMs),
            ] + latencyMs.map { ("--latency-ms", Optional($0)) }
        for (name, value) in positive {
            if let value, !(value > 0 && value <= 1e9) {
                throw ValidationError("\(name) must be more than 0 and at most a thousand million.")
            }
        }
        if let hitRate, !(0...1 ~= hitRate) { throw ValidationError("--hit-rate must be from 0 to 1.") }
        guard [rps != nil, pods != nil, nodes != nil].filter(\.self).count == 1 else {
            throw ValidationError("Give one of --rps, --pods and --nodes.")
        }
        let cache = [hitRate, hitMs, missMs].compactMap(\.self).count
        guard cache == 0 || cache == 3 else { throw ValidationError("Give --hit-rate, --hit-ms, --miss-ms together.") }
        guard latencyMs.isEmpty != (cache == 0) else {
            throw ValidationError("Give --latency-ms, or --hit-rate with --hit-ms and --miss-ms.")
        }
        guard (cpu == nil) == (vmCpu == nil) else { throw ValidationError("Use --cpu and --vm-cpu together.") }
        if nodes != nil, cpu == nil { throw ValidationError("--nodes needs --cpu and --vm-cpu.") }
    }

    func run() throws {
        if let cpu, let vmCpu, cpu > vmCpu - PodScaling.reservedCoresPerNode {
            StandardError.say(
                "Warning: a pod of \(Self.text(cpu)) cores fits on no node of \(Self.text(vmCpu)) cores: "
                    + "Kubernetes and logging take \(PodScaling.reservedCoresPerNode) of them.")
        }
        if let hitRate, let hitMs, let missMs {
            let latency = PodScaling.weightedLatency(hitRate: hitRate, hitMilliseconds: hitMs, missMilliseconds: missMs)
            try StandardOutput.say("Latency with the cache: \(Self.text(latency)) ms")
            try describe(latency)
        } else {
            try latencyMs.forEach(describe)
        }
    }

    private func describe(_ latency: Double) throws {
        if let rps {
            try describeNeed(rps: rps, latency: latency, "for \(Self.text(rps)) RPS at \(Self.text(latency)) ms")
            let relaxed = rps / PodScaling.saturationRule
            try describeNeed(rps: relaxed, latency: latency, "to run at 70 % of saturation")
        } else if let nodes, let cpu, let vmCpu {
            let available = PodScaling.availableCPU(vmCPU: vmCpu, nodes: nodes)
            let pods = PodScaling.pods(nodes: nodes, cpuPerPod: cpu, vmCPU: vmCpu)
            try StandardOutput.say(
                "\(Self.count(nodes, "node")): \(Self.text(available)) cores available, \(Self.count(pods, "pod"))")
            try describeCapacity(pods: pods, latency: latency)
        } else if let pods {
            try describeCapacity(pods: pods, latency: latency)
        }
    }

    private func describeNeed(rps: Double, latency: Double, _ purpose: String) throws {
        let pods = PodScaling.pods(rps: rps, latencyMilliseconds: latency, concurrency: concurrency)
        var line = Self.count(pods, "pod")
        if let cpu, let vmCpu {
            if let nodes = PodScaling.nodes(pods: pods, cpuPerPod: cpu, vmCPU: vmCpu) {
                let available = PodScaling.availableCPU(vmCPU: vmCpu, nodes: nodes)
                line += ", \(Self.count(nodes, "node")) (\(Self.text(available)) cores available, "
                line += "\(Self.text(Double(pods) * cpu)) needed)"
            } else {
                line += ", no number of nodes is enough: one of \(Self.text(vmCpu)) cores has none to spare"
            }
        }
        try StandardOutput.say("\(line) \(purpose)")
    }

    private func describeCapacity(pods: Int, latency: Double) throws {
        let rps = PodScaling.highestRPS(pods: pods, latencyMilliseconds: latency, concurrency: concurrency)
        let planned = rps * PodScaling.saturationRule
        try StandardOutput.say(
            "\(Self.count(pods, "pod")) at \(Self.text(latency)) ms: \(Self.text(rps)) RPS at most, "
                + "run them at \(Self.text(planned))"
        )
    }

    private static func count(_ count: Int, _ name: String) -> String { "\(count) \(name)\(count == 1 ? "" : "s")" }

    private static func text(_ value: Double) -> String { String(format: "%.6g", value) }
}
