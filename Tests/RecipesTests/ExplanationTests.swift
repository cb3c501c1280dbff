import Autoscaler
import Recipes
import Testing

@Suite("Explanations")
struct ExplanationTests {
    @Test("The rules lead to each change that a real controller made, with the reasons that it gave")
    func recordedChanges() throws {
        let run = try CalibrationTests.recording()
        let recipe = try CalibrationTests.recipe()
        let controller = try #require(
            RecordedController(run, recipe: recipe, settings: ControllerSettings(), period: 15))
        let changes = controller.steps.filter(\.isChange)
        #expect(changes.map(\.decision.current) == [1, 2, 5, 4, 2] && changes.map(\.recorded) == [2, 5, 4, 2, 1])
        #expect(changes.allSatisfy { $0.isExplained }, "\(controller.changes)")
        // `hpa_conditions` of the recording, one second after each change.
        #expect(
            changes.map(\.decision.reason) == [
                "SucceededRescale", "SucceededRescale", "SucceededRescale", "ScaleDownLimit", "TooFewReplicas",
            ])
        #expect(changes.map(\.decision.utilization) == [73, 100, 0, 0, 0])
        let holds = controller.holds
        #expect(
            holds.contains { $0.contains("stayed at 5") && $0.contains("the scale-down window of 300 s") }
                && holds.contains { $0.contains("stayed at 2, 0 proposed: limited: ScaleDownLimit") }, "\(holds)")
    }

    @Test("With the monitor's use alone the changes are explained too, and the text says what was assumed")
    func monitorAlone() throws {
        var run = try CalibrationTests.recording()
        run.pods = []
        run.publications = []
        let controller = try #require(
            RecordedController(
                run, recipe: try CalibrationTests.recipe(), settings: ControllerSettings(), period: 15))
        #expect(!controller.isExact && controller.text(findings: []).contains("all are taken to be ready"))
        #expect(controller.steps.filter(\.isChange).prefix(2).allSatisfy { $0.isExplained }, "\(controller.changes)")
    }

    @Test("After a stretch without samples the controller's memory is unknown, and no change is blamed on it")
    func gap() throws {
        var run = try CalibrationTests.recording()
        run.pods = []
        run.publications = []
        run.replicas = []
        run.samples.removeAll { 300..<700 ~= $0.time }
        let controller = try #require(
            RecordedController(
                run, recipe: try CalibrationTests.recipe(), settings: ControllerSettings(), period: 15))
        let after = controller.steps.filter { $0.isChange && $0.decision.time > 690 }
        #expect(!after.isEmpty && after.allSatisfy { $0.gap != nil })
        #expect(controller.changes.contains { $0.contains("not known: nothing was recorded from ") })
        #expect(!controller.changes.contains { $0.contains("not by these rules") }, "\(controller.changes)")
    }

    /// Three pods of one core, 40 % of it the target; each uses `percent` of it, nil has no sample.
    private func toMove(
        _ percents: [Int?], unready: Int = 0, replicas: Int? = nil
    ) -> (up: Int?, down: Int?) {
        let requests = [ContainerRequest(name: "main", millicores: 1000)]
        func pod(_ percent: Int?, isReady: Bool) -> PodObservation {
            PodObservation(
                phase: .running, startTime: 0, readiness: .init(isReady: isReady, lastTransition: isReady ? 10 : 0),
                requests: requests,
                sample: percent.map {
                    PodSample(
                        time: 990, window: 15,
                        containers: [ContainerUsage(name: "main", nanocores: $0 * 10_000_000)])
                })
        }
        let pods = percents.map { pod($0, isReady: true) } + (0..<unready).map { _ in pod(90, isReady: false) }
        let calculator = ReplicaCalculator(
            metric: CPUMetric(target: .utilization(percent: 40)), tolerance: Tolerance(up: 0.1, down: 0.1),
            settings: ControllerSettings())
        let current = replicas ?? pods.count
        let report = calculator.report(pods: pods, current: current, now: 1000)
        let threshold = Threshold(report, calculator: calculator, pods: pods, replicas: current, now: 1000)
        return (threshold?.up, threshold?.down)
    }

    @Test("What it takes to move counts the pods that are filled in, and the rounding, as the controller does")
    func thresholds() {
        // 3 pods at 27 % ask for ⌈2.03⌉ = 3.
        #expect(toMove([27, 27, 27]) == (45, 26))
        // A pod without a sample counts as 100 % on the way down, ⌊(3u + 100)/4⌋/40 · 4 ≤ 3, and as 0 on the way up.
        #expect(toMove([20, 20, 20, nil]) == (60, 7))
        // One that is not ready counts as 0 on the way up only.
        #expect(toMove([50, 50, 50], unready: 1) == (60, 35))
        // One pod is never taken away for its use alone, and 0 never asks for fewer than 0.
        #expect(toMove([10]) == (45, 0))
    }

    static let deployment = """
        kind: Deployment
        metadata: {name: app}
        spec:
          replicas: 3
          template: {spec: {containers: [{name: main, resources: {requests: {cpu: "1"}, limits: {cpu: 300m}}}]}}
        """

    static func autoscaler(_ name: String, status: String = "") -> String {
        """
        ---
        kind: HorizontalPodAutoscaler
        metadata: {name: \(name)}
        spec: {maxReplicas: 5, targetCPUUtilizationPercentage: 40, scaleTargetRef: {kind: Deployment, name: app}}
        \(status)
        """
    }

    @Test(
        "Two autoscalers, a missing request, a limit below the target, replicas in a manifest and conditions are named")
    func findings() throws {
        func lines(_ text: String) throws -> [String] {
            try Findings.lines(manifests: text, name: "m.yaml", hpa: nil)
        }
        let two = try lines("\(Self.deployment)\n\(Self.autoscaler("a"))\n\(Self.autoscaler("b"))")
        #expect(two[0].contains("Deployment app has 2 autoscalers, a, b"))
        #expect(two[1].contains("may use 0.300 cores, less than its target of 40 % of 1.000"))
        #expect(two[2].contains("the manifest of Deployment app sets replicas"))
        let bare = Self.deployment.replacing(
            "requests: {cpu: \"1\"}, limits: {cpu: 300m}", with: "requests: {memory: 1Gi}")
        let missing = try lines("\(bare)\n\(Self.autoscaler("a"))")
        #expect(missing[0].contains("has no CPU request"))
        let failing = Self.autoscaler(
            "a",
            status:
                "status: {conditions: [{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: no metrics}]}"
        )
        let said = try lines("\(Self.deployment.replacing("replicas: 3", with: "paused: false"))\n\(failing)")
        #expect(said.last == "a says ScalingActive=False, FailedGetResourceMetric: no metrics")
        // The API server fills the number in.
        let live = Self.deployment.replacing("metadata: {name: app}", with: "metadata: {name: app, uid: x}")
        let filled = try lines("\(live)\n\(Self.autoscaler("a"))")
        #expect(!filled.contains { $0.contains("sets replicas") })
    }
}
