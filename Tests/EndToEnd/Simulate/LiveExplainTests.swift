import Foundation
import TestSupport
import Testing

/// `bungalow explain --namespace` through the real kubectl, against a scripted API server.
@Suite struct LiveExplainTests {
    private static let base = "/apis/autoscaling/v2/namespaces/serving/horizontalpodautoscalers"
    private static let metrics = "/apis/metrics.k8s.io/v1beta1/namespaces/serving/pods"

    private static func time(_ secondsAgo: Double) -> String {
        Date(timeIntervalSinceNow: -secondsAgo).ISO8601Format()
    }

    private static func autoscaler(_ name: String) -> [String: Any] {
        let target: [String: Any] = ["type": "Utilization", "averageUtilization": 40]
        let condition = ["type": "AbleToScale", "status": "True", "reason": "ScaleDownStabilized", "message": "m"]
        return [
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": ["name": name],
            "spec": [
                "minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": ["kind": "Deployment", "name": "app"],
                "metrics": [
                    [
                        "type": "ContainerResource",
                        "containerResource": ["name": "cpu", "container": "main", "target": target],
                    ]
                ],
            ],
            "status": ["conditions": [condition], "lastScaleTime": time(60)],
        ]
    }

    private static func pod(
        _ name: String, startedAgo: Double, readyAgo: Double?, isDeleted: Bool = false
    ) -> [String: Any] {
        var metadata: [String: Any] = ["name": name, "namespace": "serving"]
        if isDeleted { metadata["deletionTimestamp"] = time(1) }
        let ready: [String: Any] = [
            "type": "Ready", "status": readyAgo == nil ? "False" : "True",
            "lastTransitionTime": time(readyAgo ?? startedAgo),
        ]
        return [
            "metadata": metadata,
            "spec": ["containers": [["name": "main", "resources": ["requests": ["cpu": "200m"]]]]],
            "status": ["phase": "Running", "startTime": time(startedAgo), "conditions": [ready]],
        ]
    }

    private static func sample(_ name: String, cpu: String, ago: Double) -> [String: Any] {
        [
            "metadata": ["name": name], "timestamp": time(ago), "window": "15.002s",
            "containers": [["name": "main", "usage": ["cpu": cpu, "memory": "10Mi"]]],
        ]
    }

    /// - Parameter hasMissing: whether the metrics API lacks one of the pods.
    private static func answers(
        autoscalers: [String] = ["app"], hasMissing: Bool = true
    ) -> [String: [[String: Any]]] {
        let container: [String: Any] = [
            "name": "main", "resources": ["requests": ["cpu": "200m"], "limits": ["cpu": "50m"]],
        ]
        let deployment: [String: Any] = [
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": ["name": "app", "namespace": "serving", "uid": "u"],
            "spec": [
                "replicas": 4, "selector": ["matchLabels": ["app": "app"]],
                "template": ["spec": ["containers": [container]]],
            ],
        ]
        let pods = [
            pod("app-counted", startedAgo: 900, readyAgo: 890), pod("app-new", startedAgo: 20, readyAgo: 5),
            pod(hasMissing ? "app-missing" : "app-other", startedAgo: 4000, readyAgo: 3900),
            pod("app-gone", startedAgo: 900, readyAgo: 800, isDeleted: true),
        ]
        return [
            base: [["body": ["kind": "List", "items": autoscalers.map(autoscaler)]]],
            "/apis/apps/v1/namespaces/serving/deployments/app": [["body": deployment]],
            "/api/v1/namespaces/serving/pods": [["body": ["items": pods]]],
            metrics: [
                [
                    "body": [
                        "items": [
                            sample("app-counted", cpu: "20m", ago: 8), sample("app-new", cpu: "190m", ago: 8),
                            sample("app-other", cpu: "20m", ago: 8),
                        ]
                    ]
                ]
            ],
        ]
    }

    @Test("Each pod as the controller sees it, the proposal, what would move it, and what is wrong")
    func once() throws {
        let run = try AnalyzerRun()
        let cluster = try ScriptedKubernetes(Self.answers(), for: run)
        let outcome = try run.run(["explain", "--namespace", "serving"], environment: cluster.environment)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        for part in [
            "may use 0.050 cores, less than its target of 40 % of 0.200", "app: 4 replicas of app, 1 to 5",
            "app-counted: counted; 20m of 200m", "app-new: unready, it started ",
            "app-missing: missing, the metrics API has no sample of it", "app-gone: ignored, it is being deleted",
            "the pods filled in turn the direction; 4 proposed, as now",
            "to move: up at 162 % of the request or more; down at no use; the use is 10 % of the request",
            "the object says: AbleToScale=True ScaleDownStabilized",
        ] { #expect(outcome.output.contains(part), "\(part)\n\(outcome.output)") }
    }

    @Test("While kubectl does not respond, a line says what explain waits for")
    func waiting() throws {
        let run = try AnalyzerRun()
        try FileManager.default.createDirectory(atPath: run.path("bin"), withIntermediateDirectories: true)
        let kubectl = try run.write("#!/bin/sh\nsleep 9\necho 'no log-in' >&2\nexit 1\n", to: "bin/kubectl")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: kubectl)
        let path = URL(filePath: kubectl).deletingLastPathComponent().path + ":/usr/bin:/bin"
        let outcome = try run.run(["explain", "--namespace", "serving"], environment: ["PATH": path])
        #expect(
            outcome.exitCode == 69 && outcome.error.contains("waiting for kubectl: it may ask for a log-in"),
            "\(outcome.error)")
    }

    @Test("What keeps the replicas as they are, and which part of it only the controller's memory knows")
    func held() throws {
        let run = try AnalyzerRun()
        let cluster = try ScriptedKubernetes(Self.answers(hasMissing: false), for: run)
        let outcome = try run.run(["explain", "--namespace", "serving"], environment: cluster.environment)
        for part in [
            "app-other: counted", "held: unknown in part: the scale-down window of 300 s, watched for 0 s of it",
            "is in the controller's memory only, and all is known at ", "the last change, at ",
            "to move: up at 81 % of the request or more; down at 35 % of the request or less; the use is 10 %",
        ] { #expect(outcome.output.contains(part), "\(part)\n\(outcome.output)") }
    }

    @Test("Missing metrics are <unknown>, and two autoscalers on one target are named")
    func wrong() throws {
        let run = try AnalyzerRun()
        var answers = Self.answers(autoscalers: ["one", "two"])
        answers[Self.metrics] = nil
        let cluster = try ScriptedKubernetes(answers, for: run)
        let several = try run.run(["explain", "--namespace", "serving"], environment: cluster.environment)
        #expect(several.exitCode == 66, "\(several.error)")
        for part in ["Deployment app has 2 autoscalers", "AmbiguousSelector", "name one with --hpa: one, two"] {
            #expect(several.error.contains(part), "\(several.error)")
        }
        let one = try run.run(
            ["explain", "--namespace", "serving", "--hpa", "two"], environment: cluster.environment)
        #expect(one.output.contains("Deployment app has 2 autoscalers, one, two"), "\(one.output)")
        #expect(one.output.contains("nothing is done: one scales app too (AmbiguousSelector)"), "\(one.output)")
        #expect(one.output.contains("the metrics API does not respond: kubectl shows <unknown>"))
        #expect(one.output.contains("alone it would propose: "))
        #expect(!one.output.contains("held: "))
    }

    @Test("While it follows, more of the controller's memory is known, and Ctrl-C ends it")
    func follow() throws {
        let run = try AnalyzerRun()
        let cluster = try ScriptedKubernetes(Self.answers(hasMissing: false), for: run)
        let child = try run.start(
            ["explain", "--namespace", "serving", "--follow", "--sync-period", "1"], environment: cluster.environment)
        _ = try child.standardOutput.waitForLine(containing: "watched for 0 s of it")
        func watched() -> Set<Substring> {
            let text = child.standardOutput.text()
            return Set(
                text.matches(of: #/watched for (\d+) s of it/#).map {
                    text[$0.output.1.startIndex..<$0.output.1.endIndex]
                })
        }
        for _ in 0..<600 where watched().count < 2 { usleep(100_000) }
        #expect(watched().count >= 2)
        child.signal(SIGINT)
        #expect(try child.waitForExit() == 0, "\(child.standardError.text())")
    }

    @Test(
        "A missing right on pods.metrics.k8s.io, a metric that is not CPU and a login page each get a line of their own"
    )
    func notExplained() throws {
        let run = try AnalyzerRun()
        func error(_ change: (inout [String: [[String: Any]]]) -> Void) throws -> (code: Int32, text: String) {
            var answers = Self.answers()
            change(&answers)
            let cluster = try ScriptedKubernetes(answers, for: run)
            let outcome = try run.run(["explain", "--namespace", "serving"], environment: cluster.environment)
            #expect(outcome.error.split(separator: "\n").count == 1 && outcome.error.utf8.count < 400)
            return (outcome.exitCode, outcome.error)
        }
        let right = try error {
            let message =
                "pods.metrics.k8s.io is forbidden: User \"student\" cannot list resource \"pods\" in API group "
                + "\"metrics.k8s.io\" in the namespace \"serving\""
            $0[Self.metrics] = [
                [
                    "status": 403,
                    "body": ["kind": "Status", "status": "Failure", "reason": "Forbidden", "message": message],
                ]
            ]
        }
        #expect(right.code == 69 && right.text.contains("no right to list pods of metrics.k8s.io"), "\(right)")
        let page = try error { $0[Self.base] = [["text": "<html><body>Please sign in</body></html>"]] }
        #expect(page.code == 69 && page.text.contains("is not JSON") && page.text.contains("<html>"), "\(page)")
        let metric = try error {
            var object = Self.autoscaler("app")
            let external: [String: Any] = ["type": "External", "external": ["metric": ["name": "queue"]]]
            object["spec"] = (object["spec"] as? [String: Any])?.merging(["metrics": [external]]) { $1 }
            $0[Self.base] = [["body": ["kind": "List", "items": [object]]]]
        }
        #expect(
            metric.code == 66 && metric.text.contains("HorizontalPodAutoscaler app are External queue"), "\(metric)")
    }

    @Test("A metric beside CPU, and a clock that is ahead, are named")
    func beside() throws {
        let run = try AnalyzerRun()
        var answers = Self.answers(hasMissing: false)
        var object = Self.autoscaler("app")
        var spec = try #require(object["spec"] as? [String: Any])
        let own = try #require(spec["metrics"] as? [[String: Any]])
        spec["metrics"] = own + [["type": "External", "external": ["metric": ["name": "queue"]]]]
        object["spec"] = spec
        answers[Self.base] = [["body": ["kind": "List", "items": [object]]]]
        answers[Self.metrics] = [["body": ["items": [Self.sample("app-counted", cpu: "20m", ago: -100)]]]]
        let cluster = try ScriptedKubernetes(answers, for: run)
        let outcome = try run.run(["explain", "--namespace", "serving"], environment: cluster.environment)
        #expect(outcome.output.contains("not read: the metric External queue; the largest proposal wins"))
        #expect(outcome.output.contains("s or more ahead of this machine's"), "\(outcome.output)")
    }

    @Test("An API server that does not respond for a while is one line, and following continues with what it knows")
    func awayMeanwhile() throws {
        let run = try AnalyzerRun()
        var answers = Self.answers(hasMissing: false)
        let list = try #require(answers[Self.base]?.first)
        answers[Self.base] = [list, ["status": 503, "body": ["kind": "Status", "message": "away"]], list]
        let cluster = try ScriptedKubernetes(answers, for: run)
        let child = try run.start(
            ["explain", "--namespace", "serving", "--follow", "--sync-period", "1"], environment: cluster.environment)
        _ = try child.standardError.waitForLine(containing: "kubectl: ")
        let isKnown = #/watched for [1-9]\d* s of it/#
        for _ in 0..<600 where child.standardOutput.text().firstMatch(of: isKnown) == nil { usleep(100_000) }
        #expect(child.standardOutput.text().firstMatch(of: isKnown) != nil)
        child.signal(SIGINT)
        #expect(try child.waitForExit() == 0, "\(child.standardError.text())")
    }

    @Test("A cluster that does not respond ends with one line and its exit code")
    func away() throws {
        let run = try AnalyzerRun()
        let cluster = try ScriptedKubernetes([:], for: run)
        let outcome = try run.run(
            ["explain", "--namespace", "serving", "--context", "away"], environment: cluster.environment)
        #expect(outcome.exitCode == 69 && outcome.error.contains("kubectl: "), "\(outcome.error)")
    }
}
