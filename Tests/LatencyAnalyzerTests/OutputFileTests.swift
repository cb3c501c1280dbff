import Foundation
import TestSupport
import Testing

@testable import LatencyAnalyzer

/// What a result may overwrite, and what is a log.
@Suite struct OutputFileTests {
    @Test(arguments: ["pod.txt", "../logs/pod.txt", "link", "twin"])
    func `A log is no place for results, by whatever name`(name: String) throws {
        let folder = try LogFolder()
        try FileManager.default.createDirectory(atPath: folder.path("logs"), withIntermediateDirectories: true)
        let log = try folder.write("a log", to: "logs/pod.txt")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("logs/link"), withDestinationPath: folder.path("logs/pod.txt"))
        try FileManager.default.linkItem(atPath: folder.path("logs/pod.txt"), toPath: folder.path("logs/twin"))
        let fault = #expect(throws: AnalyzerFault.self) {
            try OutputFile(path: folder.path("logs/\(name)"), inputs: [log])
        }
        #expect(fault?.kind == .request && fault?.description.contains("would be lost; name another file") == true)
        #expect(try OutputFile(path: folder.path("logs/new"), inputs: [log]).path.hasSuffix("new"))
    }

    @Test func `A link stays a link, and its file keeps its permissions`() throws {
        let folder = try LogFolder()
        _ = try folder.write("old", to: "page.html")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path("page.html"))
        for (link, file) in [("link", "page.html"), ("link to nothing", "new.html")] {
            try FileManager.default.createSymbolicLink(atPath: folder.path(link), withDestinationPath: file)
            try OutputFile(path: folder.path(link)).write(Data("new".utf8))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path(link)) == file)
            #expect(try String(contentsOfFile: folder.path(file), encoding: .utf8) == "new")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("page.html"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 4)
    }

    @Test func `What is no regular file is written to and stays what it is`() throws {
        let folder = try LogFolder()
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        let reader = open(folder.path("pipe"), O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        try OutputFile(path: folder.path("pipe")).write(Data("new".utf8))
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(reader, &bytes, bytes.count) == 3)
        #expect(bytes.starts(with: "new".utf8))
        #expect(FileIdentity(path: folder.path("pipe"))?.isRegular == false)
        #expect(throws: AnalyzerFault.self) { try CallDatabase(path: folder.path("pipe")) }
    }

    @Test func `A file that grows keeps what it held until there is a first line`() throws {
        let folder = try LogFolder()
        _ = try folder.write("an older and longer file\n", to: "use.csv")
        let file = try LineFile(OutputFile(path: folder.path("use.csv")))
        #expect(try String(contentsOfFile: folder.path("use.csv"), encoding: .utf8).hasPrefix("an older"))
        try file.append("a")
        try file.append("b")
        #expect(try String(contentsOfFile: folder.path("use.csv"), encoding: .utf8) == "a\nb\n")
    }

    @Test(arguments: [
        (["a/p.txt", "b/p.txt", "c.txt"], ["a/p", "b/p", "c"]), (["x/a/p.txt", "y/a/p.txt"], ["x/a/p", "y/a/p"]),
        (["p.txt", "p.log"], ["p.txt", "p.log"]), (["/a/p.txt", "a/p.log", "q"], ["/a/p.txt", "a/p.log", "q"]),
        (["-", "in.log"], ["stdin", "in"]),
    ])
    func `Logs of the same name are told apart by their paths`(paths: [String], pods: [String]) {
        let files = LogFile.named(paths)
        #expect(Set(files.map(\.pod)).count == paths.count)
        if paths.first?.hasPrefix("/") == false { #expect(files.map(\.pod) == pods) }
    }

    @Test func `Results are told from logs, ours and the original's`() throws {
        let folder = try LogFolder()
        let results = try folder.write(try LogVectors.text("bungalow_results"), to: "bungalow_results.txt")
        #expect(results.isResultsFile)
        for (name, text) in [("a", ""), ("b", "Deployment: a"), ("c", LogFolder.block(id: "a", milliseconds: "1.5"))] {
            #expect(try !folder.write(text, to: name).isResultsFile)
        }
        #expect(!LogFile(path: folder.path("nothing")).isResultsFile)
    }

    @Test func `A file that is no scoring log, or in part, is said to be so`() async throws {
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
