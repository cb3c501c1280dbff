import Foundation
import LatencyAnalyzer
import Testing

/// Which files are logs, and which pods they belong to.
@Suite struct LogFileTests {
    @Test(
        "Logs of the same name are told apart by their paths",
        arguments: [
            (["a/p.txt", "b/p.txt", "c.txt"], ["a/p", "b/p", "c"]), (["x/a/p.txt", "y/a/p.txt"], ["x/a/p", "y/a/p"]),
            (["p.txt", "p.log"], ["p.txt", "p.log"]), (["/a/p.txt", "a/p.log", "q"], ["/a/p.txt", "a/p.log", "q"]),
            (["-", "in.log"], ["stdin", "in"]),
        ])
    func logsOfTheSameNameAreTold(paths: [String], pods: [String]) {
        let files = LogFile.named(paths)
        #expect(Set(files.map(\.pod)).count == paths.count)
        if paths.first?.hasPrefix("/") == false { #expect(files.map(\.pod) == pods) }
    }

    @Test("Results are told from logs, ours and the original's")
    func resultsAreToldFromLogsOurs() throws {
        let folder = try LogFolder()
        let results = try folder.write(try LogFolder.vector("bungalow_results"), to: "bungalow_results.txt")
        #expect(results.isResultsFile)
        for (name, text) in [("a", ""), ("b", "Deployment: a"), ("c", LogFolder.block(id: "a", milliseconds: "1.5"))] {
            #expect(try !folder.write(text, to: name).isResultsFile)
        }
        #expect(!LogFile(path: folder.path("nothing")).isResultsFile)
    }

    @Test("A file that is no scoring log, or in part, is said to be so")
    func aFileThatIsNoScoringLog() async throws {
        let folder = try LogFolder()
        let block = LogFolder.block(id: "a", milliseconds: "1.5")
        let mixed = try Data(block.utf8) + #require(block.data(using: .utf16LittleEndian))
        let files = try [
            folder.write("{\"status\":200}\n{\"status\":200}\n", to: "json.txt"), folder.write("", to: "empty.txt"),
            folder.write(mixed, to: "mixed.txt"), folder.write(block, to: "whole.txt"),
        ]
        let analysis = try await Analysis.of(files)
        let text = ResultsFile(analysis).text
        #expect(text.contains("\t no scoring lines in 2 lines of json.txt: is it a scoring log of plain text?\n"))
        #expect(text.contains("\t mixed.txt holds zero bytes: what is UTF-16 behind UTF-8, or no text, is not read"))
        #expect(!text.contains("empty.txt:") && !text.contains("whole.txt holds"))
        #expect(analysis.pods[0].summary == "json.txt: 0 calls; no scoring lines in 2 lines")
    }
}
