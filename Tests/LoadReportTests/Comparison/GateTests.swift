import Foundation
import Testing

@testable import LoadReport

/// Conditions that must not be met: each is met, not met, open, or cannot be judged.
@Suite struct GateTests {
    private func verdicts(_ gate: Gate) -> [Verdict] { gate.claims.map(\.verdict) }

    @Test("A rise beyond the limit fails, one that is excluded passes, and what may be chance is neither")
    func relative() throws {
        let busy = try ComparedFolders(recorded: "busy")
        let failed = try busy.gate("p50 > +10%", "cpu > +10%")
        #expect(failed.outcome == .failed && verdicts(failed) == [.void, .void])
        let passed = try busy.gate("p50 > +1000%", "rate < -5%")
        #expect(passed.outcome == .passed && verdicts(passed) == [.proven, .proven])
        let open = try busy.gate("p99 > +50%")
        #expect(open.outcome == .passed && verdicts(open) == [.unproven])
        #expect(open.claims[0].numbers[0].contains("not measured, but not excluded"), "\(open.claims)")
        let chance = try busy.gate("p99 > +10%")
        #expect(chance.outcome == .unjudged && verdicts(chance) == [.unproven])
        #expect(chance.claims[0].numbers[0].contains("measured, but it may be chance"), "\(chance.claims)")
    }

    @Test("A limit without a sign applies to the measured value, the servers' own counters included")
    func absolute() throws {
        let same = try ComparedFolders(recorded: "same-1")
        let passed = try same.gate(
            "p50 > 250ms", "rejected > 0", "hits < 45%", "failed > 0.1%", "rate < 100/s", "cpu > 0.1s")
        #expect(passed.outcome == .passed && Set(verdicts(passed)) == [.proven], "\(passed.claims)")
        let failed = try same.gate("hits > 1400", "p99 > 0.01ms", "hits < 55%")
        #expect(failed.outcome == .failed && verdicts(failed) == [.void, .void, .void], "\(failed.claims)")
    }

    @Test("Counts against the baseline are shares of the requests, and any is more than none")
    func counts() throws {
        let same = try ComparedFolders(recorded: "same-1")
        #expect(try same.gate("hits < -1%", "rejected > +10%").outcome == .passed)
        try same.change("\"bypass\":0,\"refused\":0,\"cpu_seconds\"", to: "\"bypass\":0,\"refused\":7,\"cpu_seconds\"")
        let run = try String(contentsOfFile: same.results.path("round-1.run.json"), encoding: .utf8)
        let first = try #require(run.firstRange(of: "\"refused\":7"))
        try same.results.write(run.replacingCharacters(in: first, with: "\"refused\":0"), to: "round-1.run.json")
        #expect(try same.gate("rejected > +10%").outcome == .failed)
        #expect(try same.gate("rejected > 6").outcome == .failed && same.gate("rejected > 7").outcome == .passed)
    }

    @Test("A condition that cannot be judged does not pass, and reports what is missing")
    func unjudged() throws {
        let folders = try ComparedFolders()
        for folder in [folders.baseline, folders.results] { try folder.add("tools/exported.json") }
        for condition in ["cpu > +10%", "rejected > 0", "p50 > +10%"] {
            let gate = try folders.gate(condition)
            #expect(gate.outcome == .unjudged && verdicts(gate) == [.unproven], "\(gate.claims)")
            #expect(gate.claims[0].numbers[0].hasPrefix("it needs "))
        }
        // A failed condition is worse than an open one.
        #expect(try folders.gate("cpu > +10%", "rate > 0").outcome == .failed)
    }

    @Test("A load that is not compared cannot be judged")
    func refused() throws {
        let folders = try ComparedFolders(recorded: "same-1")
        try folders.change("\"rate\":{\"offered\":200", to: "\"rate\":{\"offered\":300")
        let gate = try folders.gate("p95 > +10%")
        #expect(gate.outcome == .unjudged && gate.claims[0].numbers == ["300/s, not 200/s"], "\(gate.claims)")
        #expect(try folders.gate("p95 > 250ms").outcome == .passed)
    }

    /// A minute of k6's stream with response times of 10 ms, and more in some seconds; some requests fail.
    private func stream(slowFrom: Int, slowTo: Int, milliseconds: Double, failing: Range<Int> = 0..<0) -> String {
        let rows = (0..<1800).flatMap { request -> [String] in
            let second = request / 30
            let time = 1_795_000_000 + Double(request) / 30
            let slow = second >= slowFrom && second < slowTo
            let isExpected = !failing.contains(second)
            let tags = ",,,\(isExpected),,,GET,a,,HTTP/1.1,default,,\(isExpected ? 200 : 503),,a,,,"
            return ["http_reqs,\(time),1\(tags)", "http_req_duration,\(time),\(slow ? milliseconds : 10)\(tags)"]
        }
        return "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,proto2,method,name,"
            + "proto,scenario,service,status,subproto,url,extra_tags,metadata,x\n" + rows.joined(separator: "\n") + "\n"
    }

    @Test("A bad half minute fails in a window, though the whole run is good")
    func windows() throws {
        let folders = try ComparedFolders()
        try folders.baseline.write(stream(slowFrom: 0, slowTo: 0, milliseconds: 0), to: "k.csv")
        try folders.results.write(
            stream(slowFrom: 20, slowTo: 22, milliseconds: 400, failing: 40..<43), to: "k.csv")
        let (results, baseline, comparison) = try (folders.results.read(), folders.baseline.read(), folders.compare())
        let cases: [(String, Double?, Gate.Outcome)] = [
            ("p95 > 250ms", nil, .passed), ("p95 > 250ms", 10, .failed), ("p95 > +50%", 10, .failed),
            ("p95 > 250ms", 50, .passed), ("failed > 50%", nil, .passed), ("failed > 50%", 3, .failed),
            ("p95 > 250ms", 0.5, .unjudged), ("p95 > 250ms", 90, .unjudged), ("hits < 1%", 10, .unjudged),
        ]
        for (condition, window, outcome) in cases {
            let gate = Gate([try Condition(condition)], windowSeconds: window, results, against: baseline, comparison)
            #expect(gate.outcome == outcome, "\(condition) in \(window ?? 0) s: \(gate.claims)")
        }
    }

    @Test("A condition that no load can decide does not pass")
    func noLoads() throws {
        let folders = try ComparedFolders()
        try folders.results.write(
            "TestNo,ThreadCount,Records,Failures,RPS\n1,1,10,0,5\n2,2,10,3,5\n", to: "history.csv")
        let gate = Gate([try Condition("p95 > 1ms")], windowSeconds: nil, try folders.results.read(), against: nil, nil)
        #expect(gate.outcome == .unjudged && gate.claims.count == 1)
    }

    @Test(
        "Impossible numbers neither stop the report nor pass a condition",
        arguments: [
            ("\"seconds\":1.0", "\"seconds\":1e-300"), ("\"seconds\":1.0", "\"seconds\":1e300"),
            ("\"seconds\":1.0", "\"seconds\":-1"), ("\"p50\":0.", "\"p50\":-1e300,\"was\":0."),
            ("\"p99\":", "\"p99\":1e300,\"was\":"), ("\"count\":200", "\"count\":9223372036854775807"),
            ("\"refused\":0,\"cpu_seconds\":", "\"refused\":9223372036854775807,\"cpu_seconds\":-1e300,\"was\":"),
        ])
    func hostileNumbers(_ old: String, _ new: String) throws {
        let folders = try ComparedFolders(recorded: "same-1")
        try folders.change(old, to: new)
        for window in [nil, 1.0, 3, 1e6] {
            let gate = try folders.gate("p50 > 0.0001ms", "p99 > +10%", "rejected > +10%", "cpu > +10%", window: window)
            #expect(gate.outcome != .passed, "\(gate.claims)")
        }
    }
}
