import Foundation
import Testing

@testable import LoadReport

/// Verdicts: what is proven, what is void, and that a file cannot claim what its numbers contradict.
@Suite struct ClaimTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    private let run = "measured/cache-0.75-1.run.json"

    /// The tests' proven run, with one text replaced.
    private func changed(_ old: String, _ new: String) throws -> String {
        let text = try ReportFolder.text(run)
        let range = try #require(text.range(of: old), "\(old) is not in the file")
        return text.replacingCharacters(in: range, with: new)
    }

    @Test("A proven cache rate is stated with its three numbers")
    func provenCacheRate() throws {
        try folder.add(run)
        let claim = try folder.read().claim("cache-0.75-1: cache rate 0.75")
        #expect(claim.verdict == .proven && claim.statement == "cache-0.75-1: cache rate 0.75 achieved")
        #expect(
            claim.numbers == [
                "1 776 of 2 368 requests were planned hot; by X-Cache 1 776 were hits, 592 misses",
                "the counters (metrics) of 1 replica rose by 1 776 hits and 592 misses beyond the warm-up",
            ])
    }

    @Test(
        "A file that claims PROVEN although its numbers differ is void",
        arguments: [
            ("\"calls\": 2368", "\"calls\": 2369"), ("\"hot\": 1776", "\"hot\": 1777"),
            ("\"hit\": 1776", "\"hit\": 1775"),
            ("\"hot_missed\": 0", "\"hot_missed\": 1"), ("\"cold_hit\": 0", "\"cold_hit\": 1"),
            ("\"dropped_iterations\": 0", "\"dropped_iterations\": 1"), ("\"misses\": 593", "\"misses\": 594"),
            ("\"hits\": 1779", "\"hits\": 1778"), ("\"hits\": 1779", "\"hits\": null"),
            ("\"miss\": 592", "\"miss\": 591"),
        ])
    func contradictedProof(old: String, new: String) throws {
        try folder.write(try changed(old, new), to: "a.run.json")
        let claim = try folder.read().claim("cache-0.75-1: cache rate 0.75")
        #expect(claim.verdict == .void)
        #expect(claim.numbers.contains { $0.hasPrefix("the run's file says PROVEN, but ") }, "\(claim.numbers)")
    }

    @Test("A run's own verdict and reasons are kept", arguments: [Verdict.void, .unproven])
    func ownVerdict(
        verdict: Verdict
    ) throws {
        let text = try changed("\"verdict\": \"PROVEN\"", "\"verdict\": \"\(verdict.rawValue)\"")
        try folder.write(
            text.replacing("\"reasons\": []", with: #""reasons": [{"code": "x", "text": "the replica b was gone"}]"#),
            to: "a.run.json")
        let evidence = try folder.read()
        let claim = try evidence.claim("cache-0.75-1: cache rate 0.75")
        #expect(claim.verdict == verdict && claim.numbers.last == "the replica b was gone")
        #expect(LoadPage(evidence, name: "x").html.contains("<b class=\"verdict \(verdict.rawValue.lowercased())\">"))
    }

    @Test("A void run with the planned responses is distinguished from one that missed its cache rate")
    func voidRun() throws {
        let text = try changed("\"verdict\": \"PROVEN\"", "\"verdict\": \"VOID\"")
        try folder.write(text, to: "a.run.json")
        #expect(try folder.read().claims[0].statement == "cache-0.75-1: cache rate 0.75: the run is void")
        try folder.add("measured/open.run.json")
        #expect(try folder.read().claims.contains { $0.statement == "open: cache rate 0.75 not achieved" })
    }

    @Test("An offered rate that the server did not keep up with is void")
    func offeredRate() throws {
        try folder.add("measured/open.run.json")
        let claim = try folder.read().claim("open: 100/s offered")
        #expect(claim.verdict == .void && claim.statement == "open: 100/s offered and not achieved")
        #expect(
            claim.numbers[0].hasPrefix(
                "95.17/s succeeded in the hold, 95.2 % of what was offered; 37 requests were due"))
    }

    @Test(
        "Runs against different systems are not compared without a warning",
        arguments: [
            ("\"configuration\": \"", "another configuration"), ("\"model_version\": \"", "another model"),
            ("\"executable_sha256\": \"", "another build"),
        ])
    func differentSystems(field: String, difference: String) throws {
        try folder.add(run)
        try folder.write(
            try changed(field, field + "0").replacing("cache-0.75-1", with: "other"), to: "other.run.json")
        let evidence = try folder.read()
        let claim = try evidence.claim("The runs were against different systems: \(difference).")
        #expect(claim.verdict == .void && claim.numbers.count == 2)
        #expect(claim.numbers[0].hasPrefix("A: release ") && claim.numbers[1].hasSuffix("run other"))
        #expect(LoadPage(evidence, name: "x").html.contains("<p class=\"banner\">The runs were against different"))
    }

    @Test("Replicas of one deployment are the same system, and a run of unknown origin is not")
    func replicasAreOneSystem() throws {
        try folder.add(run)
        try folder.write(
            try changed("\"instance\": \"", "\"instance\": \"0").replacing("cache-0.75-1", with: "other"),
            to: "other.run.json")
        #expect(try folder.read().claim("The 2 runs were against the same build").verdict == .proven)
        try folder.add("measured/k6-export.json")
        let claim = try folder.read().claim("The runs were against the same system")
        #expect(claim.verdict == .unproven)
        #expect(claim.numbers.last == "run k6-export: the files do not show which system was tested")
    }

    /// A run without a response to `GET /version`.
    private func withoutVersion(_ target: String) throws -> String {
        let text = try changed("\"version\": ", "\"version\": null, \"was\": ")
        return text.replacing("cache-0.75-1", with: "other")
            .replacing("\"target\": \"", with: "\"target\": \"\(target)")
    }

    @Test("A system of unknown version is unknown, not different", arguments: ["", "http://elsewhere/"])
    func unknownVersion(
        target: String
    ) throws {
        try folder.add(run)
        try folder.write(try withoutVersion(target), to: "other.run.json")
        let evidence = try folder.read()
        let claim = try evidence.claim("The runs were against the same system")
        #expect(claim.verdict == .unproven)
        #expect(claim.numbers[0].hasPrefix("A: release ") && claim.numbers[1].hasPrefix("B: \(target)http://"))
        #expect(claim.numbers[1].hasSuffix(", build, model and configuration unknown; run other"))
        #expect(!LoadPage(evidence, name: "x").html.contains("class=\"banner\""))
    }

    @Test("A run without a call, because no server was there, is not a different system")
    func runWithoutCalls() throws {
        try folder.add(run)
        var text = try withoutVersion("").replacing("\"PROVEN\"", with: "\"VOID\"")
        for count in ["\"calls\": 2368", "\"hot\": 1776", "\"hit\": 1776", "\"miss\": 592"] {
            text = text.replacing(count, with: "\(count.split(separator: ":")[0]): 0")
        }
        try folder.write(text, to: "other.run.json")
        let evidence = try folder.read()
        #expect(try evidence.claim("other: cache rate 0.75").statement == "other: cache rate 0.75: no request was sent")
        #expect(!evidence.claims.contains { $0.statement.contains("same system") })
        #expect(try evidence.claim("Every request succeeded").numbers == ["0 of 2 368 requests in 1 runs failed"])
    }

    @Test("A run without any response is void, whatever its file claims")
    func runWithoutResponses() throws {
        let text = try changed("\"hit\": 1776", "\"hit\": 0").replacing("\"miss\": 592", with: "\"miss\": 0")
        try folder.write(text.replacing("\"errors\": 0", with: "\"errors\": 2368"), to: "a.run.json")
        let claim = try folder.read().claim("cache-0.75-1: cache rate 0.75")
        #expect(claim.verdict == .void && claim.statement == "cache-0.75-1: cache rate 0.75: no request succeeded")
        #expect(claim.numbers.contains("the run's file says PROVEN, but no request succeeded"))
    }

    @Test("Saturation is proven by three rounds that agree, and is stated with the 70 % point")
    func saturation() throws {
        let rounds = [40.0, 41, 42].map { #"{"users": 4, "rate": \#($0), "p50_ms": 99, "p99_ms": 120}"# }
        let found = { (rounds: [String], spread: Double) in
            #""saturation": {"rounds": [\#(rounds.joined(separator: ","))], "users": 4, "rate": 41, "p50_ms": 99, "#
                + #""p99_ms": 120, "spread": \#(spread), "working_point": 28.7}, "verdict": "#
        }
        for (text, verdict) in [
            (found(rounds, 0.05), Verdict.proven), (found([rounds[0]], 0), .unproven), (found(rounds, 0.2), .unproven),
        ] {
            try folder.write(try changed("\"verdict\": ", text), to: "a.run.json")
            let claim = try folder.read().claim("cache-0.75-1: saturates at 41/s with 4 users; run it at 28.7/s (70 %)")
            #expect(claim.verdict == verdict)
        }
    }

    @Test("The throughput tool's search is reported as far as it went")
    func throughputToolSearch() throws {
        try folder.add("throughput/history.csv")
        let claim = try folder.read().claim("results: saturates at 51.15/s with 14 users; run it at 35.8/s (70 %)")
        #expect(claim.verdict == .unproven)
        let rising = try ReportFolder.text("throughput/history.csv").split(separator: "\n").prefix(4)
        try folder.write(rising.joined(separator: "\n"), to: "history.csv")
        #expect(try folder.read().claim("results: saturation was not found").numbers[0].hasPrefix("no request failed"))
    }

    @Test("Failures are counted and named, and logs are compared with the expected calls")
    func failuresAndLogs() throws {
        try folder.add("measured/plain_stats.csv", "measured/bungalow.json")
        let evidence = try folder.read()
        let answers = try evidence.claim("Not every request succeeded")
        #expect(
            answers.verdict == .void
                && answers.numbers == ["756 of 1 518 requests in 1 runs failed", "plain: 756 failed"])
        #expect(try evidence.claim("bungalow.json: the logs hold all requests").verdict == .proven)
        try folder.write(
            ReportFolder.text("measured/bungalow.json").replacing(
                #""completeness" : null"#, with: #""completeness" : "INCOMPLETE: 1000 of 2000 calls""#),
            to: "bungalow.json")
        #expect(try folder.read().claim("bungalow.json: requests are missing from the logs").verdict == .void)
    }

    @Test(
        "Only the file's own count proves that the logs hold all requests",
        arguments: [
            ("Complete: 1000 of 1000 requests, by the servers' counters", Verdict.proven),
            ("Complete: 30000 of 30000 requests, by the servers' counters", .void),
            ("Complete: 1000 of 1001 requests, by --expect", .void), ("Complete: all is well", .unproven),
            ("INCOMPLETE: 1000 of 2000 requests, by --expect", .void), ("Not checked: nothing says", .unproven),
            ("Complete: 1000 of 1000 requests, by --expect\nINCOMPLETE: 1000 of 2000 requests", .void), ("", .unproven),
        ])
    func completeness(line: String, verdict: Verdict) throws {
        let text = try ReportFolder.text("measured/bungalow_results.txt")
        try folder.write(text.replacing("Load on the pods:", with: "\(line)\n\nLoad on the pods:"), to: "a_results.txt")
        #expect(try folder.read().claims.map(\.verdict) == [verdict])
    }

    @Test("A row of the table of runs covers the whole run or the hold, never both")
    func wholeAndHold() throws {
        try folder.add("measured/open.run.json", "measured/plain_stats.csv")
        let lines = LoadSummary(try folder.read(), name: "x").text.split(separator: "\n")
        let cells = { (line: Substring) in line.split(whereSeparator: \.isWhitespace).map(String.init) }
        let rows = lines.map(cells).filter { $0.count > 10 && ["whole", "hold"].contains($0[1]) }
        #expect(rows.map { Array($0.prefix(2)) } == [["open", "whole"], ["open", "hold"], ["plain", "whole"]])
        // The hold has 571 responses, its own rates and latencies; failures and times are the whole run's.
        #expect(rows[1].dropFirst(3) == ["n/a", "n/a", "571", "n/a", "100", "95.17", "n/a", "0.4252", "5.797", "84.9"])
        #expect(rows[0].suffix(8) == ["663", "0", "n/a", "82.51", "n/a", "n/a", "n/a", "n/a"])
    }
}
