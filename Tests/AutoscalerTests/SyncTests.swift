import Autoscaler
import Testing

@Suite("A sync")
struct SyncTests {
    func pod(_ millicores: Int?, at now: Double) -> PodObservation {
        PodObservation(
            phase: .running, startTime: now - 3601, readiness: .init(isReady: true, lastTransition: now - 3600),
            requests: [ContainerRequest(name: "main", millicores: 1000)],
            sample: millicores.map {
                PodSample(
                    time: now - 12, window: 15, containers: [ContainerUsage(name: "main", nanocores: $0 * 1_000_000)])
            })
    }

    func hpa(_ behavior: ScalingBehavior? = nil, min: Int = 1, max: Int = 10) -> HorizontalPodAutoscaler {
        HorizontalPodAutoscaler(
            minReplicas: min, maxReplicas: max, metrics: [CPUMetric(target: .utilization(percent: 40))],
            behavior: behavior)
    }

    @Test("First sight blocks scaling down for one window", arguments: [nil, ScalingBehavior()])
    func firstSight(behavior: ScalingBehavior?) {
        var controller = AutoscalerController(hpa(behavior))
        for now in stride(from: 0.0, through: 330, by: 15) {
            let pods = [pod(10, at: now), pod(10, at: now)]
            let decision = controller.sync(current: 2, pods: pods, now: now)
            #expect(decision.proposal == 1)
            // The edge counts without behavior, but not with it.
            let isHeld = behavior == nil ? now <= 300 : now < 300
            #expect(decision.desired == (isHeld ? 2 : 1), "at \(now) s")
            #expect(decision.condition(.ableToScale)?.reason == (isHeld ? "ScaleDownStabilized" : "SucceededRescale"))
        }
    }

    @Test("Moves to a bound need no metrics, record no recommendation, and count as events with behavior")
    func bounds() {
        var controller = AutoscalerController(hpa(ScalingBehavior(), min: 2, max: 4))
        let down = controller.sync(current: 9, pods: [], now: 0)
        #expect(down.desired == 4 && down.path == .aboveMax)
        #expect(controller.memory.downEvents == [.init(change: 5, time: 0)])
        let up = controller.sync(current: 1, pods: [], now: 15)
        #expect(up.desired == 2 && up.path == .belowMin)
        #expect(controller.memory.upEvents == [.init(change: 1, time: 15)])
        #expect(controller.memory.recommendations == [.init(replicas: 9, time: 0)], "first sight only")
    }

    @Test("A target without replicas disables the autoscaler")
    func disabled() {
        var controller = AutoscalerController(hpa())
        let decision = controller.sync(current: 0, pods: [], now: 0)
        #expect(decision.desired == 0 && decision.reason == "ScalingDisabled")
    }

    @Test("Without a valid metric nothing is done or recorded")
    func noMetrics() {
        var controller = AutoscalerController(hpa())
        _ = controller.sync(current: 2, pods: [pod(400, at: 0)], now: 0)
        let before = controller.memory
        let decision = controller.sync(current: 2, pods: [pod(nil, at: 15)], now: 15)
        #expect(decision.desired == 2 && decision.reason == "FailedGetResourceMetric")
        #expect(decision.explanation.hasSuffix("no metrics returned from resource metrics API"))
        #expect(controller.memory == before)
    }

    @Test("The largest proposal wins; an invalid metric blocks only scaling down")
    func severalMetrics() {
        var hpa = hpa()
        hpa.metrics.append(CPUMetric(target: .averageValue(millicores: 100)))
        var controller = AutoscalerController(hpa)
        let both = controller.sync(current: 2, pods: [pod(300, at: 0), pod(300, at: 0)], now: 0)
        #expect(both.proposal == 6)
        controller.autoscaler.metrics[1] = CPUMetric(container: "absent", target: .averageValue(millicores: 100))
        let up = controller.sync(current: 2, pods: [pod(900, at: 15), pod(900, at: 15)], now: 15)
        #expect(up.desired == 4, "5 proposed, doubling allows 4")
        let down = controller.sync(current: 4, pods: [pod(9, at: 400), pod(9, at: 400)], now: 400)
        #expect(down.desired == 4 && down.reason == "FailedGetContainerResourceMetric")
    }

    @Test("A metric of the whole pod fails if a sidecar requests nothing")
    func sidecar() throws {
        var pod = pod(400, at: 0)
        pod.requests.append(ContainerRequest(name: "istio-proxy", millicores: nil))
        var controller = AutoscalerController(hpa())
        let whole = controller.sync(current: 1, pods: [pod], now: 0)
        #expect(whole.path == .failed(.missingRequest(container: "istio-proxy")))
        controller.autoscaler.metrics[0].container = "main"
        let one = controller.sync(current: 1, pods: [pod], now: 0)
        #expect(one.utilization == 40)
    }

    @Test("behavior's tolerances apply to their directions, and only with behavior")
    func tolerances() {
        var behavior = ScalingBehavior()
        behavior.scaleUp.tolerance = 0.5
        var controller = AutoscalerController(hpa(behavior))
        let pods = [pod(560, at: 0), pod(560, at: 0)]
        let wide = controller.sync(current: 2, pods: pods, now: 0)
        #expect(wide.desired == 2)
        controller.autoscaler.behavior = nil
        let narrow = controller.sync(current: 2, pods: pods, now: 15)
        #expect(narrow.desired == 3)
    }

    @Test("A decision explains itself: pods, age, utilization, proposal, hold, result")
    func explanation() {
        var controller = AutoscalerController(hpa(ScalingBehavior()))
        let up = controller.sync(current: 2, pods: [pod(1800, at: 0), pod(nil, at: 0)], now: 0)
        #expect(
            up.explanation
                == "pods: 1 ready, 1 without a sample; 180 % used, target 40 %, metrics 12 s old, ratio 4.5 (2.25 with the "
                + "others filled in); 5 proposed, now 2; 2 → 5")
        let down = controller.sync(current: 5, pods: [pod(10, at: 30)], now: 30)
        #expect(
            down.explanation
                == "pods: 1 ready; 1 % used, target 40 %, metrics 12 s old, ratio 0.03; 1 proposed, now 5; held at 5 by the "
                + "scale-down window of 300 s (5 proposed 30 s ago); stays at 5")
        #expect(down.reason == "ScaleDownStabilized")
        let limited = controller.sync(current: 1, pods: [pod(4000, at: 60)], now: 60)
        #expect(limited.explanation.hasSuffix("limited to 5: ScaleUpLimit (4 pods in 15 s); 1 → 5"))
        #expect(limited.condition(.scalingLimited)?.isTrue == true)
        #expect(limited.rescaleReason == "cpu resource utilization (percentage of request) above target")
    }
}
