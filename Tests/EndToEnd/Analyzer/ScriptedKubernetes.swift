import Foundation
import TestSupport
import Testing

/// A scripted Kubernetes API server in a process of its own, and the environment that connects the real kubectl to it.
final class ScriptedKubernetes {
    private let server: ChildProcess
    private let run: AnalyzerRun
    let environment: [String: String]

    /// Starts the server.
    ///
    /// - Parameter answers: responses in addition to what kubectl always requests; by path, in order, the last one
    ///   repeated.
    convenience init(_ answers: [String: [[String: Any]]], for run: AnalyzerRun) throws {
        let pods: [String: Any] = [
            "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"],
        ]
        let log: [String: Any] = [
            "name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"],
        ]
        let known: [String: [[String: Any]]] = [
            "/api": [["body": ["kind": "APIVersions", "versions": ["v1"]]]],
            "/apis": [["body": ["kind": "APIGroupList", "apiVersion": "v1", "groups": [String]()]]],
            "/api/v1": [["body": ["kind": "APIResourceList", "groupVersion": "v1", "resources": [pods, log]]]],
        ]
        let script = try JSONSerialization.data(withJSONObject: known.merging(answers) { $1 })
        let path = try run.write(String(decoding: script, as: UTF8.self), to: "script.json")
        try self.init("kubernetes_api.py", path, for: run)
    }

    /// Starts a server that plays a cluster under load.
    ///
    /// - Parameter exercise: what happens, as kubernetes_exercise.py describes it.
    convenience init(playing exercise: [String: Any], for run: AnalyzerRun) throws {
        let text = try JSONSerialization.data(withJSONObject: exercise)
        try self.init("kubernetes_exercise.py", String(decoding: text, as: UTF8.self), for: run)
    }

    private init(_ program: String, _ argument: String, for run: AnalyzerRun) throws {
        self.run = run
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        server = try ChildProcess("python3", [here.appending(path: program).path, argument])
        let line = try server.standardOutput.waitForLine(containing: "listening ")
        let port = line.dropFirst("listening ".count)
        let cluster: [String: Any] = ["name": "k", "cluster": ["server": "http://127.0.0.1:\(port)"]]
        let other: [String: Any] = ["name": "gone", "cluster": ["server": "http://127.0.0.1:1"]]
        let configuration: [String: Any] = [
            "apiVersion": "v1", "kind": "Config", "current-context": "lab", "clusters": [cluster, other],
            "users": [["name": "u", "user": [String: String]()]],
            "contexts": [
                ["name": "away", "context": ["cluster": "gone", "user": "u"]],
                ["name": "lab", "context": ["cluster": "k", "user": "u"]],
            ],
        ]
        let kubeconfig = try JSONSerialization.data(withJSONObject: configuration, options: .withoutEscapingSlashes)
        // The pinned kubectl of script/test first; the machine's own if script/test has not run.
        let root = here.appending(path: "../../..").standardized
        environment = [
            "KUBECONFIG": try run.write(String(decoding: kubeconfig, as: UTF8.self), to: "kubeconfig.json"),
            "HOME": run.folder.path,
            "PATH": root.appending(path: ".venv/bin").path + ":"
                + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"),
        ]
    }

    /// Sends a request to the server through kubectl.
    func get<Answer: Decodable>(_ path: String) throws -> Answer {
        let outcome = try ChildProcess.run(
            "/usr/bin/env", ["kubectl", "get", "--raw", path], environment: environment)
        return try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
    }

    /// The requests so far that begin with this text.
    func requests(_ prefix: String) -> [String] {
        server.standardOutput.text().split(separator: "\n").map(String.init).filter { $0.hasPrefix("GET \(prefix)") }
    }

    /// Waits for a request.
    func waitForRequest(_ part: String) throws { _ = try server.standardOutput.waitForLine(containing: part) }

    /// A deployment's object.
    static func deployment(_ name: String, namespace: String) -> [String: Any] {
        [
            "metadata": ["name": name, "namespace": namespace],
            "spec": ["selector": ["matchLabels": ["app": name]]],
        ]
    }

    /// A running pod's object: a sidecar first, which is not the default container.
    static func pod(_ name: String, startedAt: String = "2026-11-21T07:25:58Z") -> [String: Any] {
        let sidecar: [String: Any] = ["name": "proxy", "resources": ["requests": ["cpu": "3", "memory": "9Gi"]]]
        let server: [String: Any] = [
            "name": "server", "ports": [["containerPort": 8000]],
            "resources": [
                "requests": ["cpu": "250m", "memory": "128Mi"], "limits": ["cpu": "1", "memory": "256Mi"],
            ],
        ]
        let status: [String: Any] = ["name": "server", "state": ["running": ["startedAt": startedAt]]]
        return [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": [
                "name": name, "namespace": "serving",
                "annotations": ["kubectl.kubernetes.io/default-container": "server"],
            ],
            "spec": ["containers": [sidecar, server]],
            "status": ["phase": "Running", "containerStatuses": [status]],
        ]
    }

    /// A pod's usage as the metrics server reports it.
    static func use(_ name: String, cpu: String, memory: String) -> [String: Any] {
        [
            "metadata": ["name": name],
            "containers": [
                ["name": "proxy", "usage": ["cpu": "2", "memory": "5Gi"]],
                ["name": "server", "usage": ["cpu": cpu, "memory": memory]],
            ],
        ]
    }
}
