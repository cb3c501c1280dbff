import Foundation
import LatencyAnalyzer
import Testing

@testable import LoadReport

/// k6's summaries of all versions and its streams: the calls, the failures, and the script's checks.
@Suite struct K6Tests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    // A run of k6 1.1: every third iteration's first call got 503, so 2 of 12 calls and 2 of 18 checks failed.
    @Test(
        "Every form of k6's results has the same calls, failures and checks",
        arguments: ["exported.json", "handled.json", "machine.json", "stream.json", "stream.csv", "stream.json.gz"])
    func forms(name: String) throws {
        try folder.add("tools/\(name)")
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        let run = try #require(evidence.runs.first)
        #expect(run.tool == "k6" && run.calls == 12 && run.failures == 2 && run.worstFailures == 2)
        let answers = try evidence.claim("Not every request succeeded")
        #expect(answers.verdict == .void && answers.numbers.first == "2 of 12 requests in 1 runs failed")
        let check = try evidence.claim("\(run.name): the check \"status is 200\" failed")
        #expect(check.verdict == .void && check.numbers == ["it held 4 of 6 times"])
        let isStream = name.hasPrefix("stream")
        #expect(
            try evidence.claim("\(run.name): the check \"inner ok\" held").verdict == (isStream ? .unproven : .proven))
        let median = try #require(run.percentiles?.values[50])
        #expect((40...45).contains(median))
    }

    @Test(
        "A summary's thresholds are taken as k6 reports them, checked against its own values",
        arguments: ["exported", "handled"])
    func thresholds(name: String) throws {
        try folder.add("tools/\(name).json")
        let evidence = try folder.read()
        // In the export `true` means crossed.
        for (expression, metric, verdict) in [
            ("rate>0.99", "checks", Verdict.void), ("avg<0.0001", "http_req_duration", .void),
            ("p(95)<500", "http_req_duration", .proven), ("rate<0.5", "http_req_failed", .proven),
        ] {
            let claim = try evidence.claim("\(name): the threshold \(expression) of \(metric)")
            #expect(claim.verdict == verdict && claim.statement.hasSuffix(verdict == .void ? "was crossed" : "held"))
        }
    }

    @Test("A threshold that k6 reports as met but its own value misses is void, and one without a value is open")
    func contradictedThreshold() throws {
        let text = try ReportFolder.text("tools/handled.json")
        let place = try #require(text.range(of: "\"avg<0.0001\": {\n     \"ok\": false"))
        try folder.write(
            text.replacingCharacters(in: place, with: "\"avg<0.0001\": {\n     \"ok\": true"), to: "a.json")
        #expect(try folder.read().claim("a: the threshold avg<0.0001").verdict == .void)
        try folder.write(text.replacing("p(95)<500", with: "p(98)<500"), to: "a.json")
        let claim = try folder.read().claim("a: the threshold p(98)<500")
        #expect(claim.verdict == .unproven && claim.statement.hasSuffix("held"))
    }

    @Test("A stream declares thresholds but does not contain whether they held")
    func thresholdsOfStream() throws {
        try folder.add("tools/stream.json")
        #expect(try folder.read().claim("stream: the threshold p(95)<500 of http_req_duration").verdict == .unproven)
    }

    // The source is internal/lib/summary/machine_readable.go of grafana/k6, commit 95118245.
    @Test("The machine-readable summary contains its date")
    func machineReadable() throws {
        try folder.add("tools/machine.json", changed: "2020-01-01T00:00:00Z")
        let run = try folder.read().run("machine")
        let end = try #require(Instant(rfc3339: "2026-11-21T10:30:00.123456789Z"))
        #expect(run.times == end.advanced(by: -2.5)...end && !run.isTimeOfFile)
        #expect(run.percentiles?.values == [50: 43.6, 90: 43.8, 95: 43.9] && run.meanMilliseconds == 40)
    }

    // The form of the schema's example (grafana/k6-summary, examples/v1), where `fails` are the failed requests.
    @Test(
        "The case of a summary with passes and fails swapped",
        arguments: ["cache-0.5", "cache-0.5-oneline"])
    func exampleOfSchema(name: String) throws {
        try folder.add("cases/k6-results/results/\(name).json")
        let evidence = try folder.read()
        let run = try evidence.run(name)
        #expect(evidence.skipped == [] && run.calls == 6000 && run.failures == 30)
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-21T11:29:00Z") && !run.isTimeOfFile)
        #expect(run.percentiles?.count == 5970 && run.percentiles?.values[99] == 11.7)
        #expect(try evidence.claim("Not every request succeeded").numbers.contains("\(name): 30 failed"))
    }

    @Test("The case of a stream that has only durations")
    func streamOfDurations() throws {
        try folder.add("cases/k6-results/json/run.json")
        let evidence = try folder.read()
        let run = try evidence.run("run")
        #expect(evidence.skipped == [] && run.calls == 4 && run.failures == 0)
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-21T11:28:10.5Z"))
        let claim = try evidence.claim("Every request succeeded")
        #expect(claim.verdict == .unproven)
        #expect(claim.numbers[1].hasPrefix("run: run.json: points are missing: 0 of http_reqs, 4 of http_req_duration"))
    }

    @Test("A stream proves nothing alone; with the summary of the same run the counts agree")
    func streamAndSummary() throws {
        try folder.add("tools/clean/clean.csv")
        #expect(try folder.read().claim("Every request succeeded").verdict == .unproven)
        #expect(try folder.read().claim("clean: the check \"status is 200\" held").verdict == .unproven)
        try folder.add("tools/clean/clean.json")
        try folder.add("tools/clean/clean.k6.json")
        let evidence = try folder.read()
        #expect(evidence.runs.count == 1 && evidence.runs[0].calls == 4)
        #expect(evidence.runs[0].series?.slots.map(\.calls).reduce(0, +) == 4)
        #expect(try evidence.claim("Every request succeeded").verdict == .proven)
        #expect(try evidence.claim("clean: the check \"status is 200\" held").verdict == .proven)
    }

    @Test(
        "The CSV stream's times may be of any unit, or text",
        arguments: ["1795787705", "1795787705000", "1795787705000000", "1795787705000000000", "2026-11-27T13:55:05Z"])
    func times(time: String) throws {
        let text = "metric_name,timestamp,metric_value,expected_response\nhttp_req_duration,\(time),2.5,false\n"
        try folder.write(text, to: "a.csv")
        let run = try folder.read().run("a")
        #expect(run.times?.lowerBound.seconds == 1_795_787_705 && run.failures == 1)
    }

    @Test("Lines of a stream that are cut, torn or too long are counted, and leave the count open")
    func brokenLines() throws {
        let text = try ReportFolder.text("tools/clean/clean.json")
        let long = #"{"metric":"http_reqs","type":"Point","data":""# + String(repeating: "x", count: 70_000) + "\"}\n"
        try folder.write(long + text.dropLast(100), to: "clean.json")
        try folder.add("tools/clean/clean.k6.json")
        let evidence = try folder.read()
        #expect(evidence.skipped.first?.hasPrefix("clean.json: 2 rows are broken") == true, "\(evidence.skipped)")
        #expect(try evidence.claim("Every request succeeded").verdict == .unproven)
    }

    @Test("A stream that k6 has compressed is read, and one that is cut is rejected by name")
    func compressedStream() throws {
        try folder.add("tools/clean/clean.csv.gz", "tools/stream.json.gz")
        try folder.add("tools/clean/clean.k6.json")
        let evidence = try folder.read()
        #expect(evidence.skipped == [] && evidence.runs.map(\.name).sorted() == ["clean", "stream"])
        #expect(try evidence.run("clean").hasConfirmedCounts && evidence.run("stream").failures == 2)
        try folder.write(ReportFolder.vector("tools/stream.json.gz").dropLast(200), to: "stream.json.gz")
        let cut = try folder.read()
        #expect(
            cut.skipped.first?.hasPrefix("stream.json.gz: ends in the middle of its gzip") == true, "\(cut.skipped)")
        #expect(try cut.claim("Every request succeeded").verdict == .unproven)
    }

    @Test("k6 before 0.31 did not count failures, so they are unknown")
    func failuresUnknown() throws {
        try folder.write(
            #"{"metrics": {"http_reqs": {"count": 5, "rate": 1}, "http_req_duration": {"med": 2}}}"#, to: "x.json")
        let claim = try folder.read().claim("Every request succeeded")
        #expect(claim.verdict == .unproven && claim.numbers.contains("x: failures are unknown"))
    }

    @Test("A small share of failures never rounds to zero", arguments: [(0.0001, 1), (0, 0), (0.5, 50)])
    func rateOnly(rate: Double, failures: Int) throws {
        let text =
            #"{"metrics": {"http_reqs": {"count": 100, "rate": 1}, "http_req_failed": {"value": \#(rate)}, "http_req_duration": {}}}"#
        try folder.write(text, to: "x.json")
        #expect(try folder.read().run("x").failures == failures)
    }

    @Test("A summary whose counts do not fit each other is not a proof")
    func contradictedSummary() throws {
        let text = try ReportFolder.text("tools/clean/clean.k6.json")
        let place = try #require(text.range(of: "\"fails\": 4"))
        try folder.write(text.replacingCharacters(in: place, with: "\"fails\": 3"), to: "x.json")
        let claim = try folder.read().claim("Every request succeeded")
        #expect(claim.verdict == .unproven && claim.numbers[1].contains("http_req_failed does not fit"))
    }
}
