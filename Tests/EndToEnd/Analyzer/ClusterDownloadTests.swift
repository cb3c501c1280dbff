import Foundation
import TestSupport
import Testing

/// `bungalow analyze --counters` of logs as a cluster has them: after a restart, after the node's rotation, under load.
@Suite struct ClusterDownloadTests {
    private static func run(
        _ options: [String] = ["--counters"], setup: [[String]], rate: Int = 20
    ) throws -> (outcome: AnalyzerRun.Outcome, line: String) {
        let run = try AnalyzerRun()
        let exercise: [String: Any] = [
            "pods": 2, "rate": rate, "before": 30, "setup": setup, "steps": [[Any]](),
        ]
        let api = try ScriptedKubernetes(playing: exercise, for: run)
        let outcome = try run.run(
            ["analyze", "--namespace", "serving", "--deployment", "bungalow"] + options, environment: api.environment)
        let words = ["Complete: ", "INCOMPLETE: ", "MORE THAN EXPECTED: ", "Not checked: "]
        let line = outcome.output.split(separator: "\n").first { line in words.contains { line.hasPrefix($0) } }
        return (outcome, String(line ?? ""))
    }

    @Test("Requests before a container's restart are fetched, and their number is unknown")
    func restart() throws {
        let (outcome, line) = try Self.run(setup: [["stop"], ["restart"]])
        #expect(outcome.exitCode == 65)
        #expect(line.hasPrefix("Not checked: 60 of at least 60 requests, by the servers' counters; "), "\(line)")
        #expect(line.contains("-00001: its container was started again, and what it had counted before is lost"))
        #expect(outcome.output.contains("\nFile : bungalow-6fc5cf8df6-00001.previous.txt\nTimes (30):\n"))
        let (_, twice) = try Self.run([], setup: [["stop"], ["restart"], ["restart"]])
        #expect(twice.hasPrefix("INCOMPLETE: 30 of an unknown number of requests; "), "\(twice)")
        #expect(twice.contains("-00001: the logs of 1 earlier start of its container are gone"))
    }

    @Test("An empty log after the node's rotation lacks requests")
    func rotation() throws {
        let (outcome, line) = try Self.run(setup: [["stop"], ["rotate"]])
        #expect(outcome.exitCode == 65)
        #expect(line.hasPrefix("INCOMPLETE: 0 of at least 60 requests, by the servers' counters; "), "\(line)")
        #expect(line.contains("the log is empty: the node has begun a new file, and the lines before are gone"))
        let (_, uncounted) = try Self.run([], setup: [["stop"], ["rotate"]])
        #expect(uncounted.hasPrefix("INCOMPLETE: no request was read; bungalow-6fc5cf8df6-00001, "), "\(uncounted)")
        #expect(uncounted.contains("the log is empty: the node has begun a new file"))
    }

    @Test("Under load, a log is complete if its requests lie between the counts before and after it")
    func underLoad() throws {
        let (outcome, line) = try Self.run(setup: [], rate: 100)
        #expect(outcome.exitCode == 0, "\(outcome.output)")
        let words = #/Complete: ([0-9]+) of \1 requests, by the servers' counters(, to within .*)?/#
        #expect(line.wholeMatch(of: words) != nil, "\(line)")
    }
}
