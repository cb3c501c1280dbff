import Foundation
import Testing

@testable import Files

/// UTF-8 and UTF-16, with and without a byte-order mark, in any pieces.
@Suite struct TextDecoderTests {
    @Test("UTF-16 text is decoded the same in chunks of any size", arguments: 1...9)
    func utf16InChunks(length: Int) throws {
        let text = "127.0.0.1 é€𝄞\nX-Ms-Request-Id: a\n"
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf8] {
            let bytes = [UInt8](try #require(text.data(using: encoding)))
            var decoder = TextDecoder()
            var output: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: length) {
                Array(bytes[start..<min(start + length, bytes.count)]).withUnsafeBytes {
                    decoder.decode($0) { output += $0 }
                }
            }
            decoder.finish { output += $0 }
            // Beyond the first plane each half of a pair becomes a replacement character.
            let expected = encoding == .utf8 ? text : text.replacing("𝄞", with: "\u{FFFD}\u{FFFD}")
            #expect(String(decoding: output, as: UTF8.self) == expected)
        }
    }
}
