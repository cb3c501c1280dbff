import Files
import Foundation
import LatencyAnalyzer
import TestSupport
import Testing

@testable import LoadReport

/// Files that are empty, foreign, half-written or damaged: named in one line, without ending the report.
@Suite struct HostileFileTests {
    @Test(
        "A file that cannot be used is reported in one line",
        arguments: [
            ("empty.csv", "", "empty"), ("notes.txt", "Dear diary", "of no known format"),
            ("a.json", "{", "no whole JSON"),
            ("a.json", "{\"a\":1}", "JSON of no known format"),
            ("image.png", "\u{89}PNG\u{0}\u{0}", "of no known format"),
            ("new.run.json", #"{"schema":2,"planned":{}}"#, "schema 2 of a run is not known; 1 is"),
            ("x.run.json", #"{"schema":1,"planned":{},"tool":"k6"}"#, "the field name is missing"),
            ("history.csv", "TestNo,TestCountTotal,ThreadCount,Records,Failures,AITime,TotalTime,RPS\n", "no rows"),
            ("k.json", #"{"metrics":{}}"#, "a k6 summary without http_reqs: no HTTP request was made"),
            ("r.txt", "Deployment: a\nNamespace: b\n", "results without"),
        ])
    func unusableFile(name: String, text: String, reason: String) throws {
        let folder = try ReportFolder()
        try folder.write(text, to: "in a folder/\(name)")
        try folder.add("measured/lab.siege.log")
        let evidence = try folder.read()
        #expect(evidence.skipped.count == 1)
        #expect(evidence.skipped.first?.hasPrefix("in a folder/\(name): \(reason)") == true, "\(evidence.skipped)")
        #expect(evidence.skipped.first?.contains("\n") == false)
        #expect(evidence.runs.map(\.name) == ["lab"])
    }

    @Test("A file that is still being written is read to its end, and the cut row is reported")
    func fileBeingWritten() throws {
        let folder = try ReportFolder()
        let text = try ReportFolder.text("measured/locust.timing.csv")
        try folder.write(String(text.dropLast(20)), to: "locust.timing.csv")
        let evidence = try folder.read()
        #expect(evidence.skipped == ["locust.timing.csv: row 200 is broken or cut short and left out"])
        #expect(try evidence.run("locust").calls == 198)
    }

    @Test("Dangling links, link cycles and paths that are not folders do no harm")
    func linksAndCycles() throws {
        let folder = try ReportFolder()
        try folder.add("measured/lab.siege.log")
        try FileManager.default.createSymbolicLink(atPath: folder.path("loop"), withDestinationPath: folder.url.path)
        try FileManager.default.createSymbolicLink(atPath: folder.path("gone"), withDestinationPath: "/nowhere")
        #expect(try folder.read().runs.map(\.name) == ["lab"])
        #expect(throws: (any Error).self) { try LoadFolder(path: folder.path("gone"), zone: .gmt).read() }
        #expect(throws: (any Error).self) { try LoadFolder(path: folder.path("lab.siege.log"), zone: .gmt).read() }
    }

    @Test("The load test's own summaries are skipped, and no result is overwritten")
    func summariesAreSkipped() throws {
        let folder = try ReportFolder()
        try folder.add("measured/lab.siege.log")
        for name in ["tables.md", "chart.svg", "crossover.md", "crossover.svg", "report.html"] {
            try folder.write("for people", to: name)
        }
        #expect(try folder.read().skipped.isEmpty)
        let error = #expect(throws: OperatorError.self) { try folder.read(outputs: [folder.path("lab.siege.log")]) }
        #expect(error?.kind == .request)
    }

    @Test("Damaged files of any kind still give a report", arguments: 0..<6)
    func damagedFiles(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let names = try ReportFolder.vectorNames("measured") + ReportFolder.vectorNames("throughput")
        let insertions: [String] = [
            ",", "\"", "\n", "-", "9999999999999999999", "1e308", "NaN", "\u{0}", "{", "]", "null",
        ]
        let folder = try ReportFolder()
        for name in names {
            for copy in 0..<4 {
                var bytes = [UInt8](try ReportFolder.vector(name))
                for _ in 0..<Int.random(in: 0...8, using: &generator) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    let end = min(place + Int.random(in: 0...4, using: &generator), bytes.count)
                    bytes.replaceSubrange(
                        place..<end, with: Array((insertions.randomElement(using: &generator) ?? "").utf8))
                }
                if copy == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator)) }
                try folder.write(Data(bytes), to: "\(copy)/\(URL(filePath: name).lastPathComponent)")
            }
        }
        let database = folder.path("../records.sqlite")
        let evidence = try folder.read(into: try RecordDatabase(path: database))
        let (page, text) = (LoadPage(evidence, name: "x").html, LoadSummary(evidence, name: "x").text)
        #expect(page.hasSuffix("</html>\n") && !page.contains("\"nan") && !text.isEmpty)
        #expect(evidence.skipped.allSatisfy { !$0.contains("\n") })
    }
}
