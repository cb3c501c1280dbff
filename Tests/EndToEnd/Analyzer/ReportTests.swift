import Foundation
import Testing

/// `bungalow report` as a person runs it.
@Suite struct ReportTests {
    private static let log = """
              Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
        2026-11-21 07:27:00,     10,      60.00,           1,       0.90,        0.17,        0.00,        0.00,      10,       0

        """
    private static let records = """
        Client,Time,AILatency,State,SendError
        west,2026-11-21T07:26:10Z,0.02,1,
        west,2026-11-21T07:26:11Z,0,0,503

        """

    @Test("A folder becomes a page, a text and a database, and a second run gives the same")
    func folderToPageAndDatabase() throws {
        let run = try AnalyzerRun()
        try FileManager.default.createDirectory(
            at: run.folder.appending(path: "lab"), withIntermediateDirectories: true)
        _ = try run.write(Self.log, to: "lab/siege.log")
        _ = try run.write(Self.records, to: "lab/west.csv")
        _ = try run.write("?", to: "lab/notes.txt")
        let command = ["report", "lab", "--sqlite", "lab/records.sqlite", "--time-zone", "UTC"]
        let outcomes = try (0..<2).map { _ in try run.run(command) }
        #expect(outcomes[0].exitCode == 0, "\(outcomes[0].error)")
        #expect(outcomes[0].output.hasPrefix("lab: 2 runs, 2026-11-21 07:26:00 to 2026-11-21 07:27:00 UTC\n"))
        #expect(outcomes[0].error.hasPrefix("Not read: notes.txt: of no known format\nPage in "))
        #expect(outcomes[0].output == outcomes[1].output && outcomes[0].error == outcomes[1].error)
        #expect(try run.read("lab/report.html").contains("<svg"))
        let answer = try run.run([
            "query", "lab/records.sqlite", "SELECT client, records, errors FROM success_per_client",
        ])
        #expect(answer.output == "client  records  errors\nwest          2       1\n")
    }

    @Test("An error is one line with what to do")
    func errorLine() throws {
        let run = try AnalyzerRun()
        for (arguments, code, line) in [
            (
                ["report", "."], 66 as Int32,
                "Error: . holds no results of load tests; bungalow report --help names the kinds\n"
            ),
            (["report", "nowhere"], 66, "is not a readable folder; name one with results of load tests\n"),
            (
                ["report", ".", "--time-zone", "Mars"], 64,
                "--time-zone Mars is not a time zone: use a name such as UTC or Europe/Berlin."
            ),
        ] {
            let outcome = try run.run(arguments)
            #expect(outcome.exitCode == code && outcome.error.contains(line), "\(outcome.error)")
            #expect(outcome.output.isEmpty)
        }
        _ = try run.write(Self.log, to: "siege.log")
        let outcome = try run.run(["report", ".", "--html", "nowhere/page.html"])
        #expect(outcome.exitCode == 73 && outcome.error.contains("\nError: nowhere/page.html cannot be written: "))
    }
}
