import LoadReport
import Testing

/// The data that a comparison with a simulation takes from the files of load tests.
@Suite struct IntervalTests {
    @Test("Each row of siege's log is an interval with its mean")
    func siege() throws {
        let folder = try ReportFolder()
        try folder.write(
            """
                  Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
            2026-11-21 07:31:00,    600,      60.00,           0,       0.02,       10.00,        0.00,        0.10,     600,       5
            2026-11-21 07:32:00,      0,      60.00,           0,       -nan,        0.00,        0.00,        0.00,       0,       7
            """, to: "siege.log")
        let run = try #require(try folder.read().runs.first)
        #expect(run.intervals.map(\.requests) == [605, 7] && run.intervals.map(\.failures) == [5, 7])
        #expect(run.intervals.map(\.meanMilliseconds) == [20, nil] && run.intervals.map(\.seconds) == [60, 60])
        #expect(run.intervals[1].start - run.intervals[0].start == 60)
    }

    @Test("Locust's means so far become the means of intervals of ten seconds")
    func locust() throws {
        let folder = try ReportFolder()
        // 100 requests a second: 10 ms for ten seconds, then 40 ms for ten.
        let rows = (0...20).map { second in
            let calls = second * 100
            let mean = second <= 10 ? 10 : (1000 * 10 + (Double(calls) - 1000) * 40) / Double(calls)
            return "\(1_795_000_000 + second),50,,Aggregated,100,0,10,20,30,\(calls),0,10,\(mean)"
        }
        try folder.write(
            "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,Total Request Count,Total Failure Count,"
                + "Total Median Response Time,Total Average Response Time\n" + rows.joined(separator: "\n") + "\n",
            to: "run_stats_history.csv")
        let intervals = try #require(try folder.read().runs.first).intervals
        #expect(intervals.map(\.requests) == [1000, 1000])
        #expect(zip(intervals, [10, 40]).allSatisfy { abs(($0.meanMilliseconds ?? 0) - $1) < 1e-6 }, "\(intervals)")
    }

    @Test("A prediction's verdict is among the claims")
    func prediction() throws {
        let folder = try ReportFolder()
        try folder.write(
            """
            {"schema": 1, "prediction": {"verdict": "VOID", "statement": "as predicted", "numbers": ["replicas: 3"]}}
            """, to: "prediction.json")
        let evidence = try folder.read()
        let claim = try #require(evidence.claims.first)
        #expect(claim.verdict == .void && claim.statement == "as predicted" && claim.numbers == ["replicas: 3"])
        #expect(evidence.skipped.isEmpty && !evidence.isEmpty)
    }

    @Test(
        "A prediction claims no more than its numbers support",
        arguments: [
            ("PROVEN", #""PROVEN replicas: 3", "VOID cores: 4""#, Verdict.void), ("PROVEN", "", .unproven),
            ("PROVEN", #""PROVEN replicas: 3", "UNPROVEN response: none""#, .unproven),
            ("PROVEN", #""PROVEN replicas: 3""#, .proven), ("UNPROVEN", #""PROVEN replicas: 3""#, .unproven),
        ])
    func denied(verdict: String, numbers: String, held: Verdict) throws {
        let folder = try ReportFolder()
        let text =
            #"{"schema": 1, "prediction": {"verdict": "\#(verdict)", "statement": "s", "numbers": [\#(numbers)]}}"#
        try folder.write(text, to: "prediction.json")
        #expect(try folder.read().claims.map(\.verdict) == [held])
        try folder.write(text.replacing("\"schema\": 1", with: "\"schema\": 2"), to: "prediction.json")
        #expect(try folder.read().skipped.contains { $0.contains("schema") })
    }

    @Test("k6's stream of points makes intervals of about ten seconds")
    func stream() throws {
        let folder = try ReportFolder()
        let rows = (0..<4000).flatMap { request -> [String] in
            let time = 1_795_000_000 + Double(request) / 100
            return [
                "http_reqs,\(time),1,,,true,,,GET,a,,HTTP/1.1,default,,200,,a,,,",
                "http_req_duration,\(time),\(request < 2000 ? 10 : 40),,,true,,,GET,a,,HTTP/1.1,default,,200,,a,,,",
            ]
        }
        try folder.write(
            "metric_name,timestamp,metric_value,check,error,expected_response,error_code,group,method,name,proto,"
                + "scenario,service,status,subproto,url,extra_tags,metadata,x,y\n" + rows.joined(separator: "\n")
                + "\n",
            to: "run.csv")
        let intervals = try #require(try folder.read().runs.first).intervals
        #expect(intervals.reduce(0) { $0 + $1.requests } == 4000 && intervals.count >= 3, "\(intervals)")
        #expect(intervals.first?.meanMilliseconds == 10 && intervals.last?.meanMilliseconds == 40)
        #expect(intervals.allSatisfy { $0.seconds >= 10 })
    }
}
