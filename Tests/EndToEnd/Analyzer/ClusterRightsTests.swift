import Foundation
import TestSupport
import Testing

/// `bungalow` with the rights that docs/analyzer.md lists, and with one less.
@Suite struct ClusterRightsTests {
    private static let named = ["analyze", "--namespace", "serving", "--deployment", "bungalow"]
    private static let monitor = [
        "monitor", "--duration", "1", "--namespace", "serving", "--selector", "app=bungalow", "--output", "use.csv",
    ]
    private static let missing = "docs/analyzer.md lists the rights needed"

    private static func run(
        _ arguments: [String], pods: Int = 2, allowed: [String]? = nil, denied: [String] = [], input: String = ""
    ) throws -> AnalyzerRun.Outcome {
        let run = try AnalyzerRun()
        var exercise: [String: Any] = [
            "pods": pods, "rate": 20, "before": 30, "setup": [["stop"]], "denied": denied, "steps": [[Any]](),
        ]
        exercise["allowed"] = allowed
        let api = try ScriptedKubernetes(playing: exercise, for: run)
        return try run.run(arguments, input: input, environment: api.environment)
    }

    /// The rights of the Role, or of the ClusterRole, in the documents.
    private static func documented(_ kind: String) throws -> [String] {
        let docs = URL(filePath: #filePath).appending(path: "../../../../docs/analyzer.md").standardized
        let text = try String(contentsOf: docs, encoding: .utf8)
        let block = try #require(text.components(separatedBy: "```").first { $0.contains("\nkind: \(kind)\n") })
        let words = { (list: Substring) in
            list.split(separator: ",").map { $0.trimmingCharacters(in: .init(charactersIn: "\" ")) }
        }
        let rule = #/apiGroups: \[(.*)\]\s+resources: \[(.*)\]\s+verbs: \[(.*)\]/#
        return block.matches(of: rule).flatMap { match in
            let group = words(match.1).first.map { $0.isEmpty ? "" : ".\($0)" } ?? ""
            return words(match.2).flatMap { resource in
                words(match.3).map { "\($0) \(resource)\(group) \(kind == "Role" ? "namespace" : "cluster")" }
            }
        }
    }

    @Test("The documented rights are enough for everything that works without questions")
    func documentedRights() throws {
        let rights = try Self.documented("Role")
        #expect(rights.count == 7, "\(rights)")
        for arguments in [
            Self.named + ["--counters"], Self.named + ["--counters", "--follow", "--duration", "2"], Self.monitor,
        ] {
            let outcome = try Self.run(arguments, allowed: rights)
            let isNothing = outcome.output.contains("Not checked: no request was read")
            #expect(outcome.exitCode == 0 || isNothing, "\(arguments): \(outcome.output) \(outcome.error)")
            #expect(!outcome.error.contains("no right"), "\(outcome.error)")
        }
        let questions = try Self.run(
            ["analyze"], allowed: rights + Self.documented("ClusterRole"), input: "2\n1\n1\nq\n")
        #expect(questions.exitCode == 0 && questions.output.contains("Total calls - 60 "), "\(questions.error)")
    }

    @Test("A log that may not be read ends a recording at once, and is one sentence for twenty pods")
    func podsLog() throws {
        let denied = ["get pods/log namespace"]
        let recording = try Self.run(Self.named + ["--follow", "--duration", "50"], denied: denied)
        #expect(recording.exitCode == 69)
        #expect(
            recording.error.contains("Error: no right to get pods/log in the namespace serving (user student); "),
            "\(recording.error)")
        let download = try Self.run(Self.named, pods: 20, denied: denied)
        #expect(download.exitCode == 65)
        let line = download.output.split(separator: "\n").first { $0.hasPrefix("INCOMPLETE: ") } ?? ""
        #expect(line.components(separatedBy: "no right to get pods/log").count == 2, "\(line)")
        #expect(line.contains("-00001, bungalow-6fc5cf8df6-00002 and 18 more: the log could not be downloaded: no"))
    }

    @Test("Counters that may not be read are one sentence for twenty pods, and nothing is reported as complete")
    func podsProxy() throws {
        for options in [["--counters"], ["--counters", "--follow", "--duration", "4"]] {
            let pods = options.count == 1 ? 20 : 4
            let outcome = try Self.run(Self.named + options, pods: pods, denied: ["get pods/proxy namespace"])
            #expect(outcome.exitCode == 65)
            let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("Not checked: ") } ?? ""
            #expect(line.components(separatedBy: Self.missing).count == 2, "\(outcome.output)")
            #expect(line.contains("more: the counters are unknown: no right to get pods/proxy in the namespace"))
            #expect(outcome.error.components(separatedBy: Self.missing).count <= 2, "\(outcome.error)")
        }
    }

    @Test("Pods that may not be watched are listed instead, with a warning")
    func watch() throws {
        let outcome = try Self.run(
            Self.named + ["--counters", "--follow", "--duration", "3"], denied: ["watch pods namespace"])
        #expect(outcome.error.components(separatedBy: "Warning: no right to watch pods in the namespace").count == 2)
        #expect(outcome.output.contains("\nNot checked: no request was read"), "\(outcome.output)")
    }

    @Test("The questions name the right to list deployments everywhere, and the way without it")
    func deployments() throws {
        let outcome = try Self.run(["analyze"], denied: ["list deployments.apps cluster"], input: "2\n")
        #expect(outcome.exitCode == 69)
        #expect(
            outcome.error.contains(
                "Error: no right to list deployments of apps in all namespaces (user student); \(Self.missing); "
                    + "without it, name one: --namespace NAME --deployment NAME"), "\(outcome.error)")
    }

    @Test("The monitor names the missing right, not a missing metrics server")
    func monitorRights() throws {
        let pods = try Self.run(Self.monitor, denied: ["list pods namespace"])
        #expect(pods.exitCode == 69)
        #expect(pods.error.contains("Error: no right to list pods in the namespace serving"), "\(pods.error)")
        let metrics = try Self.run(Self.monitor, denied: ["list pods.metrics.k8s.io namespace"])
        #expect(metrics.exitCode == 0)
        #expect(
            metrics.error.contains("\nWarning: no right to list pods of metrics.k8s.io in the namespace serving"),
            "\(metrics.error)")
        #expect(!metrics.error.contains("no metrics server?"))
    }
}
