import Foundation
import Testing

@testable import LoadReport

/// Which loads are reported as slower, faster or neither, and which are not compared at all.
@Suite struct ComparisonTests {
    @Test("A server that computes 1 ms longer is shown to be slower, and the intervals hold the truth")
    func busyServer() throws {
        let comparison = try ComparedFolders(recorded: "busy").compare()
        for metric in [ComparedMetric.p50, .cpu] {
            let row = try comparison.row(metric)
            let interval = try #require(row.difference).interval(comparison.intervalShare)
            #expect(interval.contains(1.0) && interval.lowerBound > 0.5, "\(metric): \(interval)")
        }
        #expect(
            try comparison.finding(.p50) == .differs("slower") && comparison.finding(.cpu) == .differs("costs more"))
        #expect(try comparison.finding(.rate) == .notShown)
        let claim = try #require(comparison.claims.first)
        #expect(claim.verdict == .proven && claim.statement.hasSuffix("the same load, under other conditions"))
        #expect(claim.numbers.contains { $0.hasPrefix("another configuration: ") })
        #expect(!claim.numbers.contains { $0.contains("build") }, "\(claim.numbers)")
    }

    @Test("What was slower is faster the other way round")
    func otherWayRound() throws {
        let folders = try ComparedFolders(recorded: "busy")
        let comparison = Comparison(
            try folders.baseline.read(), against: try folders.results.read(), named: "busy", seed: 1)
        #expect(
            try comparison.finding(.p50) == .differs("faster") && comparison.finding(.cpu) == .differs("costs less"))
    }

    @Test("The same build twice shows no difference", arguments: ["same-1", "same-2", "same-3", "same-4"])
    func sameBuild(_ name: String) throws {
        let comparison = try ComparedFolders(recorded: name).compare()
        #expect(comparison.rows.count == ComparedMetric.allCases.count)
        for metric in ComparedMetric.compared {
            #expect(try comparison.finding(metric) == .notShown, "\(metric)")
        }
        #expect(comparison.claims.first?.numbers == ["the same build, model and configuration"])
    }

    @Test(
        "Of twenty pairs of one system that drifts, at most one shows a difference",
        arguments: [(1, 0.0, 0.05), (1, 0.0, 0.2), (3, 0.1, 0.1)])
    func falseAlarms(_ rounds: Int, _ driftOfRun: Double, _ driftOfPart: Double) throws {
        let pairs = ProcessInfo.processInfo.environment["BUNGALOW_COMPARED_PAIRS"].flatMap { Int($0) } ?? 20
        var made = MadeRuns(seed: 20_261_127)
        var alarms = 0
        for pair in 0..<pairs {
            let folders = try ComparedFolders()
            for folder in [folders.baseline, folders.results] {
                for round in 0..<rounds {
                    let run = try made.run(name: "r-\(round)", slower: 1, drift: (driftOfRun, driftOfPart))
                    try folder.write(run, to: "r-\(round).run.json")
                }
            }
            let comparison = try folders.compare(seed: UInt64(pair))
            let findings = try [ComparedMetric.p50, .p95, .p99].map(comparison.finding)
            alarms += findings.contains { $0 != .notShown } ? 1 : 0
        }
        #expect(alarms * 20 <= pairs, "\(alarms) of \(pairs)")
    }

    @Test("A difference of 30 % is found in three rounds that drift by 3 %, and the interval holds it")
    func findsDifference() throws {
        var made = MadeRuns(seed: 7)
        let folders = try ComparedFolders()
        for (folder, slower) in [(folders.baseline, 1.0), (folders.results, 1.3)] {
            for round in 0..<3 {
                let run = try made.run(name: "r-\(round)", slower: slower, drift: (0.03, 0.03))
                try folder.write(run, to: "r-\(round).run.json")
            }
        }
        let comparison = try folders.compare()
        for metric in [ComparedMetric.p50, .p95] {
            #expect(try comparison.finding(metric) == .differs("slower"), "\(metric)")
            let difference = try #require(try comparison.row(metric).difference)
            #expect(difference.relativeInterval(comparison.intervalShare).contains(0.3))
        }
    }

    @Test("The same seed draws the same interval, another one nearly the same")
    func seeds() throws {
        var made = MadeRuns(seed: 11)
        let folders = try ComparedFolders()
        for folder in [folders.baseline, folders.results] {
            try folder.write(try made.run(name: "run", slower: 1, drift: (0, 0.02)), to: "run.run.json")
        }
        let intervals = try [1, 1, 2].map { seed in
            try #require(try folders.compare(seed: seed).row(.p50).difference).relativeInterval(0.95)
        }
        #expect(intervals[0] == intervals[1] && intervals[0] != intervals[2])
        #expect(abs(intervals[0].lowerBound - intervals[2].lowerBound) < 0.1)
    }

    @Test("One run is compared with several by the spread of the several")
    func oneAgainstSeveral() throws {
        let folders = try ComparedFolders(recorded: "busy")
        for round in [2, 3] {
            try FileManager.default.removeItem(atPath: folders.results.path("round-\(round).run.json"))
        }
        let row = try folders.compare().row(.cpu)
        let difference = try #require(row.difference)
        #expect(difference.basis == .runs && row.runs.results == 1 && row.runs.baseline == 3)
    }

    @Test(
        "Loads that differ are not compared, and what differs is named",
        arguments: [
            ("\"rate\":{\"offered\":200", "\"rate\":{\"offered\":300", "300/s, not 200/s"),
            ("\"model\":\"open\"", "\"model\":\"closed\"", "the closed model, not the open"),
            ("\"HOT_RECORDS\":\"1\"", "\"HOT_RECORDS\":\"9\"", "HOT_RECORDS=9, not 1"),
            ("\"PAYLOAD_FILE\":\"\"", "\"PAYLOAD_FILE\":\"abc\"", "PAYLOAD_FILE=abc, not "),
            ("\"cache_rate\":0.5", "\"cache_rate\":0.4", "the baseline has no such load"),
            ("\"tool\":\"k6\"", "\"tool\":\"locust\"", "the baseline has no such load"),
        ])
    func otherLoads(_ old: String, _ new: String, _ difference: String) throws {
        let folders = try ComparedFolders(recorded: "same-1")
        try folders.change(old, to: new)
        let comparison = try folders.compare()
        #expect(comparison.rows.isEmpty)
        let claim = try #require(comparison.claims.first)
        #expect(claim.verdict == .void && claim.statement.hasSuffix(": not compared"))
        #expect(claim.numbers.contains(difference), "\(claim.numbers)")
    }

    @Test(
        "Other differences are named, and the loads are still compared",
        arguments: [
            (
                "\"tool_version\":\"1.1.0\"", "\"tool_version\":\"1.2.0\"",
                "another version of the tool: 1.1.0 before, 1.2.0 now"
            ),
            ("\"client\":\"client\"", "\"client\":\"other\"", "another client: client before, other now"),
            ("http://127.0.0.1:", "http://example.test:", "another host: 127.0.0.1 before, example.test now"),
            (
                "\"executable_sha256\":\"7b", "\"executable_sha256\":\"00",
                "another build: 7b1063f76dbf2a36 before, 001063f76dbf2a36 now"
            ),
            (
                "\"model_version\":\"6d", "\"model_version\":\"00",
                "another model: 6d8d321e9462a021 before, 008d321e9462a021 now"
            ),
        ])
    func otherSystems(_ old: String, _ new: String, _ difference: String) throws {
        let folders = try ComparedFolders(recorded: "same-1")
        try folders.change(old, to: new)
        let comparison = try folders.compare()
        #expect(!comparison.rows.isEmpty && comparison.claims.first?.numbers == [difference], "\(comparison.claims)")
    }

    @Test("A folder with runs against two builds cannot be a side of a comparison")
    func mixedFolder() throws {
        let folders = try ComparedFolders(recorded: "same-1")
        let run = try String(contentsOfFile: folders.results.path("round-1.run.json"), encoding: .utf8)
        try folders.results.write(
            run.replacing("\"executable_sha256\":\"7b", with: "\"executable_sha256\":\"00"), to: "round-1.run.json")
        let comparison = try folders.compare()
        #expect(comparison.rows.isEmpty && comparison.claims.map(\.verdict) == [.void])
        #expect(comparison.claims[0].numbers == ["in the results there are runs against more than one build"])
    }

    @Test("Runs that are VOID are left out by name; without a valid one nothing is compared")
    func voidRuns() throws {
        let folders = try ComparedFolders(recorded: "same-1")
        let run = try String(contentsOfFile: folders.results.path("round-2.run.json"), encoding: .utf8)
        let void = run.replacing("\"verdict\":\"PROVEN\"", with: "\"verdict\":\"VOID\"")
        try folders.results.write(void, to: "round-2.run.json")
        let some = try folders.compare()
        #expect(try some.row(.p50).runs.results == 2)
        #expect(some.claims[0].numbers.last == "left out of the results, since VOID: round-2")
        try folders.change("\"verdict\":\"", to: "\"verdict\":\"VOID\",\"was\":\"")
        let none = try folders.compare()
        #expect(none.rows.isEmpty && none.claims[0].verdict == .void)
        #expect(none.claims[0].numbers == ["no run in the results is valid: VOID are round-1, round-2, round-3"])
    }

    @Test("Percentiles alone give an interval, and no verdict")
    func percentilesOnly() throws {
        let folders = try ComparedFolders()
        for (folder, factor) in [(folders.baseline, 1.0), (folders.results, 3.0)] {
            try folder.write(
                """
                {"metrics": {"http_reqs": {"count": 5000, "rate": 100}, "http_req_duration": {"avg": \(10 * factor),
                "med": \(9 * factor), "p(90)": \(20 * factor), "p(95)": \(25 * factor), "max": \(80 * factor)}}}
                """, to: "summary.json")
        }
        let comparison = try folders.compare()
        #expect(try comparison.row(.p50).difference?.basis == .responses)
        guard case .unjudged(let reason) = try comparison.finding(.p50) else {
            Issue.record("\(try comparison.finding(.p50))")
            return
        }
        #expect(reason.hasPrefix("needs several runs, or times of the requests"))
        #expect(comparison.notes.contains { $0.contains("nothing is judged") })
        #expect(comparison.claims.map(\.verdict) == [.unproven])
    }

    @Test("siege's means are compared by the rows of its log")
    func siege() throws {
        let folders = try ComparedFolders()
        for (folder, seconds) in [(folders.baseline, 0.20), (folders.results, 0.30)] {
            let rows = (1...9).map { minute in
                "2026-11-21 07:3\(minute):00,600,60.00,0,\(seconds + Double(minute % 3) / 100),10.00,0.00,0.10,600,0"
            }
            try folder.write(
                "Date & Time,Trans,Elap Time,Data Trans,Resp Time,Trans Rate,Throughput,Concurrent,OKAY,Failed\n"
                    + rows.joined(separator: "\n") + "\n", to: "siege.log")
        }
        let comparison = try folders.compare()
        #expect(try comparison.finding(.mean) == .differs("slower"))
        #expect(comparison.shownRows.map(\.metric) == [.mean, .rate])
    }
}
