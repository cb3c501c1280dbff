import Testing

@testable import LoadReport

/// Which files belong to one run, and what their counts prove together.
@Suite struct RunCollectionTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    private var answers: Claim {
        get throws { try folder.read().claim("Every request succeeded") }
    }

    private static func k6Summary(_ calls: Int) -> String {
        """
        {"metrics": {"http_reqs": {"count": \(calls), "rate": 10}, "http_req_duration": {"avg": 1.2, "med": 1, "max": 9},
        "http_req_failed": {"passes": 0, "fails": \(calls), "value": 0}}}
        """
    }

    private static func k6Stream(_ calls: Int) -> String {
        (0..<calls).flatMap { call in
            [("http_reqs", "1"), ("http_req_duration", "2.5"), ("http_req_failed", "0")].map { metric, value in
                #"{"metric":"\#(metric)","type":"Point","data":{"time":"2026-11-21T11:00:0\#(call % 10)Z","#
                    + #""value":\#(value),"tags":{"expected_response":"true","status":"200"}}}"#
            }
        }.joined(separator: "\n") + "\n"
    }

    private static func k6CSV(_ calls: Int) -> String {
        (0..<calls).reduce("metric_name,timestamp,metric_value,expected_response,status\n") { text, call in
            ["http_reqs,%,1", "http_req_duration,%,2.5", "http_req_failed,%,0"].reduce(text) {
                "\($0)\($1.replacing("%", with: "179527000\(call % 10)")),true,200\n"
            }
        }
    }

    private static func siegeLog(_ counts: [Int]) -> String {
        counts.reduce(
            "Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,  OKAY,  Failed\n"
        ) { "\($0)2026-11-21 11:00:00,  \($1),  10.05,  0,  0.04,  9.95,  0.01,  0.40,  \($1),  0\n" }
    }

    private static func siegeOutput(_ calls: Int) -> String {
        """
        Transactions:\t\t\(calls) hits
        Availability:\t\t100.00 %
        Elapsed time:\t\t10.05 secs
        Response time:\t\t0.04 secs
        Successful transactions:\t\(calls)
        Failed transactions:\t0

        """
    }

    private static func jmeter(_ calls: Int) -> String {
        (0..<calls).reduce("timeStamp,elapsed,label,responseCode,success\n") {
            "\($0)17952700000\($1 + 10),5,predict,200,true\n"
        }
    }

    private static func locustHistory(_ counts: [Int]) -> String {
        counts.enumerated().reduce(
            "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,Total Request Count,Total Failure Count\n"
        ) { "\($0)179527000\($1.offset),5,,Aggregated,10,0,2,\($1.element),0\n" }
    }

    @Test(
        "A summary proves nothing if a stream of the same run has another count",
        arguments: [(5, 1000), (9, 10)])
    func streamAndSummary(stream: Int, summary: Int) throws {
        for (name, text) in [("a.ndjson", Self.k6Stream(stream)), ("b.csv", Self.k6CSV(stream))] {
            try folder.write(text, to: name)
            try folder.write(Self.k6Summary(summary), to: "\(name.prefix(1)).json")
        }
        let claim = try answers
        #expect(try folder.read().runs.count == 2 && claim.verdict == .unproven && claim.numbers.count == 3)
        let text = "the counts of requests differ: k6's"
        let parts = ["stream of points (JSON) \(stream)", "stream of points (CSV) \(stream)"]
        let sum = "summary \(summary.grouped)"
        #expect(claim.numbers[1] == "a: \(text) \(sum), k6's \(parts[0])")
        #expect(claim.numbers[2] == "b: \(text) \(parts[1]), k6's \(sum)")
    }

    @Test("Counts of one run that agree prove that all requests succeeded")
    func agreement() throws {
        try folder.write(Self.k6Stream(10), to: "a.ndjson")
        try folder.write(Self.k6Summary(10), to: "a.json")
        try folder.write(Self.siegeLog([60, 40]), to: "b.log")
        try folder.write(Self.siegeOutput(100), to: "b.txt")
        #expect(try answers.verdict == .proven && folder.read().runs.map(\.name).sorted() == ["a", "b"])
    }

    @Test(
        "siege's log and its output prove nothing if they differ",
        arguments: [([200], 100), ([100, 100], 100), ([50], 100)])
    func siege(log: [Int], output: Int) throws {
        try folder.write(Self.siegeLog(log), to: "lab.log")
        try folder.write(Self.siegeOutput(output), to: "lab.txt")
        let claim = try answers
        let sum = log.reduce(0, +)
        #expect(claim.verdict == .unproven)
        #expect(
            claim.numbers.last == "lab: the counts of requests differ: siege's log \(sum), siege's output \(output)")
    }

    @Test(
        "Locust's history may end before its statistics, and never with more",
        arguments: [([0, 60, 120], Verdict.unproven), ([0, 60, 100], .proven), ([0, 60, 90], .proven)])
    func locust(history: [Int], verdict: Verdict) throws {
        try folder.write(Self.locustStatistics, to: "a_stats.csv")
        try folder.write(Self.locustHistory(history), to: "a_stats_history.csv")
        #expect(try answers.verdict == verdict && folder.read().runs.count == 1)
    }

    private static let locustStatistics = [
        "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
            + "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%,99%",
        "POST,/predict,100,0,2,2.5,1,9,231,10.0,0.0,2,5,7", ",Aggregated,100,0,2,2.5,1,9,231,10.0,0.0,2,5,7", "",
    ].joined(separator: "\n")

    @Test(
        "Files of one name and different tools are different runs, each with its own calls",
        arguments: [
            (["lab.log": siegeLog([100]), "lab.json": k6Summary(200)], ["lab (k6)": 200, "lab (siege)": 100]),
            (["lab.jtl": jmeter(20), "lab.json": k6Summary(200)], ["lab (jmeter)": 20, "lab (k6)": 200]),
            (
                ["lab.log": siegeLog([50]), "lab_stats.csv": locustStatistics],
                ["lab (locust)": 100, "lab (siege)": 50]
            ),
        ])
    func tools(files: [String: String], calls: [String: Int]) throws {
        for (name, text) in files { try folder.write(text, to: name) }
        let runs = try folder.read().runs
        #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.name, $0.calls) }) == calls.mapValues(Optional.some))
        #expect(runs.allSatisfy { $0.name == "lab (\($0.tool))" && $0.sources.count == 1 && $0.tallies.count == 1 })
        let claim = try answers
        let sum = calls.values.reduce(0, +)
        #expect(claim.verdict == .unproven && claim.numbers.first == "0 of \(sum) requests in 2 runs failed")
    }

    @Test("A proof takes only its own tool's files", arguments: ["locust.log", "history.log"])
    func proofAndOthers(name: String) throws {
        try folder.add("measured/locust.run.json", "throughput/history.csv", "measured/locust_stats.csv")
        try folder.write(Self.siegeLog([100]), to: name)
        let runs = try folder.read().runs
        let proven = try #require(runs.first { $0.proof != nil })
        #expect(proven.sources.count == 3 && runs.count == 2)
        #expect(runs.first { $0.proof == nil }?.calls == 100)
    }

    @Test("Two files of one kind with different counts prove nothing")
    func twoOfAKind() throws {
        try folder.write(Self.k6Summary(200), to: "a.json")
        try folder.write(Self.k6Summary(100), to: "a.k6.json")
        #expect(try answers.verdict == .unproven)
        try folder.write(Self.k6Summary(200), to: "a.k6.json")
        #expect(try answers.verdict == .proven)
    }

    @Test("A threshold of a summary is proven only if no other file of the run has another count")
    func thresholds() throws {
        let summary = Self.k6Summary(10).replacing(
            #""value": 0}"#, with: #""value": 0, "thresholds": {"rate<0.01": false}}"#)
        try folder.write(summary, to: "a.json")
        try folder.write(Self.k6Stream(10), to: "a.ndjson")
        #expect(try folder.read().claim("a: the threshold rate<0.01").verdict == .proven)
        try folder.write(Self.k6Stream(9), to: "a.ndjson")
        #expect(try folder.read().claim("a: the threshold rate<0.01").verdict == .unproven)
    }

    @Test("Two documents in one file are named as such, and half of one is not")
    func twoDocuments() throws {
        try folder.write(Self.k6Summary(200) + "\n" + Self.k6Summary(100), to: "a.json")
        try folder.write(String(Self.k6Summary(200).dropLast(9)), to: "b.json")
        #expect(
            try folder.read().skipped == [
                "a.json: two JSON documents in one file; give each a file of its own",
                "b.json: no whole JSON; is something still writing it?",
            ])
    }

    @Test(
        "Logs without a call, or with more scored than called, are not proven whole",
        arguments: [
            (0, 0, Verdict.unproven), (0, 45, .unproven), (45, 45, .proven), (48, 45, .proven), (44, 45, .unproven),
        ])
    func emptyLogs(calls: Int, scored: Int, verdict: Verdict) throws {
        try folder.write(
            """
            Deployment: logs
            Total calls - \(calls)
            Total latency entries - \(scored)
            Full Requests Captured - \(scored)

            File : pod1.txt
            Complete: \(calls) of \(calls) requests, by the servers' counters

            """, to: "a_results.txt")
        let evidence = try folder.read()
        #expect(evidence.skipped == [] && evidence.claims.map(\.verdict) == [verdict])
    }
}
