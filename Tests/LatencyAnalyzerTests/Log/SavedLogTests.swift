import Foundation
import LatencyAnalyzer
import TestSupport
import Testing

/// Users' real inputs, each based on a public report about a similar tool.
@Suite struct SavedLogTests {
    private static let abcde = [
        "11:28:10 200 00000001 0.21", "11:28:11 200 00000002 0.32", "11:28:12 422 - -", "11:28:13 200 00000004 0.54",
        "11:28:14 200 00000005 0.65", "11:28:15 200 00000006 0.76",
    ]
    private static let fghij = [
        "11:28:10 200 0000000b 0.34", "11:28:11 200 0000000c 0.45", "11:28:12 422 - -", "11:28:13 200 0000000e 0.67",
        "11:28:14 200 0000000f 0.78", "11:28:15 200 00000010 0.89",
    ]
    private static let (first, second) = ("bungalow-6c9d7f5b48-abcde", "bungalow-6c9d7f5b48-fghij")

    private func analysis(_ names: [String], expected: Int? = nil) async throws -> Analysis {
        try await Analysis.of(LogFile.named(names.map(SavedLogs.path)), expected: expected)
    }

    @Test("Timestamps are removed")
    func timestamps() async throws {
        #expect(try ReadCalls([SavedLogs.path("timestamps.txt")]).pods == ["timestamps": Self.abcde])
        let analysis = try await analysis(["timestamps.txt"], expected: 6)
        #expect(analysis.completeness == .complete("6 of 6 requests, by the test"))
        #expect(analysis.pods[0].notes == ["timestamps.txt: read as timestamps, 1 pod"])
        #expect(ResultsFile(analysis).text.hasSuffix("Broken or missing: nothing.\n"))
    }

    @Test("Pods are distinguished by kubectl's prefix")
    func prefix() async throws {
        let calls = try ReadCalls([SavedLogs.path("prefix.txt")])
        #expect(calls.pods == [Self.first: Self.abcde, Self.second: Self.fghij])
        let analysis = try await analysis(["prefix.txt"], expected: 12)
        #expect(analysis.completeness == .complete("12 of 12 requests, by the test"))
        #expect(analysis.pods[0].notes == ["prefix.txt: read as the prefix of kubectl logs --prefix, 2 pods"])
        #expect(ResultsFile(analysis).original.contains("\nFile : prefix.txt (\(Self.second))\nTimes (5):\n"))
    }

    @Test("docker compose's prefix is removed, and Redis' lines are not reported as missing")
    func compose() async throws {
        #expect(try ReadCalls([SavedLogs.path("compose.txt")]).pods == ["api-1": Self.abcde])
        let analysis = try await analysis(["compose.txt"], expected: 6)
        #expect(analysis.completeness == .complete("6 of 6 requests, by the test"))
        #expect(
            analysis.pods[0].notes == ["compose.txt: read as docker compose's prefix, 1 pod, and 1 without requests"])
    }

    @Test("A node's files, rotated and compressed, are one log of each pod, and what they share counts once")
    func nodeFiles() async throws {
        let folders = ["\(Self.first)_0f3c", "\(Self.second)_77aa"].map { "pods/bungalow_\($0)/bungalow/" }
        let names = [folders[0] + "0.log", folders[1] + "0.log", folders[0] + "0.log.20261121-112800.gz"]
        #expect(
            try ReadCalls(names.map(SavedLogs.path)).pods == [Self.first: Self.abcde, Self.second: Self.fghij])
        let analysis = try await analysis(names, expected: 12)
        #expect(analysis.completeness == .complete("12 of 12 requests, by the test"))
        #expect(
            ResultsFile(analysis).text.contains("\t 3 requests that a log holds again, byte for byte, which count once")
        )
        #expect(Analysis.deployment(ofPods: analysis.pods.map(\.file.pod)) == "bungalow")
    }

    @Test("In the ends of two pods' logs no id or time changes hands, and the result is incomplete")
    func byLabel() async throws {
        let whole = try ReadCalls([SavedLogs.path("by-label.txt")])
        #expect(whole.pods == ["by-label": Array(Self.abcde[2...]) + Array(Self.fghij[2...])])
        let cut = try ReadCalls([SavedLogs.path("by-label-refused-last.txt")])
        #expect(cut.pods["by-label-refused-last"]?.contains("11:28:30 422 - -") == true)
        #expect(cut.description.contains("0000000b") == false)
        for name in ["by-label.txt", "by-label-refused-last.txt"] {
            let text = ResultsFile(try await analysis([name])).text
            #expect(text.contains("\nINCOMPLETE: "))
            #expect(text.contains("the time goes back in \(name) (places: 1): it holds several logs, or parts of them"))
            #expect(text.contains("kubectl logs -l LABEL --prefix --tail=-1"))
            #expect(!text.contains("Broken or missing: nothing"))
        }
    }

    @Test("A log that was appended to itself counts once")
    func twice() async throws {
        #expect(try ReadCalls([SavedLogs.path("twice.txt")]).pods == ["twice": Self.abcde])
        let analysis = try await analysis(["twice.txt"], expected: 6)
        #expect(analysis.completeness == .complete("6 of 6 requests, by the test"))
        #expect(
            ResultsFile(analysis).text.contains("\t 6 requests that a log holds again, byte for byte, which count once")
        )
    }

    @Test("A torn id is not used as an id")
    func torn() async throws {
        var calls = Self.abcde
        calls[1] = "11:28:11 200 - 0.32"
        #expect(try ReadCalls([SavedLogs.path("torn.txt")]).pods == ["torn": calls])
        let analysis = try await analysis(["torn.txt"])
        #expect(ResultsFile(analysis).text.contains("\t 1 broken request id lines"))
    }
}
