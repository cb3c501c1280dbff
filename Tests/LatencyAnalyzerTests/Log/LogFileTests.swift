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
}
