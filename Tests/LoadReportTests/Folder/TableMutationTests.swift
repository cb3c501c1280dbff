import Foundation
import TestSupport
import Testing

@testable import LoadReport

/// A failed run stays failed, whatever happens to its tables: no change makes it PROVEN.
@Suite struct TableMutationTests {
    /// Failed runs, each with the files that a tool leaves, and a run in which nothing failed.
    private static let runs: [[String]] = [
        ["tools/mixed_stats.csv"],
        ["tools/mixed_stats.csv", "tools/mixed_stats_history.csv", "tools/mixed_failures.csv"],
        ["tools/old_stats.csv"], ["tools/old_stats.csv", "tools/old_stats_history.csv", "tools/old_failures.csv"],
        ["measured/plain_stats.csv"], ["tools/mixed_stats_history.csv"], ["tools/stream.csv"], ["tools/stream.json"],
        ["tools/stream.csv", "tools/stream.json"], ["tools/visits.jtl"],
        ["cases/siege-logs/decimal-comma/load_output.csv"],
        ["cases/siege-logs/no-header/load_output.csv"], ["tools/siege.txt"], ["throughput/messages.csv"],
        ["throughput/timing.csv"],
    ]
    private static let clean = ["tools/clean/lclean_stats.csv"]

    // script/trust tries many more, from a seed of its own.
    private static let count =
        ProcessInfo.processInfo.environment["BUNGALOW_TABLE_MUTATIONS"].flatMap { Int($0) } ?? 5000
    private static let seed = ProcessInfo.processInfo.environment["BUNGALOW_TABLE_SEED"].flatMap { UInt64($0) } ?? 15

    /// The file without a stream's unused points.
    private static func essence(_ name: String) throws -> String {
        let text = try ReportFolder.text(name)
        guard name.contains("stream") else { return text }
        let lines = text.split(separator: "\n").filter { line in
            ["http_reqs", "http_req_duration", "http_req_failed", "checks", "metric_name"].contains(
                where: line.contains)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The subject of a claim, whether it holds or not.
    private static func subject(_ claim: Claim) -> String {
        let text = claim.statement.replacing("Not every request", with: "Every request")
        return text.replacing(#/ (failed|held|was crossed)$/#, with: "")
    }

    @Test(
        "No mutation of a failed run's tables turns it into PROVEN", .proves("T46"), arguments: runs.indices)
    func noMutationProves(index: Int) throws {
        let names = Self.runs[index]
        let folder = try ReportFolder()
        for name in Self.clean + names { try folder.add(name) }
        let failed = Set(try folder.read().claims.filter { $0.verdict == .void }.map(Self.subject))
        #expect(failed.contains("Every request succeeded"))
        let texts = try names.map { (URL(filePath: $0).lastPathComponent, try Self.essence($0)) }
        for (name, text) in texts { try folder.write(text, to: name) }
        var kept = 0
        for number in 0..<Self.count / Self.runs.count + 1 {
            var mutation = TableMutation(seed: Self.seed &* 1_000_003 &+ UInt64(index) &* 10_000_019 &+ UInt64(number))
            guard let (name, text) = mutation.choose(texts) else { continue }
            let changed = mutation.mutated(text)
            try folder.write(changed, to: name)
            let evidence = try folder.read()
            let proven = evidence.claims.filter { $0.verdict == .proven && failed.contains(Self.subject($0)) }
            #expect(
                proven.isEmpty,
                "seed \(Self.seed), run \(index), mutation \(number) of \(name): \(proven)\n\(changed.prefix(2000))")
            kept +=
                evidence.claims.contains { $0.verdict == .void && Self.subject($0) == "Every request succeeded" }
                ? 1 : 0
            try folder.write(text, to: name)
        }
        // Enough mutations changed something that is read.
        #expect(kept > Self.count / Self.runs.count / 20)
    }
}
