import Foundation
import LatencyAnalyzer
import Testing

@testable import LoadReport

/// Locust's files of all versions, and downloads from its page.
@Suite struct LocustTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    // Locust 2.47's own; those of 0.14.6 after the formats in its stats.py, of the same run.
    @Test("Statistics, history and failures of a run are one run", arguments: ["mixed", "old"])
    func csv(name: String) throws {
        try folder.add("tools/\(name)_stats.csv", "tools/\(name)_stats_history.csv", "tools/\(name)_failures.csv")
        let evidence = try folder.read()
        let run = try evidence.run(name)
        #expect(evidence.skipped == [] && evidence.runs.count == 1)
        #expect(run.calls == 282 && run.failures == 16 && run.percentiles?.values[95] == (name == "old" ? 16 : 13))
        #expect(run.series?.slots.map(\.calls).reduce(0, +) == 282 && run.errors.first?.count == 16)
        #expect(try evidence.claim("Not every request succeeded").numbers.contains("\(name): 16 failed"))
    }

    @Test("Statistics whose rows add up to their sum prove that no call failed")
    func sumsAgree() throws {
        try folder.add("tools/clean/lclean_stats.csv", "tools/clean/lclean_failures.csv")
        #expect(try folder.read().claim("Every request succeeded").verdict == .proven)
    }

    @Test(
        "Statistics that contradict themselves prove nothing",
        arguments: [
            ("POST,/predict,34,0,", "POST,/predict,33,0,", Verdict.unproven),
            ("POST,/predict,34,0,", "POST,/predict,34,1,", .void),
            (",Aggregated,34,0,", ",Aggregated,34,3,", .void),
            ("345803268407447,0.0,9", "345803268407447,2.0,9", .unproven),
            (
                "Request Count,Failure Count,Median Response Time", "Failure Count,Request Count,Median Response Time",
                .void
            ),
            ("Failure Count,Median Response Time", "Median Response Time,Failure Count", .void),
        ])
    func contradictions(old: String, new: String, verdict: Verdict) throws {
        let text = try ReportFolder.text("tools/clean/lclean_stats.csv")
        #expect(text.contains(old))
        try folder.write(text.replacing(old, with: new), to: "a_stats.csv")
        let claims = try folder.read().claims
        #expect(claims.map(\.verdict) == [verdict] || claims.isEmpty && new.hasPrefix("Failure Count,Request"))
    }

    // 2.47's own; the second has lines of Locust's log and table around it, as in a terminal.
    @Test(
        "The JSON is read, even among other lines",
        arguments: [("locust.json", 174, 3), ("locust-terminal.txt", 322, 19)])
    func json(name: String, calls: Int, failures: Int) throws {
        try folder.add("tools/\(name)")
        let evidence = try folder.read()
        let run = try #require(evidence.runs.first, "\(evidence.skipped)")
        #expect(run.calls == calls && run.failures == failures && !run.isTimeOfFile)
        #expect(run.series?.slots.map(\.failures).reduce(0, +) == failures)
        #expect(try #require(run.percentiles).count == calls)
        #expect(try evidence.claim("Not every request succeeded").verdict == .void)
    }

    @Test("Counts by second that add up to the counts prove that no call failed")
    func jsonAgrees() throws {
        try folder.add("tools/clean/lcleanj.json")
        #expect(try folder.read().claim("Every request succeeded").verdict == .proven)
        let text = try ReportFolder.text("tools/clean/lcleanj.json")
        let place = try #require(text.firstRange(of: #/"num_requests": \d+/#))
        try folder.write(text.replacingCharacters(in: place, with: "\"num_requests\": 999"), to: "lcleanj.json")
        #expect(try folder.read().claim("Every request succeeded").verdict == .unproven)
    }

    // web.py of 0.14.6 to 2.20 names a download by its second, that of 2.47 by the run's.
    @Test("Downloads from the page are one run if they were made together")
    func downloads() throws {
        for (kind, name) in [("stats", "requests"), ("failures", "failures"), ("exceptions", "exceptions")] {
            for (time, digit) in [("17957877\(name.count).25", ""), ("1795791300.5", " (1)")] {
                let vector = try ReportFolder.vector("tools/mixed_\(kind).csv")
                try folder.write(
                    vector,
                    to: "\(name)_\(time.replacing("877\(name.count)", with: "8771\(name.count % 10)"))\(digit).csv")
                let host = "Locust_2026-11-27-13h55_locustfile.py_http___127.0.0.1_8000"
                try folder.write(vector, to: "\(host)_\(name).csv")
            }
        }
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        #expect(evidence.runs.count == 3, "\(evidence.runs.map(\.name))")
        #expect(evidence.runs.allSatisfy { $0.calls == 282 && $0.failures == 16 && $0.errors.count == 1 })
        #expect(evidence.runs.map(\.name).contains("Locust_2026-11-27-13h55_locustfile.py_http___127.0.0.1_8000"))
    }

    @Test("A list of failures alone is a run with failures")
    func failuresAlone() throws {
        try folder.add("tools/mixed_failures.csv")
        #expect(try folder.read().claim("Not every request succeeded").numbers.contains("mixed: 16 failed"))
    }

    @Test("A history alone would not show that its last rows are missing")
    func historyAlone() throws {
        let rows = try ReportFolder.text("measured/locust_stats_history.csv")
        try folder.write(rows, to: "a_stats_history.csv")
        #expect(try folder.read().claim("Every request succeeded").verdict == .unproven)
    }
}
