import Bytes
import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The bytes of a block, and what the parser makes of them.
@Suite struct ScoringLogBlockTests {
    @Test("A scored call's block is the contract's example byte for byte", .proves("C3.1", "C3.2"))
    func scored() throws {
        let block = try ScoringLogBlock.scored(id: "5afbcc69-eec4-4661-9108-071428f0d50f")
        #expect(
            block.text == """
                127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"
                X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
                Prediction took 0.0312 ms

                """)
    }

    @Test("the deep learning log says Predictions")
    func deepLearning() throws {
        let text = try ScoringLogBlock.scored(id: "a", modelKind: .dl).text
        #expect(text.hasSuffix("\nPredictions took 0.0312 ms\n"))
    }

    @Test("a rejected request has only its access line")
    func rejected() {
        #expect(
            ScoringLogBlock.rejected(status: 422).text
                == "127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] \"POST /predict HTTP/1.1\" 422 120 \"-\" \"-\"\n")
    }

    @Test(
        "nanoseconds become milliseconds with four digits, rounded half up",
        arguments: [
            (0, "0.0000"), (49, "0.0000"), (50, "0.0001"), (99, "0.0001"), (149, "0.0001"), (150, "0.0002"),
            (31_249, "0.0312"), (31_250, "0.0313"), (999_949, "0.9999"), (999_950, "1.0000"),
            (72_810_000, "72.8100"), (3_600_000_000_000, "3600000.0000"),
            (UInt64.max - 65, "18446744073709.5516"), (UInt64.max, "18446744073709.5516"),
        ] as [(UInt64, String)])
    func milliseconds(
        nanoseconds: UInt64, expected: String
    ) throws {
        let text = try ScoringLogBlock.scored(id: "a", nanoseconds: nanoseconds).text
        #expect(text.hasSuffix("\nPrediction took \(expected) ms\n"))
    }

    @Test("the largest block fits the announced bound")
    func largest() throws {
        let requestID = try #require(RequestID(String(repeating: "z", count: 64)))
        let block = ScoringLogBlock(
            time: ScoringLogBlock.contractTime, method: "OPTIONS", route: "/v2/models/housing/infer",
            httpMinorVersion: .max, status: .max, bodyBytes: .max,
            scored: .init(requestID: requestID, scoringNanoseconds: .max, modelKind: .dl))
        #expect(block.text.utf8.count <= block.maximumByteCount)
    }

    @Test("negative numbers are written as 0")
    func negative() {
        var block = ScoringLogBlock.rejected(status: 503)
        block.bodyBytes = -1
        #expect(block.text.hasSuffix("503 0 \"-\" \"-\"\n"))
    }

    @Test(
        "what was encoded is what is parsed", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var batch = ScoringLogBatch()
        var expected: [LoggedRequest] = []
        for _ in 0..<500 {
            let (block, request) = try Self.randomRequest(using: &generator)
            batch.append(block)
            expected.append(request)
        }
        #expect(batch.blockCount == expected.count)
        let reading = LogReading(batch.bytes)
        #expect(reading.requests == expected)
        var counts = ScoringLogCounts()
        counts.requests = expected.count
        counts.scoredRequests = expected.count { $0.modelKind != nil }
        counts.scoringLines = counts.scoredRequests
        counts.lines = counts.requests + 2 * counts.scoredRequests
        counts.timesBack = Self.timesBack(expected.map(\.secondsSince1970))
        #expect(reading.counts == counts)
    }

    private static func timesBack(_ seconds: [Int]) -> Int {
        var (latest, count) = (Int.min, 0)
        for second in seconds {
            if second < latest - 1 { count += 1 }
            latest = second == latest - 1 ? latest : second
        }
        return count
    }

    private static func randomRequest(
        using generator: inout SeededGenerator
    ) throws -> (ScoringLogBlock, LoggedRequest) {
        let seconds = Int.random(in: -62_135_596_800...253_402_300_799, using: &generator)
        var block = ScoringLogBlock(
            time: CommonLogTime(secondsSince1970: seconds), method: "GET", route: "/test",
            httpMinorVersion: Int.random(in: 0...1, using: &generator),
            status: Int.random(in: 400...599, using: &generator),
            bodyBytes: Int.random(in: 0 ... .max, using: &generator))
        var request = LoggedRequest(secondsSince1970: seconds, status: block.status, bodyBytes: block.bodyBytes)
        guard Bool.random(using: &generator) else { return (block, request) }
        block.status = 200
        let id = RequestID(randomHigh: generator.next(), low: generator.next())
        let nanoseconds = generator.next() >> UInt64.random(in: 0...63, using: &generator)
        let modelKind: ModelKind = Bool.random(using: &generator) ? .ml : .dl
        block.scored = .init(requestID: id, scoringNanoseconds: nanoseconds, modelKind: modelKind)
        request.status = 200
        request.requestID = id.description
        // Rounded here in another way than the encoder does it: as a decimal.
        var rounded = Decimal()
        var exact = Decimal(nanoseconds) / 1_000_000
        NSDecimalRound(&rounded, &exact, 4, .plain)
        let milliseconds: Double = try #require(Double("\(rounded)"))
        request.scoringMilliseconds = milliseconds
        request.modelKind = modelKind
        return (block, request)
    }
}
