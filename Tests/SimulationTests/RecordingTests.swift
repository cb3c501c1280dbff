import Autoscaler
import Foundation
import Simulation
import Testing

/// Recordings of the real controller with scripted CPU demand.
@Suite("Recordings of the real controller")
struct RecordingTests {
    /// The best of ten sync phases reproduces the replicas of each second, give or take one sync period.
    @Test(
        "The replicas of every second match the recording",
        arguments: [
            ("behavior", 1.0), ("max-of-policies", 0.97), ("noise-in-tolerance", 1.0), ("ramp-default", 1.0),
            ("slow-pods", 1.0), ("step-default", 1.0),
        ])
    func replicas(name: String, least: Double) throws {
        let recording = try Recording(name)
        let shares = (0..<10).map { recording.agreement(syncPhase: Double($0) / 10 * recording.syncPeriod) }
        let best = shares.max() ?? 0
        #expect(best >= least, "shares of the seconds by phase: \(shares)")
    }
}

/// One recording, and its scenario.
struct Recording {
    let json: [String: Any]
    let rows: [(time: Double, spec: Int)]
    let syncPeriod: Double

    init(_ name: String) throws {
        let file = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors"))
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        json = try #require(object as? [String: Any])
        let table = try #require(json["rows"] as? [[Any]])
        rows = table.compactMap { row in
            guard let time = row[0] as? Double, let spec = row[2] as? Int else { return nil }
            return (time, spec)
        }
        try #require(rows.count == table.count)
        syncPeriod = try #require(json["sync_period_s"] as? Double)
    }

    private func number(_ key: String) -> Double { json[key] as? Double ?? .nan }

    func agreement(syncPhase: Double) -> Double {
        let seconds = simulate(scenario(syncPhase: syncPhase)).seconds
        let agreeing = rows.count { row in
            seconds.contains { abs($0.time - row.time) <= syncPeriod + 0.001 && $0.spec == row.spec }
        }
        return Double(agreeing) / Double(rows.count)
    }

    private func scenario(syncPhase: Double) -> Scenario {
        let hpa = json["hpa"] as? [String: Any] ?? [:]
        let request = ContainerRequest(name: "main", millicores: Int(number("cpu_request_cores") * 1000))
        var workload = Workload(requests: [request], cpuLimit: 1)
        workload.replicas = rows[0].spec
        workload.initialReadyFor = 45
        workload.startUp = number("pod_startup_s")
        let steps = (json["demand"] as? [[Double]] ?? []).map { Step(time: $0[0], value: $0[1]) }
        var scenario = Scenario(
            duration: (rows.last?.time ?? 0) + 1, workload: workload, load: .demand(steps, podCap: 1))
        scenario.nodes = [NodeSize(cores: 1000)]
        scenario.metrics = .lagged(0, window: 15)
        scenario.controller.syncPeriod = syncPeriod
        scenario.controller.syncPhase = syncPhase
        scenario.controller.settings.downscaleStabilization = number("downscale_stabilization_s")
        scenario.autoscaler = autoscaler(hpa)
        return scenario
    }

    private func autoscaler(_ spec: [String: Any]) -> HorizontalPodAutoscaler {
        let metrics = (spec["metrics"] as? [[String: Any]])?.first?["containerResource"] as? [String: Any]
        let target = (metrics?["target"] as? [String: Any])?["averageUtilization"] as? Int ?? 0
        var autoscaler = HorizontalPodAutoscaler(
            minReplicas: spec["minReplicas"] as? Int ?? 1, maxReplicas: spec["maxReplicas"] as? Int ?? 0,
            metrics: [CPUMetric(container: "main", target: .utilization(percent: target))])
        if let behavior = spec["behavior"] as? [String: Any] {
            autoscaler.behavior = ScalingBehavior(
                scaleUp: rules(behavior["scaleUp"], default: .defaultUp),
                scaleDown: rules(behavior["scaleDown"], default: .defaultDown))
        }
        return autoscaler
    }

    private func rules(_ json: Any?, default rules: ScalingRules) -> ScalingRules {
        guard let json = json as? [String: Any] else { return rules }
        var rules = rules
        if let window = json["stabilizationWindowSeconds"] as? Double { rules.stabilizationWindow = window }
        if let select = (json["selectPolicy"] as? String).flatMap(PolicySelection.init) { rules.selectPolicy = select }
        if let policies = json["policies"] as? [[String: Any]] {
            rules.policies = policies.map {
                let value = $0["value"] as? Int ?? 0
                return ScalingPolicy(
                    $0["type"] as? String == "Pods" ? .pods(value) : .percent(value),
                    period: $0["periodSeconds"] as? Double ?? 0)
            }
        }
        return rules
    }
}
