import Foundation
import TestSupport
import Testing

@testable import Model

/// The query key, held against keys that pydantic and hashlib made.
@Suite struct QueryKeyTests {
    struct Vectors: Decodable {
        let cases: [Case]

        struct Case: Decodable, Sendable {
            let `case`: String
            let records: [[String]]
            let canonical: String
            let queryKey: String

            enum CodingKeys: String, CodingKey {
                case `case`, records, canonical
                case queryKey = "query_key"
            }
        }
    }

    static func vectors() throws -> [Vectors.Case] {
        let file = try #require(
            Bundle.module.url(forResource: "query_key", withExtension: "json", subdirectory: "Vectors"))
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).cases
    }

    @Test("every vector's canonical text and key are reproduced", .proves("C1.33"))
    func vectors() throws {
        let cases = try Self.vectors()
        #expect(cases.count >= 10)
        for vector in cases {
            let batch = try Self.batch(vector.records)
            var printed = RenderedBatch()
            printed.render(batch)
            #expect(Self.text(printed, .canonical) == vector.canonical, "\(vector.case)")
            var scratch: [UInt8] = []
            #expect(QueryKey(printed, scratch: &scratch).description == vector.queryKey, "\(vector.case)")
        }
    }

    @Test("a printer reused for a smaller batch forgets the larger one")
    func reuse() throws {
        let cases = try Self.vectors()
        var printed = RenderedBatch()
        var scratch: [UInt8] = []
        for vector in cases + cases.reversed() {
            printed.render(try Self.batch(vector.records))
            #expect(QueryKey(printed, scratch: &scratch).description == vector.queryKey, "\(vector.case)")
        }
    }

    @Test("inputs are compact JSON of the same numbers")
    func inputs() throws {
        var printed = RenderedBatch()
        let record = HousingRecord(8.3252, 42, 6.98, 1.02, 322, 2.55, 37.88, -122.23)
        printed.render(try #require(try? validate([record, record]).get()))
        let object =
            #"{"MedInc":8.3252,"HouseAge":42.0,"AveRooms":6.98,"AveBedrms":1.02,"Population":322.0,"AveOccup":2.55,"#
            + #""Latitude":37.88,"Longitude":-122.23}"#
        #expect(Self.text(printed, .json) == "[\(object),\(object)]")
    }

    static func text(_ printed: RenderedBatch, _ template: BatchTemplate) -> String {
        var bytes = [UInt8](repeating: 0, count: printed.byteCount(template))
        bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { printed.write(template, to: start) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The vectors spell numbers as JSON does; `-0` without fraction or exponent is the integer 0.
    static func batch(_ records: [[String]]) throws -> HousingBatch {
        try validate(
            records.map { row in
                HousingRecord(try row.map { try $0 == "-0" ? 0 : #require(Double($0.trimmingCharacters(in: ["\""]))) })
            }
        ).get()
    }
}
