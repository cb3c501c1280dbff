import Bytes
import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The JSON line.
@Suite struct ScoringLogRecordTests {
    private static func text(_ record: ScoringLogRecord) -> String {
        var batch = ScoringLogBatch()
        batch.append(record)
        #expect(batch.bytes.count <= record.maximumByteCount)
        return String(decoding: batch.bytes, as: UTF8.self)
    }

    private static func record(id: String = "5afbcc69", status: Int = 200) throws -> ScoringLogRecord {
        ScoringLogRecord(
            time: ScoringLogBlock.contractTime, millisecond: 7, requestID: try #require(RequestID(id)),
            route: "/predict", status: status)
    }

    @Test("a scored request is one object with every key in order")
    func scored() throws {
        var record = try Self.record()
        record.records = 4
        record.cache = "miss"
        record.validateNanoseconds = 4_100
        record.cacheNanoseconds = 210_000
        record.scoreNanoseconds = 31_249
        record.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let expected = """
            {"time":"2026-11-21T07:26:00.007Z","request_id":"5afbcc69","route":"/predict","status":200,\
            "records":4,"cache":"miss","validate_ms":0.0041,"cache_ms":0.2100,"score_ms":0.0312,\
            "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}

            """
        #expect(Self.text(record) == expected)
    }

    @Test("a rejected request has only what is known about it")
    func rejected() throws {
        #expect(
            Self.text(try Self.record(status: 422)) == """
                {"time":"2026-11-21T07:26:00.007Z","request_id":"5afbcc69","route":"/predict","status":422}

                """)
    }

    @Test(
        "the cache's result is a word",
        arguments: [("hit" as StaticString, "hit"), ("miss", "miss"), ("bypass", "bypass")])
    func cacheResult(result: StaticString, word: String) throws {
        var record = try Self.record()
        record.cache = result
        #expect(Self.text(record).contains("\"cache\":\"\(word)\""))
    }

    @Test(
        "unexpected text is escaped and read back the same",
        arguments: ["\"},{\"a\":\"\\", "line\nfeed\u{7F}", "Prädiktion", "\u{2028}", "", "X-Ms-Request-Id"])
    func escapes(text: String) throws {
        var record = try Self.record()
        record.traceparent = text
        let line = Self.text(record)
        #expect(line.utf8.allSatisfy { $0 == 0x0A || 0x20...0x7E ~= $0 })
        #expect(line.utf8.count { $0 == 0x0A } == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        // Bytes past ASCII are escaped one by one, so that they come back as Latin-1.
        let latin1 = String(String.UnicodeScalarView(text.utf8.map { Unicode.Scalar($0) }))
        #expect(object["traceparent"] as? String == latin1)
    }

    @Test("an id cannot bring the text log's mark into the line")
    func mark() throws {
        let line = Self.text(try Self.record(id: "X-Ms-Request-Id"))
        #expect(!line.contains("X-Ms-Request-Id"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["request_id"] as? String == "X-Ms-Request-Id")
    }

    @Test("the largest record fits the announced bound")
    func largest() throws {
        var record = try Self.record(id: String(repeating: "X", count: 64), status: .max)
        record.millisecond = .max
        record.records = .max
        record.cache = "bypass"
        record.validateNanoseconds = .max
        record.cacheNanoseconds = .max
        record.scoreNanoseconds = .max
        record.traceparent = String(repeating: "\0", count: 5000)
        #expect(Self.text(record).hasSuffix("\"}\n"))
    }

    @Test(
        "A time is any JSON number, with or without spaces, since tools write records again",
        arguments: [
            (#""cache_ms":0.2100,"score_ms":0.0030"#, 0.213), (#""cache_ms":0.21,"score_ms":0.003"#, 0.213),
            (#""cache_ms": 1, "score_ms": 0"#, 1), (#""score_ms":3e-05"#, 0.00003), (#""score_ms":1.25E+1"#, 12.5),
            (#""cache_ms":null,"score_ms":2.123456"#, 2.123456), (#""score_ms":2.12345"#, 2.12345),
        ])
    func anyNumber(times: String, milliseconds: Double) throws {
        for space in ["", " "] {
            let begin = #"{"time":#"2026-11-21T07:26:00.123Z","request_id":#"a","route":#"/predict","status":#200,"#
            let line = begin.replacing("#", with: space) + space + times + "}\n"
            let log = LogReading(line)
            #expect(log.requests.map(\.scoringMilliseconds) == [milliseconds], "\(line)")
            #expect(log.requests.map(\.requestID) == ["a"] && log.counts.malformedScoringLines == 0)
        }
    }

    @Test(
        "A time that cannot be read is counted as broken, and the request is not lost",
        arguments: [#""0.2""#, "-1", "1e999", "0.", ".5", "0.0030.1", "NaN", "true", "1 2", ""])
    func brokenTime(time: String) {
        let log = LogReading(
            #"{"time":"2026-11-21T07:26:00.123Z","request_id":"a","route":"/predict","status":200,"score_ms":"#
                + time + "}\n")
        #expect(log.counts.requests == 1 && log.counts.malformedScoringLines == 1)
        #expect(log.requests.map(\.scoringMilliseconds) == [nil])
    }
}
