import Foundation
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
        try folder.write("a", to: "timeline.csv")
        let recording =
            #"[{"path": "timeline.csv", "bytes": 1, "#
            + #""sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}]"#
        let text =
            #"{"schema": 1, "prediction": {"verdict": "\#(verdict)", "statement": "s", "numbers": [\#(numbers)]}, "#
            + #""recording": \#(recording)}"#
        try folder.write(text, to: "prediction.json")
        #expect(try folder.read().claims.map(\.verdict) == [held])
        try folder.write(text.replacing("\"schema\": 1", with: "\"schema\": 2"), to: "prediction.json")
        #expect(try folder.read().skipped.contains { $0.contains("schema") })
    }

    @Test(
        "A prediction of a recording that has changed, has more runs, or is not named is unproven, with the file that shows it"
    )
    func otherRecording() throws {
        let folder = try ReportFolder()
        let monitor =
            "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB\n0,1,1,1,1,1,1,1\n"
        try folder.write(monitor, to: "run/use-20261121T072600Z.csv")
        let file = try #require(RecordedFile("use-20261121T072600Z.csv", in: folder.url.appending(path: "run")))
        let listed = String(decoding: try JSONEncoder().encode([file]), as: UTF8.self)
        func claim(_ recording: String) throws -> Claim {
            try folder.write(
                #"{"schema": 1, "prediction": {"verdict": "PROVEN", "statement": "s", "numbers": ["PROVEN a"]}\#(recording)}"#,
                to: "run/prediction.json")
            return try #require(try folder.read().claims.last)
        }
        #expect(try claim(", \"recording\": \(listed)").verdict == .proven)
        let unnamed = try claim("")
        #expect(unnamed.verdict == .unproven && unnamed.numbers[0].contains("does not say which recording"))
        try folder.write(monitor, to: "run/use-20261122T072600Z.csv")
        let more = try claim(", \"recording\": \(listed)")
        #expect(more.verdict == .unproven && more.numbers[0].contains("use-20261122T072600Z.csv was not there"))
        try folder.write(monitor.replacing("0,1,1", with: "0,2,1"), to: "run/use-20261121T072600Z.csv")
        let changed = try claim(", \"recording\": \(listed)")
        #expect(
            changed.verdict == .unproven && changed.numbers[0].contains("use-20261121T072600Z.csv has changed since"))
        let gone = try claim(#", "recording": [{"path": "../x", "bytes": 1, "sha256": "0"}]"#)
        #expect(gone.verdict == .unproven && gone.numbers[0].contains("is gone since"))
    }

    @Test("A prediction whose numbers or verdict a person has changed is unproven")
    func edited() throws {
        let folder = try ReportFolder()
        try folder.write("a", to: "timeline.csv")
        struct File: Encodable {
            var schema = 1
            var prediction: PredictedVerdict
            var recording: [RecordedFile]
        }
        let file = File(
            prediction: PredictedVerdict(
                verdict: .void, statement: "s", numbers: ["VOID replicas: within one in 10.0 %"]),
            recording: [try #require(RecordedFile("timeline.csv", in: folder.url))])
        let text = String(decoding: try JSONEncoder().encode(file), as: UTF8.self)
        try folder.write(text, to: "prediction.json")
        #expect(try folder.read().claims.map(\.verdict) == [.void])
        try folder.write(text.replacing("VOID", with: "PROVEN"), to: "prediction.json")
        let claim = try #require(try folder.read().claims.first)
        #expect(claim.verdict == .unproven && claim.numbers[0].contains("changed after simulate wrote it"))
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
