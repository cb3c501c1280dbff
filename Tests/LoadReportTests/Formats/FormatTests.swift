import Foundation
import LatencyAnalyzer
import Testing

@testable import LoadReport

/// What each format contains, on files that k6 1.1, Locust 2.47, siege and `bungalow` have written.
@Suite struct FormatTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    @Test("Every file written by a real tool is read")
    func realFiles() throws {
        for name in try ReportFolder.vectorNames("measured") { try folder.add(name) }
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        #expect(
            Set(evidence.runs.map(\.name))
                == ["cache-0.75-1", "open", "locust", "plain", "lab", "k6-export", "k6-summary", "saturation"])
        #expect(try evidence.run("cache-0.75-1").sources == ["cache-0.75-1.k6.json", "cache-0.75-1.run.json"])
        let locust = try evidence.run("locust")
        #expect(locust.sources.count == 5)
        // Records and statistics of the same calls do not add up.
        #expect(locust.series?.slots.map(\.calls).reduce(0, +) == 2770)
    }

    @Test("k6's summary has no date, so the file's date counts", arguments: ["k6-export", "k6-summary"])
    func k6SummaryDate(
        name: String
    ) throws {
        try folder.add("measured/\(name).json", changed: "2026-11-21T16:32:00Z")
        let run = try folder.read().run(name)
        let isExport = name == "k6-export"
        #expect(run.tool == "k6" && run.isTimeOfFile)
        #expect(run.calls == (isExport ? 126_099 : 112_925) && run.failures == 0)
        #expect(run.times?.upperBound == Instant(rfc3339: "2026-11-21T16:32:00Z"))
        let seconds = try #require(run.times.map { $0.upperBound.seconds - $0.lowerBound.seconds })
        #expect(abs(seconds - 9) < 0.001)
        #expect(Set(try #require(run.percentiles).values.keys) == [50, 90, 95, 99, 99.9])
        #expect(run.percentiles?.values[95] == (isExport ? 0.423622 : try #require(run.percentiles?.values[95])))
    }

    @Test("Locust's files are one run, and its totals become calls a second")
    func locustRun() throws {
        try folder.add("measured/plain_stats.csv", "measured/plain_stats_history.csv", "measured/plain_failures.csv")
        let run = try folder.read().run("plain")
        #expect(run.calls == 1518 && run.failures == 756 && !run.isTimeOfFile)
        #expect(run.times?.lowerBound.seconds == 1_795_278_731 && run.times?.upperBound.seconds == 1_795_278_740)
        #expect(
            run.percentiles?.values == [50: 1, 90: 4, 95: 5, 99: 6, 99.9: 25]
                && run.percentiles?.longest == 25.25276400047005)
        let slots = try #require(run.series?.slots)
        #expect(slots.map(\.calls).reduce(0, +) == 1518 && slots.map(\.failures).reduce(0, +) == 756)
        #expect(slots[1].calls == 92 && slots[1].users == 2 && slots[1].milliseconds == [50: 1, 95: 2, 99: 25])
        #expect(run.errors.map(\.text) == ["GET /nothing-here: LocustBadStatusCode(code=404)"])
    }

    @Test("Files named only by an ending belong to their folder's only proven run, and proofs are never merged")
    func unnamedFiles()
        throws
    {
        try folder.add("measured/locust.run.json", "throughput/history.csv")
        #expect(try folder.read().run("locust").steps.count == 7)
        try folder.write(ReportFolder.vector("measured/locust.run.json"), to: "copy.run.json")
        let evidence = try folder.read()
        #expect(evidence.runs.map(\.name).sorted() == ["locust", "locust", "results"])
    }

    @Test("siege's rows end at their time, and its mean is weighted by responses")
    func siegeRows() throws {
        try folder.write(
            """
                  Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
            **** phase 1, with a comma ****
            2026-11-21 08:27:00,     10,      59.50,           1,       0.90,        0.17,        0.00,        0.00,      10,       5
            2026-11-21 08:28:00,    990,      59.50,           1,       0.10,       16.64,        0.00,        0.00,     990,       0
            """, to: "siege.log")
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        let evidence = try LoadFolder(path: folder.url.path, zone: berlin).read()
        let run = try evidence.run("siege")
        #expect(evidence.skipped == [])
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-21T07:26:00.5Z"))
        #expect(run.times?.upperBound == Instant(rfc3339: "2026-11-21T07:28:00Z"))
        #expect(run.calls == 1005 && run.failures == 5 && run.series?.slots.map(\.calls).reduce(0, +) == 1005)
        #expect(abs(try #require(run.meanMilliseconds) - 108) < 1e-9)
        #expect(abs(try #require(run.achievedRate) - 1000 / 119) < 1e-9)
    }

    @Test("A log of siege without a response is a run whose calls all failed")
    func siegeWithoutResponses() throws {
        try folder.write(
            """
                  Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
            **** phase 1 delay 1 clients 2 ****
            2026-11-21 19:54:49,      0,       0.99,           0,       -nan,        0.00,        0.00,        0.00,       0,       2
            """, to: "siege.log")
        let evidence = try folder.read()
        let run = try evidence.run("siege")
        #expect(evidence.skipped == [] && run.calls == 2 && run.failures == 2 && run.meanMilliseconds == nil)
        #expect(try evidence.claim("Not every request succeeded").verdict == .void)
    }

    @Test("k6's latencies are those of successful calls", arguments: [(4, 1, 20.0), (5, nil, nil)])
    func k6Latencies(
        failures: Int, calls: Int?, median: Double?
    ) throws {
        try folder.write(
            """
            {"metrics": {"http_reqs": {"count": 5, "rate": 1}, "http_req_failed": {"passes": \(failures), "fails": 1},
            "http_req_duration": {"med": 0.1}, "http_req_duration{expected_response:true}": {"med": 20}}}
            """, to: "x.json")
        let run = try folder.read().run("x")
        #expect(run.failures == failures && run.percentiles?.count == calls && run.percentiles?.values[50] == median)
        #expect(run.achievedRate == Double(5 - failures) / 5)
    }

    @Test("The throughput tool's summaries are one run, named after their folder")
    func throughputToolSummaries() throws {
        try folder.add("throughput/history.csv", "throughput/scaling.csv")
        let run = try folder.read().run("results")
        #expect(run.steps.map(\.users) == [10, 12, 14, 16, 15, 14, 14] && run.steps[3].failures == 7)
        let point = try #require(run.saturationPoint)
        #expect(point.users == 14 && abs(point.rate - 51.15) < 1e-9)
        #expect(run.times?.lowerBound.second == 1_795_251_625)
    }

    @Test("The throughput tool's records are read with commas in responses and without a date")
    func throughputToolRecords() throws {
        try folder.add("throughput/timing.csv", changed: "2026-11-21T00:00:03Z")
        let database = try RecordDatabase(path: folder.path("r.sqlite"))
        let run = try folder.read(into: database, outputs: [folder.path("r.sqlite")]).run("results")
        #expect(run.calls == 3 && run.failures == 1)
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-20T23:59:59.25Z"))
        #expect(abs(try #require(run.percentiles?.values[99]) - 50.9) < 0.1)
    }

    @Test("The results of an analysis are the same as text and as JSON, and count once")
    func analysisResults() throws {
        try folder.add("measured/bungalow_results.txt")
        let text = try #require(try folder.read().serverLogs.first)
        try folder.add("measured/bungalow.json")
        let both = try folder.read().serverLogs
        #expect(both.count == 1 && both[0].isSameAnalysis(as: text))
        #expect(both[0].completeness == .complete("1000 of 1000 requests"))
        #expect(text.completeness.line.hasPrefix("Not checked: "))
        #expect(text.calls == 1000 && text.percentiles == both[0].percentiles)
        #expect(text.percentiles.values == [50: 0.1021, 90: 0.3495, 95: 0.6331, 99: 1.9839, 99.9: 5.9698])
    }

    @Test("A monitor's samples hold until the next one, and are cut at a run's ends")
    func monitorSamples() throws {
        let header = "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB\n"
        let rows = "0,1,0.5,1,1,1,0.2,1\n100,3,1.5,1,3,1,,\n200,3,1.5,1,3,1,1,1\n"
        try folder.write(header + rows, to: "use.csv", changed: "2026-11-21T07:29:20Z")
        let use = try #require(try folder.read().resources.first)
        #expect(use.isTimeOfFile && use.times?.lowerBound == Instant(rfc3339: "2026-11-21T07:26:00Z"))
        let middle = try #require(Instant(rfc3339: "2026-11-21T07:26:50Z"))
        let slot = try #require(use.during(middle...middle.advanced(by: 100)))
        #expect(abs(slot.reservedCoreSeconds - (50 * 0.5 + 50 * 1.5)) < 1e-6 && slot.least == 1 && slot.most == 3)
        #expect(abs(slot.usedCoreSeconds - 50 * 0.2) < 1e-6 && abs(slot.knownUseSeconds - 50) < 1e-6)
        #expect(use.during(middle.advanced(by: 1000)...middle.advanced(by: 1001)) == nil)
        // The file's name takes precedence over its date.
        try folder.write(header + rows, to: "use-20260102T030405Z.csv")
        let named = try #require(try folder.read().resources.first { !$0.isTimeOfFile })
        #expect(named.times?.lowerBound == Instant(rfc3339: "2026-01-02T03:04:05Z"))
    }
}
