import Bytes
import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The bytes of a block, and what the parser makes of them.
@Suite struct ScoringLogBlockTests {
    @Test(.proves("C3.1", "C3.2")) func `A scored call's block is the contract's example byte for byte`() throws {
        let block = try ScoringLogBlock.scored(id: "5afbcc69-eec4-4661-9108-071428f0d50f")
        #expect(
            block.text == """
                127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"
                X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
                Prediction took 0.0312 ms

                """)
    }

    @Test func `The deep learning path says Predictions`() throws {
        let text = try ScoringLogBlock.scored(id: "a", path: .dl).text
        #expect(text.hasSuffix("\nPredictions took 0.0312 ms\n"))
    }

    @Test func `A refused call is its access line alone`() {
        #expect(
            ScoringLogBlock.refused(status: 422).text
                == "127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] \"POST /predict HTTP/1.1\" 422 120 \"-\" \"-\"\n")
    }

    @Test(
        arguments: [
            (0, "0.0000"), (49, "0.0000"), (50, "0.0001"), (99, "0.0001"), (149, "0.0001"), (150, "0.0002"),
            (31_249, "0.0312"), (31_250, "0.0313"), (999_949, "0.9999"), (999_950, "1.0000"),
            (72_810_000, "72.8100"), (3_600_000_000_000, "3600000.0000"),
            (UInt64.max - 65, "18446744073709.5516"), (UInt64.max, "18446744073709.5516"),
        ] as [(UInt64, String)])
    func `Nanoseconds become milliseconds with four digits, rounded half up`(
        nanoseconds: UInt64, expected: String
    ) throws {
        let text = try ScoringLogBlock.scored(id: "a", nanoseconds: nanoseconds).text
        #expect(text.hasSuffix("\nPrediction took \(expected) ms\n"))
    }

    @Test func `The largest block fits the announced bound`() throws {
        let requestID = try #require(RequestID(String(repeating: "z", count: 64)))
        let block = ScoringLogBlock(
            time: ScoringLogBlock.contractTime, method: "OPTIONS", route: "/v2/models/housing/infer",
            httpMinorVersion: .max, status: .max, bodyBytes: .max,
            scored: .init(requestID: requestID, scoringNanoseconds: .max, path: .dl))
        #expect(block.text.utf8.count <= block.maximumByteCount)
    }

    @Test func `Negative numbers are written as 0`() {
        var block = ScoringLogBlock.refused(status: 503)
        block.bodyBytes = -1
        #expect(block.text.hasSuffix("503 0 \"-\" \"-\"\n"))
    }

    @Test(arguments: 0..<20) func `What was encoded is what is parsed`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var batch = ScoringLogBatch()
        var expected: [ScoringLogCall] = []
        for _ in 0..<500 {
            let (block, call) = try Self.randomCall(using: &generator)
            batch.append(block)
            expected.append(call)
        }
        #expect(batch.blockCount == expected.count)
        let reading = LogReading(batch.bytes)
        #expect(reading.calls == expected)
        var counts = ScoringLogCounts()
        counts.calls = expected.count
        counts.scoredCalls = expected.count { $0.path != nil }
        counts.scoringLines = counts.scoredCalls
        counts.lines = counts.calls + 2 * counts.scoredCalls
        #expect(reading.counts == counts)
    }

    private static func randomCall(
        using generator: inout SeededGenerator
    ) throws -> (ScoringLogBlock, ScoringLogCall) {
        let seconds = Int.random(in: -62_135_596_800...253_402_300_799, using: &generator)
        var block = ScoringLogBlock(
            time: CommonLogTime(secondsSince1970: seconds), method: "GET", route: "/test",
            httpMinorVersion: Int.random(in: 0...1, using: &generator),
            status: Int.random(in: 400...599, using: &generator),
            bodyBytes: Int.random(in: 0 ... .max, using: &generator))
        var call = ScoringLogCall(secondsSince1970: seconds, status: block.status, bodyBytes: block.bodyBytes)
        guard Bool.random(using: &generator) else { return (block, call) }
        block.status = 200
        let id = RequestID(randomHigh: generator.next(), low: generator.next())
        let nanoseconds = generator.next() >> UInt64.random(in: 0...63, using: &generator)
        let path: ScoringLogBlock.Path = Bool.random(using: &generator) ? .ml : .dl
        block.scored = .init(requestID: id, scoringNanoseconds: nanoseconds, path: path)
        call.status = 200
        call.requestID = id.description
        // Rounded here in another way than the encoder does it: as a decimal.
        var rounded = Decimal()
        var exact = Decimal(nanoseconds) / 1_000_000
        NSDecimalRound(&rounded, &exact, 4, .plain)
        let milliseconds: Double = try #require(Double("\(rounded)"))
        call.scoringMilliseconds = milliseconds
        call.path = path
        return (block, call)
    }
}
