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

    /// A log of siege with nine minutes of a mean response time.
    private static func log(mean: Double) -> String {
        let rows = (1...9).map { minute in
            "2026-11-21 07:3\(minute):00,600,60.00,0,\(mean + Double(minute % 3) / 100),10.00,0.00,0.10,600,0"
        }
        return "Date & Time,Trans,Elap Time,Data Trans,Resp Time,Trans Rate,Throughput,Concurrent,OKAY,Failed\n"
            + rows.joined(separator: "\n") + "\n"
    }

    @Test("A condition that is met exits with 3, one that cannot be judged with 65, and both report why")
    func gate() throws {
        let run = try AnalyzerRun()
        for folder in ["main", "branch"] {
            try FileManager.default.createDirectory(
                at: run.folder.appending(path: folder), withIntermediateDirectories: true)
            _ = try run.write(Self.log(mean: folder == "main" ? 0.20 : 0.30), to: "\(folder)/siege.log")
        }
        let command = ["report", "--against", "main", "branch"]
        let cases: [(options: [String], code: Int32, line: String)] = [
            ([], 0, "  mean ms  slower "),
            (["--fail-if", "mean > +10%"], 3, "VOID      siege, siege: mean > +10% is met\n"),
            (["--fail-if", "mean > +200%"], 0, "PROVEN    siege, siege: mean > +200% is not met\n"),
            (["--fail-if", "mean > 305ms", "--window", "1m"], 3, "the worst 60 s: mean ms 320\n"),
            (["--fail-if", "p95 > +10%"], 65, "UNPROVEN  siege, siege: p95 > +10% cannot be judged\n"),
            (["--fail-if", "p95 > +10%", "--fail-if", "mean > 1ms"], 3, "p95 > +10% cannot be judged\n"),
        ]
        for (options, code, line) in cases {
            let outcome = try run.run(command + options)
            #expect(outcome.exitCode == code && outcome.output.contains(line), "\(options): \(outcome.output)")
        }
        #expect(try run.read("branch/report.html").contains("<figcaption>Difference from main, each with its interval"))
    }

    @Test("A comparison that makes no sense is one line with what to do")
    func gateErrors() throws {
        let run = try AnalyzerRun()
        _ = try run.write(Self.log, to: "siege.log")
        try FileManager.default.createDirectory(
            at: run.folder.appending(path: "empty"), withIntermediateDirectories: true)
        let cases: [(arguments: [String], code: Int32, line: String)] = [
            (["--against", "."], 64, "--against . and the results share a folder; put each in a folder of its own"),
            (["--against", "empty"], 64, "share a folder"),
            (["--against", "/nowhere"], 66, "is not a readable folder"),
            (["--fail-if", "p95 > +10%"], 64, "needs a baseline: name its folder with --against"),
            (["--fail-if", "p95 > 10"], 64, "p95 needs the unit ms or s, such as 250ms"),
            (["--fail-if", "p95 > 10ms", "--window", "5"], 64, "--window 5 is not a length: use seconds or minutes"),
            (["--window", "5s"], 64, "--window applies to the conditions of --fail-if, but none is given"),
        ]
        for (arguments, code, line) in cases {
            let outcome = try run.run(["report", "."] + arguments)
            #expect(outcome.exitCode == code && outcome.error.contains(line), "\(arguments): \(outcome.error)")
        }
    }
}
