import TestSupport
import Testing

@testable import Bytes

/// What a writer puts.
@Suite struct ByteWriterTests {
    private func text(_ write: (inout ByteWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: 600) { buffer in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
            write(&writer)
            return writer.count
        }
    }

    @Test("numbers are written as Swift writes them, negative ones as 0")
    func numbers() {
        var generator = SeededGenerator(seed: 1)
        var numbers = [0, 1, 9, 10, 99, 100, UInt64.max - 1, .max]
        for shift in 0..<64 as Range<UInt64> { numbers.append(generator.next() >> shift) }
        for number in numbers {
            #expect(text { $0.put(number) } == "\(number)")
            #expect(number.decimalDigitCount == "\(number)".count)
        }
        #expect(text { $0.put(-1) } == "0" && text { $0.put(Int.max) } == "\(Int.max)")
        #expect(text { $0.put(42, digits: 5) } == "00042" && text { $0.put(1234, digits: 2) } == "34")
    }

    @Test("texts, bytes and other writers' bytes follow one another")
    func texts() {
        let written = text { output in
            output.put("a")
            output.put(text: "é")
            withBytes("bc") { output.put($0) }
            output.put(UnsafeRawBufferPointer(start: nil, count: 0))
            output.put(UInt8(ascii: "d"))
            output.put(atMost: 4) { place in
                place.storeBytes(of: UInt8(ascii: "e"), as: UInt8.self)
                return 1
            }
        }
        #expect(written == "aébcde")
    }

    @Test("every byte has its two lower-case hexadecimal digits")
    func hexadecimal() {
        let all = Array(UInt8.min...UInt8.max)
        let expected = all.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(all.withUnsafeBytes { String(hexadecimal: $0) } == expected)
        #expect(text { output in all.forEach { output.putHexadecimal($0) } } == expected)
        for offset in stride(from: 0, to: 256, by: 4) {
            let number = all[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let digits = withUnsafeBytes(of: UInt64(hexadecimalDigitsOf: number).littleEndian) {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(digits == all[offset..<offset + 4].withUnsafeBytes { String(hexadecimal: $0) })
        }
    }
}
