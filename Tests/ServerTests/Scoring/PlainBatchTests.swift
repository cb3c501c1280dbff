import Model
import NIOCore
import TestSupport
import Testing

@testable import Server

/// Batches in the usual form, which are read without the general reader, held against the same batches in another form.
@Suite struct PlainBatchTests {
    private static let trials = 4000

    @Test(
        "a batch in the usual form is read as the general reader reads it, to the bit and to each error",
        arguments: 1...4)
    func agreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let reader = try #require(BatchReader(maximumRecords: 6, maximumBytes: 1 << 20, PaddedBuffer()))
        let model = try ModelFile.builtIn()
        var (accepted, refused) = (0, 0)
        for _ in 0..<Self.trials {
            let text = PlainBatch.text(&random)
            // An unknown field changes nothing, except that the general reader is asked.
            let other = text.replacing("{", with: #"{"x":0,"#, maxReplacements: 1)
            var printed = RenderedBatch()
            let read = reader.read(ByteBuffer(string: text), for: model, into: &printed)
            let expected = reader.read(ByteBuffer(string: other), for: model)
            switch (read, expected) {
            case (.success(let read), .success(let expected)):
                accepted += 1
                #expect(json(printed) == json(expected), "\(text)")
                #expect(read.records.map(bits) == expected.records.map(bits), "\(text)")
            case (.failure(let read), .failure(let expected)):
                refused += 1
                let body = String(buffer: read.body)
                // These two show the text itself.
                if body.contains("json_invalid") || body.contains("too_long") { continue }
                #expect(body == String(buffer: expected.body), "\(text)")
            default: Issue.record("\(text) is read as \(read), and \(other) as \(expected)")
            }
        }
        #expect(accepted > Self.trials / 4 && refused > Self.trials / 4)
    }

    @Test("a batch in the usual form with one byte changed is accepted or refused as by the general reader")
    func mutations() throws {
        var random = SeededGenerator(seed: 5)
        let reader = try #require(BatchReader(maximumRecords: 6, maximumBytes: 1 << 20, PaddedBuffer()))
        let model = try ModelFile.builtIn()
        var accepted = 0
        for _ in 0..<3 * Self.trials {
            var bytes = Array(PlainBatch.text(&random).utf8)
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = Array(#"{}[],:"0179.eE+- mM\"#.utf8 + [0, 0xFF]).randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            default: bytes.remove(at: place)
            }
            let read = reader.read(ByteBuffer(bytes: bytes), for: model)
            // Where the change leaves no object, the text has no other form.
            guard let brace = bytes.firstIndex(of: UInt8(ascii: "{")) else { continue }
            bytes.insert(contentsOf: Array(#""x":0,"#.utf8), at: brace + 1)
            let expected = reader.read(ByteBuffer(bytes: bytes), for: model)
            let text = String(decoding: bytes, as: UTF8.self)
            // `{` in place of `{}` or of an object without fields: then there is a comma too many.
            guard !text.contains(#""x":0,}"#) else { continue }
            #expect((try? read.get().records.map(bits)) == (try? expected.get().records.map(bits)), "\(text)")
            accepted += (try? read.get()) == nil ? 0 : 1
        }
        #expect(accepted > Self.trials / 4)
    }

    /// A batch printed from its numbers, not from the text that was sent.
    private func json(_ batch: HousingBatch) -> String {
        var printed = RenderedBatch()
        printed.render(batch)
        return json(printed)
    }

    private func json(_ printed: RenderedBatch) -> String {
        let count = printed.byteCount(.json)
        return String(unsafeUninitializedCapacity: count) { text in
            guard let start = text.baseAddress else { return 0 }
            printed.write(.json, to: start)
            return count
        }
    }

    private func bits(_ record: HousingRecord) -> [UInt64] { record.indices.map { record[$0].bitPattern } }
}

/// Makes batches of up to seven records, with all that the usual form allows.
private enum PlainBatch {
    static func text(_ random: inout SeededGenerator) -> String {
        let isSpaced = Bool.random(using: &random)
        let records = (0..<Int.random(in: 1...7, using: &random)).map { _ in record(isSpaced, &random) }
        return space(isSpaced, &random) + "[" + records.joined(separator: space(isSpaced, &random) + ",") + "]"
            + space(isSpaced, &random)
    }

    private static func record(_ isSpaced: Bool, _ random: inout SeededGenerator) -> String {
        let fields = Feature.allCases.map { feature in
            let gaps = (0..<4).map { _ in space(isSpaced, &random) }
            return "\(gaps[0])\"\(feature.name)\"\(gaps[1]):\(gaps[2])\(number(feature, &random))\(gaps[3])"
        }
        return space(isSpaced, &random) + "{" + fields.joined(separator: ",") + "}"
    }

    private static func space(_ isSpaced: Bool, _ random: inout SeededGenerator) -> String {
        isSpaced ? ["", " ", "\n  ", "\t", "\r\n"].randomElement(using: &random) ?? "" : ""
    }

    /// Mostly one that is accepted; sometimes a long, a large or a wrongly spelled one.
    private static func number(_ feature: Feature, _ random: inout SeededGenerator) -> String {
        let sign = feature == .longitude || Int.random(in: 0..<60, using: &random) == 0 ? "-" : ""
        switch Int.random(in: 0..<150, using: &random) {
        case 0: return sign + (unusual.randomElement(using: &random) ?? "")
        case 1: return sign + digits(1...30, &random)
        case 2: return sign + "9" + digits(306...310, &random)
        case 3...40: return sign + "\(Int.random(in: 0...89, using: &random)).\(digits(1...25, &random))"
        case 41...60: return sign + "\(Int.random(in: 0...89, using: &random))"
        default: return sign + "\(Int.random(in: 0...95, using: &random)).\(digits(1...4, &random))"
        }
    }

    private static let unusual = [
        "0", "0.0", "0.00", "0.10", "0.0001", "0.00009", "0.00001", "0.000099999999999", "0.000100000000001",
        "123456789012345", "1234567890123456", "12345678901234.5", "123456789012345.6", "1.00000000000001",
        "00", "01", "1.", ".5", "1e2", "+1", "--1", "\"2\"",
    ]

    private static func digits(_ counts: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: counts, using: &random)).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
    }
}
