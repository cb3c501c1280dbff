import Foundation
import TestSupport
import Testing

/// `bungalow analyze --follow --counters` through the real kubectl, while an API server plays a cluster under 20
/// requests a second.
@Suite struct ClusterExerciseTests {
    /// What happens, and what the command must report about it.
    struct Exercise: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var pods = 1
        let seconds: Int
        let steps: [Step]
        let verdict: String
        var reasons: [String] = []

        struct Step: Sendable {
            let second: Double
            let name: String
            var argument: Int?
        }

        var json: [String: Any] {
            let steps = steps.map { [$0.second, $0.name] as [Any] + ($0.argument.map { [$0] } ?? []) }
            return ["pods": pods, "rate": 20, "before": 5, "steps": steps]
        }
    }

    private static let exercises = [
        Exercise(
            testDescription: "1 → 5 → 1, under load to the end", seconds: 20,
            steps: [.init(second: 2, name: "scale", argument: 5), .init(second: 8, name: "scale", argument: 1)],
            verdict: "Complete"),
        Exercise(
            testDescription: "a rollout", pods: 2, seconds: 16,
            steps: [.init(second: 3, name: "rollout"), .init(second: 12, name: "stop")], verdict: "Complete"),
        Exercise(
            testDescription: "a kill -9", pods: 2, seconds: 14,
            steps: [.init(second: 6, name: "kill"), .init(second: 10, name: "stop")], verdict: "Not checked",
            reasons: [
                "00001: it ended with exit code 137, and what it had not logged yet is lost; ",
                "it had counted at least ",
            ]),
        Exercise(
            testDescription: "a pod that is deleted by force", pods: 2, seconds: 12,
            steps: [.init(second: 5, name: "force"), .init(second: 8, name: "stop")], verdict: "Not checked",
            reasons: ["00001: it ended with exit code 137"]),
        Exercise(
            testDescription: "an outage of 12 s", pods: 2, seconds: 22,
            steps: [.init(second: 4, name: "outage", argument: 12), .init(second: 18, name: "stop")],
            verdict: "Complete"),
        Exercise(
            testDescription: "a pod that ends in an outage of 12 s", pods: 3, seconds: 22,
            steps: [
                .init(second: 4, name: "outage", argument: 12), .init(second: 5, name: "scale", argument: 2),
                .init(second: 18, name: "stop"),
            ],
            verdict: "Not checked",
            reasons: ["00003: what it logged after ", "00003: it is gone, and how it ended was"]),
        Exercise(
            testDescription: "a new file of the node in an outage", seconds: 14,
            steps: [
                .init(second: 4, name: "outage", argument: 3), .init(second: 6, name: "rotate"),
                .init(second: 11, name: "stop"),
            ],
            verdict: "INCOMPLETE", reasons: ["00001: lines after ", "00001: at least "]),
        Exercise(
            testDescription: "lines that are lost on the way", pods: 2, seconds: 10,
            steps: [.init(second: 4, name: "lose", argument: 12), .init(second: 7, name: "stop")],
            verdict: "INCOMPLETE", reasons: ["requests missing"]),
    ]

    @Test("a recording reports what can be known, and is never wrong", arguments: exercises)
    func exercise(_ exercise: Exercise) async throws {
        let run = try AnalyzerRun()
        let api = try ScriptedKubernetes(playing: exercise.json, for: run)
        let outcome = try await run.runAside(
            [
                "analyze", "--namespace", "serving", "--deployment", "bungalow", "--counters", "--follow", "--duration",
                "\(exercise.seconds)", "--output", "out",
            ], environment: api.environment)
        let line = try #require(
            outcome.output.split(separator: "\n").first { $0.contains("requests, by the servers' counters") },
            "\(outcome.output) \(outcome.error)")
        #expect(line.hasPrefix(exercise.verdict + ": "))
        #expect(outcome.exitCode == (exercise.verdict == "Complete" ? 0 : 65))
        for reason in exercise.reasons { #expect(line.contains(reason)) }
        let away = outcome.error.components(separatedBy: "Unable to connect to the server").count - 1
        #expect(away <= 1, "an outage is one line: \(outcome.error)")

        let truth: Truth = try api.get("/truth")
        let recorded = try Self.recorded(in: run)
        let missing = truth.containers.reduce(0) { $0 + $1.missing(recorded[$1.number] ?? []) }
        let tolerance = line.firstMatch(of: #/to within ([0-9]+)/#).flatMap { Int($0.1) } ?? 0
        if line.hasPrefix("Complete") { #expect(missing <= tolerance, "\(line)") }
        if line.hasPrefix("INCOMPLETE") { #expect(missing > 0, "\(line)") }

        let report = try run.run(["report", "out"])
        let word = ["Complete": "PROVEN", "INCOMPLETE": "VOID", "Not checked": "UNPROVEN"][exercise.verdict] ?? ""
        #expect(
            report.output.contains(try Regex("\(word) +bungalow_results.txt: ")), "\(report.output) \(report.error)")
    }

    /// The requests of each container, by its number, in the logs' order; each once.
    private static func recorded(in run: AnalyzerRun) throws -> [Int: [Int]] {
        var recorded: [Int: [Int]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: run.path("out")) where name.hasSuffix(".txt") {
            for match in try run.read("out/\(name)").matches(of: #/Id: ([0-9a-f]{8})-0000-4000-8000-([0-9a-f]{12})/#) {
                guard let number = Int(match.1, radix: 16), let count = Int(match.2, radix: 16) else { continue }
                recorded[number, default: []].append(count)
            }
        }
        for requests in recorded.values { #expect(requests == Set(requests).sorted()) }
        return recorded
    }

    /// What each container has served.
    private struct Truth: Decodable {
        struct Container: Decodable {
            let number, count: Int
            let exit: Int?

            /// How many requests are missing between the first and the last recorded one; an ended container's last one
            /// is known.
            func missing(_ recorded: [Int]) -> Int {
                guard let first = recorded.first, let last = recorded.last else { return exit == nil ? 0 : count }
                return (exit == nil ? last : count) - first + 1 - recorded.count
            }
        }
        let containers: [Container]
    }
}
