import Foundation
import LatencyAnalyzer
import TestSupport
import Testing

/// Which files are logs, and which pods they belong to.
@Suite struct LogFileTests {
    @Test(
        "Logs with the same name are distinguished by their paths",
        arguments: [
            (["a/p.txt", "b/p.txt", "c.txt"], ["a/p", "b/p", "c"]), (["x/a/p.txt", "y/a/p.txt"], ["x/a/p", "y/a/p"]),
            (["p.txt", "p.log"], ["p.txt", "p.log"]), (["/a/p.txt", "a/p.log", "q"], ["/a/p.txt", "a/p.log", "q"]),
            (["-", "in.log"], ["stdin", "in"]),
        ])
    func logsOfTheSameName(paths: [String], pods: [String]) {
        let files = LogFile.named(paths)
        #expect(Set(files.map(\.pod)).count == paths.count)
        if paths.first?.hasPrefix("/") == false { #expect(files.map(\.pod) == pods) }
    }

    @Test("Results files are distinguished from logs, ours and the original scripts'")
    func resultsFiles() throws {
        let folder = try LogFolder()
        let results = try folder.write(try LogVectors.text("bungalow_results"), to: "bungalow_results.txt")
        #expect(results.isResultsFile)
        for (name, text) in [("a", ""), ("b", "Deployment: a"), ("c", LogFolder.block(id: "a", milliseconds: "1.5"))] {
            #expect(try !folder.write(text, to: name).isResultsFile)
        }
        #expect(!LogFile(path: folder.path("nothing")).isResultsFile)
    }

    @Test("A file that is not a scoring log, or only in part, is reported")
    func notAScoringLog() async throws {
        let folder = try LogFolder()
        let block = LogFolder.block(id: "a", milliseconds: "1.5")
        let mixed = try Data(block.utf8) + #require(block.data(using: .utf16LittleEndian))
        let files = try [
            folder.write("{\"status\":200}\n{\"status\":200}\n", to: "json.txt"), folder.write("", to: "empty.txt"),
            folder.write(mixed, to: "mixed.txt"), folder.write(block, to: "whole.txt"),
        ]
        let analysis = try await Analysis.of(files)
        let text = ResultsFile(analysis).text
        #expect(text.contains("\t json.txt holds no readable request: it is JSON, but neither that of SCORING_LOG="))
        #expect(text.contains("\t empty.txt holds no readable request: it is empty; kubectl logs POD --tail=-1 > "))
        #expect(
            text.contains(
                "\t mixed.txt holds zero bytes: UTF-16 after UTF-8, or other bytes that are not text, are not read"))
        #expect(!text.contains("whole.txt holds"))
        #expect(analysis.pods[0].summary == "json.txt: 0 requests")
    }

    /// A block torn by a missing file: `a` before it, and another's time after it.
    private static let torn = LogFolder.block(id: "a", milliseconds: nil)
    private static let rest = "Prediction took 9.5000 ms\n" + LogFolder.block(second: 60, id: "b", milliseconds: "1.0")

    @Test(
        "No request continues across a missing file, which is named",
        arguments: [
            (["pod.txt.2", "pod.txt"], "pod.txt.1"), (["0.log", "2.log"], "1.log"),
            (["pod.log.9", "pod.log.5"], "pod.log.8 and 2 more"),
        ])
    func missingFile(names: [String], missing: String) async throws {
        let folder = try LogFolder()
        for (name, text) in zip(names, [Self.torn, Self.rest]) { _ = try folder.write(text, to: name) }
        let logs = LogFile.named(names.map(folder.path))
        let sentence = "between \(names[0]) and \(names[1]) \(missing) is missing: name all files of the log"
        let line = try await Analysis.of(logs, expected: 5).completeness.line
        #expect(line.hasPrefix("INCOMPLETE: 2 of 5 ") && line.contains(sentence), "\(line)")
        let right = try await Analysis.of(logs, expected: 2)
        #expect(right.completeness.line.hasPrefix("Not checked: 2 of 2 "))
        #expect(ResultsFile(right).text.contains("\t \(sentence)\n") && right.total.slowest == 1)
    }

    @Test("A request continues across neighbouring files, but not for longer than a request takes")
    func neighbours() async throws {
        let folder = try LogFolder()
        for (name, text) in [("pod.txt.1", Self.torn), ("pod.txt", Self.rest)] { _ = try folder.write(text, to: name) }
        let whole = try await Analysis.of(LogFile.named(["pod.txt.1", "pod.txt"].map(folder.path)), expected: 2)
        #expect(whole.completeness == .complete("2 of 2 requests, by the test") && whole.total.slowest == 9.5)
        for (seconds, isJoined) in [("05", true), ("40", false)] {
            func node(_ text: String, _ stamp: String) -> String {
                text.split(separator: "\n").map { "2026-11-21T07:00:\(stamp).123456789Z stdout F \($0)\n" }.joined()
            }
            _ = try folder.write(node(Self.torn, "00"), to: "0.log.20261121-070001")
            _ = try folder.write(node(Self.rest, seconds), to: "0.log")
            let logs = LogFile.named(["0.log.20261121-070001", "0.log"].map(folder.path))
            let analysis = try await Analysis.of(logs, expected: 2)
            #expect(analysis.total.slowest == (isJoined ? 9.5 : 1))
            #expect(analysis.completeness.line.hasPrefix(isJoined ? "Complete: " : "Not checked: "))
        }
    }
}
