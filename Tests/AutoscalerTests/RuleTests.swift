import Autoscaler
import Testing

/// The rules that the controller's unit tests leave open (Vectors/extra.json, in its order), and average values.
@Suite("Rules that the controller's unit tests leave open")
struct RuleTests {
    let now = 1000.0

    /// A pod that has been ready for long, with a fresh sample.
    func pod(
        _ millicores: Int?, request: Int? = 1000, readyFor: Double = 3600, isReady: Bool = true
    ) -> PodObservation {
        PodObservation(
            phase: .running, startTime: now - readyFor - 1,
            readiness: .init(isReady: isReady, lastTransition: now - readyFor),
            requests: [ContainerRequest(name: "main", millicores: request)],
            sample: millicores.map {
                PodSample(time: now, window: 15, containers: [ContainerUsage(name: "main", nanocores: $0 * 1_000_000)])
            })
    }

    func proposal(_ target: MetricTarget, _ pods: [PodObservation], current: Int? = nil) -> Int? {
        let report = ReplicaCalculator(
            metric: CPUMetric(target: target), tolerance: Tolerance(up: 0.1, down: 0.1), settings: ControllerSettings()
        ).report(pods: pods, current: current ?? pods.count, now: now)
        return try? report.result.get().replicas
    }

    @Test("Utilization is floored to an integer")
    func floor() {
        #expect(proposal(.utilization(percent: 40), [pod(449)]) == 1)
        #expect(proposal(.utilization(percent: 40), [pod(450)]) == 2)
    }

    func limited(
        _ desired: Int, current: Int, min: Int = 1, max: Int = 1000, up: ScalingRules = .defaultUp,
        down: ScalingRules = .defaultDown, upEvents: [ScaleEvent] = []
    ) -> Limited {
        var memory = ControllerMemory()
        memory.upEvents = upEvents
        return memory.limited(
            desired, current: current, hpa: HorizontalPodAutoscaler(minReplicas: min, maxReplicas: max),
            behavior: ScalingBehavior(scaleUp: up, scaleDown: down), now: now)
    }

    func percent(_ value: Int) -> ScalingRules {
        ScalingRules(stabilizationWindow: 0, policies: [ScalingPolicy(.percent(value), period: 60)])
    }

    @Test("Percent down is double arithmetic, truncated; percent up is rounded up")
    func percents() {
        #expect(limited(1, current: 20, down: percent(80)).replicas == 3)
        #expect(limited(1, current: 20, down: percent(80)).reason == .scaleDownLimit)
        #expect(limited(0, current: 10, min: 0, down: percent(90)).replicas == 0)
        #expect(limited(100, current: 25, up: percent(12)).replicas == 29)
        #expect(limited(100, current: 25, up: percent(12)).reason == .scaleUpLimit)
    }

    @Test("An event exactly one period old does not count", arguments: [(15.0, 8), (14.99, 5)])
    func eventAge(age: Double, replicas: Int) {
        #expect(limited(50, current: 4, upEvents: [.init(change: 3, time: now - age)]).replicas == replicas)
    }

    @Test("A recommendation exactly one window old counts only without behavior")
    func recommendationAge() {
        var memory = ControllerMemory()
        memory.recommendations = [.init(replicas: 5, time: now - 300)]
        #expect(memory.stabilize(3, window: 300, now: now).replicas == 5)
        #expect(memory.stabilize(3, current: 5, upWindow: 0, downWindow: 300, now: now).replicas == 3)
    }

    @Test("A limit equal to max is TooManyReplicas")
    func limitAtMax() {
        #expect(limited(30, current: 10, max: 20) == limited(21, current: 10, max: 20))
        #expect(limited(30, current: 10, max: 20).replicas == 20)
        #expect(limited(30, current: 10, max: 20).reason == .tooManyReplicas)
    }

    @Test("The plain branch multiplies by the ready pods, so a surge can scale up below the target")
    func surge() {
        #expect(proposal(.utilization(percent: 50), Array(repeating: pod(440), count: 5), current: 4) == 5)
    }

    @Test("Fresh pods count as 0 on the way up")
    func freshPods() {
        let fresh = pod(900, readyFor: 10)
        #expect(proposal(.utilization(percent: 40), [pod(900), fresh, fresh, fresh]) == 4)
    }

    @Test("Without behavior a sync at most doubles, or goes to 4")
    func doubling() {
        let hpa = HorizontalPodAutoscaler(maxReplicas: 5, metrics: [CPUMetric(target: .utilization(percent: 40))])
        var controller = AutoscalerController(hpa)
        let decision = controller.sync(current: 1, pods: [pod(2000)], now: now)
        #expect(decision.desired == 4)
        #expect(decision.reason == "ScaleUpLimit")
    }

    @Test("An average value consults no requests and floors the mean to millicores")
    func averageValue() {
        #expect(proposal(.averageValue(millicores: 100), [pod(111, request: nil), pod(110, request: nil)]) == 2)
        #expect(proposal(.averageValue(millicores: 100), [pod(111, request: nil), pod(111, request: nil)]) == 3)
    }

    @Test("With average values a missing pod counts as the target on the way down and as 0 on the way up")
    func averageValueMissing() {
        let target = MetricTarget.averageValue(millicores: 100)
        #expect(proposal(target, [pod(20), pod(20), pod(nil)]) == 2, "(20 + 20 + 100) / 3 = 46")
        #expect(proposal(target, [pod(80), pod(nil)]) == 2, "(80 + 100) / 2 is within tolerance")
        #expect(proposal(target, [pod(400), pod(400), pod(nil)]) == 8, "800 / 3 = 266")
        #expect(proposal(target, [pod(150), pod(nil)]) == 2, "75 turns the direction")
        #expect(proposal(target, [pod(100), pod(nil)], current: 4) == 1, "exactly at the target: as 0")
    }

    @Test("With average values an unready pod counts as 0 on the way up and not at all on the way down")
    func averageValueUnready() {
        let target = MetricTarget.averageValue(millicores: 100)
        #expect(proposal(target, [pod(400), pod(900, readyFor: 3)]) == 4)
        #expect(proposal(target, [pod(50), pod(50), pod(900, readyFor: 3)]) == 1)
    }
}
