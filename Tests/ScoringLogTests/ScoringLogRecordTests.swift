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
}
