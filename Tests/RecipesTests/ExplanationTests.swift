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

    private static func live(
        _ pods: [(percent: Int?, isReady: Bool)], most: Int = 10, settings: String = ""
    ) throws -> LiveState {
        let hpa = """
            {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "app"}, "spec": {"minReplicas": 3, "maxReplicas": \(most),
             "scaleTargetRef": {"kind": "Deployment", "name": "app"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu",
             "target": {"type": "Utilization", "averageUtilization": 40}}}]}}
            """
        let deployment = """
            {"kind": "Deployment", "metadata": {"name": "app"}, "spec": {"replicas": \(pods.count), "template": {"spec":
             {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]}}}}
            """
        let list = pods.indices.map { index in
            """
            {"metadata": {"name": "p\(index)"}, "spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]},
             "status": {"phase": "Running", "startTime": "2026-11-27T09:00:00Z", "conditions": [{"type": "Ready",
             "status": "\(pods[index].isReady ? "True" : "False")", "lastTransitionTime": "2026-11-27T09:00:10Z"}]}}
            """
        }
        let metrics = pods.indices.compactMap { index in
            pods[index].percent.map { percent in
                """
                {"metadata": {"name": "p\(index)"}, "timestamp": "2026-11-27T09:59:50Z", "window": "15s",
                 "containers": [{"name": "main", "usage": {"cpu": "\(percent * 10)m"}}]}
                """
            }
        }
        func items(_ all: [String]) -> String { "{\"items\": [\(all.joined(separator: ", "))]}" }
        return try LiveState(
            autoscalers: hpa, deployment: deployment, pods: items(list), metrics: items(metrics), hpa: nil)
    }

    @Test("What it would take to move counts unready and missing pods as the controller does, and the bounds")
    func moves() throws {
        func text(_ state: LiveState) -> String {
            var explanation = LiveExplanation()
            // 10:00:00 UTC.
            return explanation.explain(state, now: 1_795_773_600)
        }
        let counted = [(percent: Optional(50), isReady: true)]
        let unready = try text(Self.live(counted + counted + counted + [(50, false)]))
        #expect(unready.contains("up at 60 % of the request or more"), "\(unready)")
        let missing = try text(Self.live([(20, true), (20, true), (20, true), (nil, true)]))
        #expect(missing.contains("down at 7 % of the request or less"), "\(missing)")
        let even = try text(Self.live([(27, true), (27, true), (27, true), (27, true)]))
        #expect(even.contains("down at 30 % of the request or less; the use is 27 %"), "\(even)")
        let most = try text(Self.live(counted + counted + counted, most: 3))
        #expect(most.contains("up only with a larger maxReplicas, 3 now"), "\(most)")
        #expect(most.contains("down only with a smaller minReplicas, 3 now"), "\(most)")
        #expect(most.contains("held: maxReplicas, 3"), "\(most)")
    }

    @Test("Changes in a stretch that nobody recorded are not explained")
    func gap() throws {
        var run = try CalibrationTests.recording()
        (run.pods, run.publications, run.replicas) = ([], [], [])
        run.samples = run.samples.filter { !(300...815).contains($0.time) }
        let controller = try #require(
            RecordedController(
                run, recipe: try CalibrationTests.recipe(), settings: ControllerSettings(), period: 15))
        #expect(
            controller.untold.count == 1 && controller.untold[0].contains("nothing was recorded"),
            "\(controller.untold)")
        run.samples = []
        #expect(
            RecordedController(
                run, recipe: try CalibrationTests.recipe(), settings: ControllerSettings(), period: 15) == nil)
    }
}
