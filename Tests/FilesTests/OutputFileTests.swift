import Files
import Foundation
import TestSupport
import Testing

/// Which files a result may overwrite, and how.
@Suite struct OutputFileTests {
    @Test(
        "A log is never overwritten with results, whatever path leads to it",
        arguments: ["pod.txt", "../logs/pod.txt", "link", "twin"])
    func logIsNotOverwritten(name: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("logs"), withIntermediateDirectories: true)
        let log = TextFile(path: try folder.write("a log", to: "logs/pod.txt"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("logs/link"), withDestinationPath: folder.path("logs/pod.txt"))
        try FileManager.default.linkItem(atPath: folder.path("logs/pod.txt"), toPath: folder.path("logs/twin"))
        let error = #expect(throws: OperatorError.self) {
            try OutputFile(path: folder.path("logs/\(name)"), inputs: [log])
        }
        #expect(error?.kind == .request && error?.description.contains("would be lost; name another file") == true)
        #expect(try OutputFile(path: folder.path("logs/new"), inputs: [log]).path.hasSuffix("new"))
    }

    @Test("A link stays a link, and its file keeps its permissions")
    func linksAndPermissionsStay() throws {
        let folder = try TemporaryFolder()
        try folder.write("old", to: "page.html")
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

    @Test("A pipe is written to and stays a pipe")
    func pipeStaysPipe() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        let reader = open(folder.path("pipe"), O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        try OutputFile(path: folder.path("pipe")).write(Data("new".utf8))
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(reader, &bytes, bytes.count) == 3)
        #expect(bytes.starts(with: "new".utf8))
        #expect(FileStatus(path: folder.path("pipe"))?.isRegular == false)
    }

    @Test("A growing file keeps its old content until the first line is written")
    func oldContentStaysUntilFirstLine() throws {
        let folder = try TemporaryFolder()
        try folder.write("an older and longer file\n", to: "use.csv")
        let file = try LineFile(OutputFile(path: folder.path("use.csv")))
        #expect(try String(contentsOfFile: folder.path("use.csv"), encoding: .utf8).hasPrefix("an older"))
        try file.append("a")
        try file.append("b")
        #expect(try String(contentsOfFile: folder.path("use.csv"), encoding: .utf8) == "a\nb\n")
    }

}
