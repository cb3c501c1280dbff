import Model
import NIOCore
import TestSupport
import Testing

@testable import Server

/// Where a text stops being JSON; `script/trust bodies` holds it against Python's reading, byte by byte.
@Suite struct JSONScannerTests {
    private func firstError(_ bytes: [UInt8]) -> JSONError? { bytes.withUnsafeBytes(JSONScanner.firstError) }

    private static let valid =
        #" [{"x":[-0,1.5e-3,{"é":"\ud83d\ude00\u00e9\"\\"}],"":null},[],{},true ,false, "😀"] "#

    @Test("a text that is cut anywhere ends too early at its end, and whole it has no error", .proves("C2.14"))
    func prefixes() {
        let bytes = Array(Self.valid.utf8)
        for count in 0..<bytes.count - 1 {
            let error = firstError(Array(bytes[..<count]))
            #expect(error?.problem == .endOfText && error?.offset == count, "\(count)")
        }
        #expect(firstError(bytes) == nil)
        for scalar in ["0", "-1", "1e5", "\"a\"", "null", "{}", " true\n"] {
            #expect(firstError(Array(scalar.utf8)) == nil)
        }
    }

    @Test("of mutated texts exactly those have an error that simdjson refuses", .proves("C2.14"))
    func mutations() throws {
        let reader = try #require(BatchReader(maximumRecords: 10, maximumBytes: 1 << 20, PaddedBuffer()))
        let model = try ModelFile.builtIn()
        var random = SeededGenerator(seed: 20_261_127)
        let telling = Array("\"\\{}[],:0-.eEu+tnf \n'd8".utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        var refused = 0
        for _ in 0..<10_000 {
            var bytes = Array(Self.valid.utf8)
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = telling[Int.random(in: 0..<telling.count, using: &random)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(telling[Int.random(in: 0..<telling.count, using: &random)], at: place)
                }
            }
            guard case .failure(let error) = reader.read(ByteBuffer(bytes: bytes), for: model) else {
                Issue.record("no batch of houses: \(bytes)")
                continue
            }
            let isInvalid = String(buffer: error.body).contains("json_invalid")
            #expect(isInvalid == (firstError(bytes) != nil), "\(String(decoding: bytes, as: UTF8.self))")
            refused += isInvalid ? 1 : 0
        }
        #expect(refused > 5_000 && refused < 10_000, "\(refused)")
    }

    @Test("64 levels are JSON and the bracket of the 65th is not", arguments: ["[", "{\"a\":"])
    func depth(opening: String) {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ count: Int) -> [UInt8] {
            Array((String(repeating: opening, count: count) + "1" + String(repeating: closing, count: count)).utf8)
        }
        #expect(firstError(nested(64)) == nil)
        let error = firstError(nested(65))
        #expect(error?.problem == .depth && error?.offset == 64 * opening.utf8.count)
    }
}
