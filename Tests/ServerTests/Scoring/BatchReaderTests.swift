import Model
import NIOCore
import TestSupport
import Testing

@testable import Server

/// Reading bodies and cache entries: what HTTP tests cannot show, since they always send whole, fresh buffers.
@Suite struct BatchReaderTests {
    private static let good =
        #"{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,"Population":322,"AveOccup":2.55,"#
        + #""Latitude":37.88,"Longitude":-122.23}"#

    private func reader(records: Int = 1000) throws -> BatchReader {
        try #require(BatchReader(maximumRecords: records, maximumBytes: 1 << 20, PaddedBuffer()))
    }

    private func read(_ text: String, with reader: BatchReader) throws -> Result<HousingBatch, ValidationErrorBody> {
        reader.read(ByteBuffer(string: text), for: try ModelFile.builtIn())
    }

    @Test("a reader forgets the body before: large then small, good then bad then good")
    func reuse() throws {
        let reader = try reader()
        let large = "[" + [String](repeating: Self.good, count: 1000).joined(separator: ",") + "]"
        for _ in 0..<3 {
            #expect(try read(large, with: reader).get().records.count == 1000)
            #expect(try read("[\(Self.good)]", with: reader).get().records == HousingBatch.sample.records)
            for bad in ["[{}]", "[\(Self.good)", "", "{", "[1]", "[[[[", "\"\\ud800\"", "[\(Self.good),{\"MedInc\":"] {
                #expect(throws: ValidationErrorBody.self) { try read(bad, with: reader).get() }
            }
            let padded = "[\(Self.good)\(String(repeating: " ", count: 900_000))]"
            #expect(try read(padded, with: reader).get().records.count == 1)
        }
    }

    @Test("bytes around the readable part of a buffer are not read")
    func slice() throws {
        let reader = try reader()
        let buffer = ByteBuffer(string: "]]99[\(Self.good)]99]]")
        let slice = try #require(buffer.getSlice(at: 4, length: buffer.readableBytes - 8))
        let batch = try reader.read(slice, for: ModelFile.builtIn()).get()
        #expect(batch.records == HousingBatch.sample.records)
        #expect(throws: ValidationErrorBody.self) { try read("[1", with: reader).get() }
        let number = try #require(ByteBuffer(string: "[123]").getSlice(at: 1, length: 2))
        #expect(throws: ValidationErrorBody.self) { try reader.read(number, for: ModelFile.builtIn()).get() }
    }

    @Test(
        "a negative zero keeps its sign, except for the integer -0, which Python reads as 0",
        arguments: [
            ("-0", FloatingPointSign.plus), ("-0.0", .minus), ("-0e0", .minus), ("-1e-400", .minus),
            ("-96e-400", .minus), ("-12345e-4000", .minus), ("-0.5e-400", .minus), ("96e-400", .plus),
        ])
    func negativeZero(text: String, sign: FloatingPointSign) throws {
        let body = "[\(Self.good.replacing("8.3252", with: text))]"
        let number = try read(body, with: reader()).get().records[0][Feature.medInc.rawValue]
        #expect(number == 0 && number.sign == sign)
    }

    @Test("every prefix of a batch is rejected")
    func prefixes() throws {
        let reader = try reader()
        let text = #" [{"x":[1,{"é":"\ud83d\ude00"}],"MedInc":"4.2e1",\#(Self.good.dropFirst())] "#
        let bytes = Array(text.utf8)
        let model = try ModelFile.builtIn()
        for count in 0..<bytes.count - 1 {
            #expect(throws: ValidationErrorBody.self) {
                try reader.read(ByteBuffer(bytes: bytes[..<count]), for: model).get()
            }
        }
        #expect(try reader.read(ByteBuffer(bytes: bytes), for: model).get().records == HousingBatch.sample.records)
    }

    @Test("a cache entry is a JSON array of exactly as many finite numbers, bit for bit", .proves("C5.23"))
    func predictions() throws {
        let reader = try reader()
        func read(_ text: String, _ count: Int) -> [Double]? {
            reader.readPredictions(ByteBuffer(string: text), count: count)
        }
        #expect(
            read("[4.139092164701125,-0.0,5e-324,1.7976931348623157e+308]", 4)?.map(\.bitPattern)
                == [4.139092164701125, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude].map(\.bitPattern))
        #expect(read("[0.1000000000000000055511151231257827]", 1) == [0.1])
        let unusable = [
            "", "[]", "[1]", "[1,2,3]", "[1,2", "[1,2]x", "[1,2],", "[1,\"2\"]", "[1,null]", "[1,NaN]", "[1,1e999]",
            "[1,[2]]", "{}",
            "1", "[1 2]", "[1,2]]", "null", "\u{0}", "[01,2]", "[1,2.]", "[1,,2]",
        ]
        for text in unusable { #expect(read(text, 2) == nil, "\(text)") }
    }

    @Test("a response's predictions are read back unchanged, however many")
    func roundTrip() throws {
        let reader = try reader()
        for count in [1, 2, 999, 1000] {
            let numbers = (0..<count).map {
                Double(bitPattern: 0x3FF0_0000_0000_0000 &+ UInt64($0) &* 0x0000_1234_5678_9ABC)
            }
            var printed = RenderedBatch()
            printed.render(HousingBatch.sample)
            var scratch: [UInt8] = []
            var response = PredictResponse(QueryKey(printed, scratch: &scratch), printed, predictions: count)
            let entry = response.finish(.numbers(numbers))
            #expect(entry.readableBytes <= PredictResponse.maximumBytes(predictions: count))
            #expect(reader.readPredictions(entry, count: count) == numbers)
            #expect(entry.withUnsafeReadableBytes { PythonFloat.isList($0, count: count) })
            var hit = PredictResponse(QueryKey(printed, scratch: &scratch), printed, predictions: count)
            #expect(hit.finish(.text(entry)) == entry && hit.body == response.body)
        }
    }
}
