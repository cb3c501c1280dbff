import Foundation
import LatencyAnalyzer
import ScoringLog
import TestSupport
import Testing

/// Requests that several files hold.
@Suite struct SharedRequestsTests {
    private static func blocks(_ numbers: Range<Int>, suffix: String = "1111-4222-8333-000000000000") -> String {
        numbers.map { number in
            LogFolder.block(
                second: number / 10, id: String(format: "%08x-\(suffix)", number), milliseconds: "0.2500")
        }.joined()
    }

    private func read(_ texts: [String: String], database: CallDatabase? = nil) async throws -> Analysis {
        let folder = try LogFolder()
        let files = try texts.sorted { $0.key < $1.key }.map { try folder.write($0.value, to: $0.key) }
        let pods = try await Analysis.read(files, onlyPath: nil, into: database)
        let count = pods.reduce(0) { $0 + $1.counts.requests }
        return Analysis(
            deployment: "d", namespace: "n", pods: pods, expectedCalls: .init(calls: count, source: "the test"))
    }

    @Test("Requests that two files have are reported, and the result is never complete")
    func overlap() async throws {
        let texts = [
            "a.txt": Self.blocks(0..<63), "b.txt": Self.blocks(37..<100), "c.txt": Self.blocks(200..<300),
        ]
        let folder = try TemporaryFolder()
        for database in [nil, try CallDatabase(path: folder.path("calls.sqlite"))] {
            var analysis = try await read(texts, database: database)
            let sentence =
                "26 requests of b.txt are in a.txt, too, byte for byte, and count twice: "
                + "name only one of the files, or cut what they share"
            #expect(analysis.completeness.line == "Not checked: 226 of 226 requests, by the test; \(sentence)")
            #expect(ResultsFile(analysis).text.contains("\t \(sentence)\n"))
            analysis.expectedCalls = nil
            #expect(
                analysis.completeness.line == "INCOMPLETE: 226 of an unknown number of requests; \(sentence)")
        }
    }

    @Test("A copy of a copy names each file once")
    func copies() async throws {
        let text = Self.blocks(0..<5)
        let line = try await read(["a.txt": text, "b.txt": text, "c.txt": text]).completeness.line
        #expect(line.contains("; 5 requests of b.txt are in a.txt, too"))
        #expect(line.contains("; 5 requests of c.txt are in a.txt, too"))
    }

    @Test("A caller's ids and two equal requests may be in several files")
    func notShared() async throws {
        let own = Self.blocks(0..<2)
        let callers = (0..<9).map { LogFolder.block(second: $0, id: "load-test", milliseconds: "0.2500") }.joined()
        let refused = LogFolder.block(second: 9, id: nil, milliseconds: nil, status: 422)
        let text = own + callers + refused
        let analysis = try await read(["a.txt": text, "b.txt": text])
        #expect(analysis.completeness == .complete("24 of 24 requests, by the test"))
    }

    @Test("Of many files with many requests, a sample shows what they share")
    func sample() async throws {
        var texts: [String: String] = [:]
        for number in 0..<1100 { texts["f\(number).txt"] = Self.blocks(number * 10..<number * 10 + 1) }
        texts["f1.txt"] = Self.blocks(20_000..<23_000)
        texts["f2.txt"] = Self.blocks(21_000..<24_000)
        let line = try await read(texts).completeness.line
        let count = try #require(line.firstMatch(of: #/at least ([0-9]+) requests of f2.txt are in f1.txt, too/#))
        #expect((100...2000).contains(Int(count.1) ?? 0), "\(line)")
    }
}
