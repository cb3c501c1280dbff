import Autoscaler
import Foundation
import Testing

/// Decisions of the controller's own unit tests.
@Suite("Vectors of the controller's unit tests")
struct VectorTests {
    struct CPUCase: Decodable {
        struct Pod: Decodable {
            var phase: String
            var deleted, ready: Bool
            var ageS, readySinceS: Double?
            var requestMilli, metricMilli: Int?
        }
        var current, target: Int
        var toleranceUp, toleranceDown, cpuInitializationS, initialReadinessS: Double
        var pods: [Pod]
        var error: Bool
        var replicas, utilization: Int?
    }

    struct RateCase: Decodable {
        struct Event: Decodable {
            var change: Int
            var ageS: Double
        }
        struct Rules: Decodable {
            struct Policy: Decodable {
                var type: String
                var value: Int
                var periodS: Double
            }
            var select: String
            var policies: [Policy]

            var rules: ScalingRules {
                ScalingRules(
                    stabilizationWindow: nil, selectPolicy: PolicySelection(rawValue: select) ?? .max,
                    policies: policies.map {
                        ScalingPolicy($0.type == "Pods" ? .pods($0.value) : .percent($0.value), period: $0.periodS)
                    })
            }
        }
        var current, desired, min, max: Int
        var scaleUpEvents, scaleDownEvents: [Event]
        var scaleUp, scaleDown: Rules
        var replicas: Int
        var reason: String
    }

    struct StabilizationCase: Decodable {
        struct Recommendation: Decodable {
            var replicas: Int
            var ageS: Double
        }
        var current: Int?
        var desired: Int
        var recommendations: [Recommendation]
        var windowS, scaleUpWindowS, scaleDownWindowS: Double?
        var replicas: Int
    }

    static func read<Case: Decodable>(_ name: String, as type: [Case].Type = [Case].self) throws -> [Case] {
        let file = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([Case].self, from: Data(contentsOf: file))
    }

    private let now = 100_000.0

    @Test("Proposals from the pods' CPU, 40 of them")
    func proposals() throws {
        let cases = try Self.read("cpu", as: [CPUCase].self)
        #expect(cases.count == 40)
        for (index, vector) in cases.enumerated() {
            var settings = ControllerSettings()
            settings.cpuInitializationPeriod = vector.cpuInitializationS
            settings.initialReadinessDelay = vector.initialReadinessS
            let report = ReplicaCalculator(
                metric: CPUMetric(target: .utilization(percent: vector.target)),
                tolerance: Tolerance(up: vector.toleranceUp, down: vector.toleranceDown), settings: settings
            ).report(pods: vector.pods.map(observation), current: vector.current, now: now)
            switch report.result {
            case .failure: #expect(vector.error, "case \(index)")
            case .success(let proposal):
                #expect(!vector.error && proposal.replicas == vector.replicas, "case \(index)")
                guard case .utilization(let percent, _) = proposal.current else { continue }
                #expect(percent == vector.utilization, "case \(index)")
            }
        }
    }

    /// Times that a vector leaves out are those of a pod that has been in its state since it started long ago.
    private func observation(_ pod: CPUCase.Pod) -> PodObservation {
        let start = now - (pod.ageS ?? 3600)
        return PodObservation(
            phase: ["Pending": .pending, "Failed": .failed][pod.phase] ?? .running, isDeleted: pod.deleted,
            startTime: start,
            readiness: .init(isReady: pod.ready, lastTransition: pod.readySinceS.map { now - $0 } ?? start),
            requests: [ContainerRequest(name: "main", millicores: pod.requestMilli)],
            sample: pod.metricMilli.map {
                PodSample(
                    time: now, window: 60, containers: [ContainerUsage(name: "main", nanocores: $0 * 1_000_000)])
            })
    }

    @Test("Rates of behavior with the condition's reason, 42 of them")
    func rates() throws {
        let cases = try Self.read("rates", as: [RateCase].self)
        #expect(cases.count == 42)
        for (index, vector) in cases.enumerated() {
            var memory = ControllerMemory()
            memory.upEvents = vector.scaleUpEvents.map { .init(change: $0.change, time: now - $0.ageS) }
            memory.downEvents = vector.scaleDownEvents.map { .init(change: $0.change, time: now - $0.ageS) }
            let limited = memory.limited(
                vector.desired, current: vector.current,
                hpa: HorizontalPodAutoscaler(minReplicas: vector.min, maxReplicas: vector.max),
                behavior: ScalingBehavior(scaleUp: vector.scaleUp.rules, scaleDown: vector.scaleDown.rules), now: now)
            #expect(limited.replicas == vector.replicas, "case \(index)")
            #expect(limited.reason.rawValue == vector.reason, "case \(index)")
        }
    }

    @Test("Stabilization with behavior and without, 16 of them")
    func stabilization() throws {
        let cases = try ["stabilization_behavior", "stabilization_none"].flatMap {
            try Self.read($0, as: [StabilizationCase].self)
        }
        #expect(cases.count == 16)
        for (index, vector) in cases.enumerated() {
            var memory = ControllerMemory()
            memory.recommendations = vector.recommendations.map {
                .init(replicas: $0.replicas, time: now - $0.ageS)
            }
            let stabilized =
                if let current = vector.current {
                    memory.stabilize(
                        vector.desired, current: current, upWindow: vector.scaleUpWindowS ?? 0,
                        downWindow: vector.scaleDownWindowS ?? 0, now: now)
                } else {
                    memory.stabilize(vector.desired, window: vector.windowS ?? 0, now: now)
                }
            #expect(stabilized.replicas == vector.replicas, "case \(index)")
        }
    }
}
