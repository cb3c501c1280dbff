import Autoscaler
import Foundation
import TestSupport
import Testing

@Suite("100 000 random states")
struct RandomStateTests {
    @Test("A sync decides like the rules in oracle.py")
    func decisions() throws {
        let count = 100_000
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "random_states.py")
        let python = try ChildProcess("python3", ["-B", script.path, String(count)])
        var states = RandomStates()
        let decisions = (0..<count).map { _ in states.decide() }
        let code = try python.waitForExit()
        try #require(code == 0, "\(python.standardError.text())")
        let expected = python.standardOutput.text().split(separator: "\n").map(String.init)
        #expect(expected.count == count)
        let differing = zip(decisions, expected).enumerated().filter { $1.0 != $1.1 }
        #expect(differing.isEmpty, "\(differing.count) differ, e.g. \(differing.prefix(3))")
    }
}

/// Draws the states that random_states.py draws, in its order.
struct RandomStates {
    static let now = 10_000.0
    static let reasons: [LimitReason] = [
        .desiredWithinRange, .tooFewReplicas, .tooManyReplicas, .scaleUpLimit, .scaleDownLimit,
    ]
    private var seed = 1

    private mutating func draw(_ count: Int) -> Int {
        seed = (seed &* 1_103_515_245 &+ 12345) & 0x7FFF_FFFF
        return (seed >> 8) % count
    }

    /// Returns the decision as random_states.py writes it.
    mutating func decide() -> String {
        let target = 10 + draw(140)
        let least = 1 + draw(3)
        let most = least + draw(20)
        let current = draw(5) == 0 ? 1 + draw(12) : least + draw(most - least + 1)
        // Half of the states have a sidecar that must not count, and a metric of the one container.
        let container = seed % 2 == 0 ? "main" : nil
        let pods = (0..<draw(10)).map { _ in pod(target: target, hasSidecar: container != nil) }
        var hpa = HorizontalPodAutoscaler(
            minReplicas: least, maxReplicas: most,
            metrics: [CPUMetric(container: container, target: .utilization(percent: target))])
        let hasBehavior = draw(2) == 0
        var behavior = ScalingBehavior(scaleUp: rules(percents: 200), scaleDown: rules(percents: 100))
        behavior.scaleUp.stabilizationWindow = draw(3) == 0 ? 15 * Double(draw(20)) : 0
        var settings = ControllerSettings()
        settings.downscaleStabilization = 15 * Double(draw(21))
        if hasBehavior {
            if draw(3) == 0 {
                behavior.scaleUp.tolerance = Double(draw(30)) / 100
                behavior.scaleDown.tolerance = Double(draw(30)) / 100
            }
            hpa.behavior = behavior
        }
        var memory = ControllerMemory()
        memory.recommendations = (0..<draw(10)).map { _ in
            let replicas = 1 + draw(25)
            return Recommendation(
                replicas: replicas, time: Self.now - 15 * Double(draw(24)) - 0.25 * Double(draw(2)))
        }
        memory.upEvents = events()
        memory.downEvents = events()
        var controller = AutoscalerController(hpa, settings: settings)
        controller.memory = memory
        return Self.text(of: controller.sync(current: current, pods: pods, now: Self.now))
    }

    private static func text(of decision: Decision) -> String {
        switch decision.path {
        case .disabled: return "disabled"
        case .aboveMax, .belowMin: return "bound \(decision.desired)"
        case .failed: return "failed"
        case .metrics(let proposal, let stabilized, let limited):
            let reason = reasons.firstIndex(of: limited.reason) ?? -1
            return "\(proposal) \(decision.utilization ?? -1) \(stabilized.replicas) \(decision.desired) \(reason)"
        }
    }

    private mutating func pod(target: Int, hasSidecar: Bool) -> PodObservation {
        let kind = draw(12)
        let isDeleted = draw(12) == 0
        let readiness = draw(6)
        let start: Double? = draw(24) == 0 ? nil : Self.now - Double(draw(500))
        let transition: Double? = draw(24) == 0 ? nil : (start ?? Self.now - 100) + Double(draw(64))
        let request: Int? = draw(200) == 0 ? nil : 100 + 100 * draw(10)
        var value = draw(2000)
        if draw(3) == 0 { value = (request ?? 0) * target / 100 }
        let time = Self.now - Double(draw(60))
        let window = 5 + Double(draw(60))
        let isMissing = draw(6) == 0
        var usage = [ContainerUsage(name: "main", nanocores: value * 1_000_000)]
        var requests = [ContainerRequest(name: "main", millicores: request)]
        if hasSidecar {
            usage.append(ContainerUsage(name: "sidecar", nanocores: 5_000_000_000))
            requests.append(ContainerRequest(name: "sidecar", millicores: nil))
        }
        return PodObservation(
            phase: kind == 0 ? .pending : kind == 1 ? .failed : .running, isDeleted: isDeleted, startTime: start,
            readiness: transition.map {
                .init(isReady: readiness == 0 ? false : readiness == 1 ? nil : true, lastTransition: $0)
            },
            requests: requests, sample: isMissing ? nil : PodSample(time: time, window: window, containers: usage))
    }

    private mutating func rules(percents: Int) -> ScalingRules {
        let policies = (0..<1 + draw(3)).map { _ in
            let isPods = draw(2) == 0
            let value = 1 + draw(isPods ? 8 : percents)
            return ScalingPolicy(isPods ? .pods(value) : .percent(value), period: 15 * Double(1 + draw(8)))
        }
        let select = draw(8)
        return ScalingRules(
            stabilizationWindow: nil, selectPolicy: select == 0 ? .disabled : select < 3 ? .min : .max,
            policies: policies)
    }

    private mutating func events() -> [ScaleEvent] {
        (0..<draw(4)).map { _ in
            let change = 1 + draw(6)
            return ScaleEvent(
                change: change, time: Self.now - 15 * Double(draw(8)) - 0.25 * Double(draw(2)))
        }
    }
}
