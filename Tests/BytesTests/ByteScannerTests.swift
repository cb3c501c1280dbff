import TestSupport
import Testing

@testable import Bytes

/// Reading from the left to the right.
@Suite struct ByteScannerTests {
    @Test("what does not come next is not taken")
    func skip() {
        withBytes("ab") { bytes in
            var scanner = ByteScanner(bytes)
            #expect(!scanner.skip("b") && !scanner.skip("abc") && !scanner.skip(UInt8(ascii: "b")))
            #expect(scanner.position == 0)
            #expect(scanner.skip("a") && scanner.skip(UInt8(ascii: "b")) && scanner.isAtEnd)
            #expect(!scanner.skip("a") && !scanner.skip(UInt8(ascii: "a")) && scanner.skip(""))
        }
    }

    @Test("tokens end at single spaces, and the last one at the end")
    func tokens() {
        withBytes("a  bc") { bytes in
            var scanner = ByteScanner(bytes)
            let tokens = (0..<4).map { _ in String(decoding: scanner.takeToken(), as: UTF8.self) }
            #expect(tokens == ["a", "", "bc", ""])
            #expect(scanner.isAtEnd)
        }
    }

    @Test("bytes are taken up to a separator, or not at all")
    func takeBefore() {
        withBytes("a:b") { bytes in
            var scanner = ByteScanner(bytes)
            #expect(scanner.take(before: UInt8(ascii: ":"))?.equals("a") == true)
            #expect(scanner.take(before: UInt8(ascii: ":")) == nil)
            #expect(scanner.rest.equals("b"))
            #expect(scanner.take(2) == nil && scanner.take(1)?.equals("b") == true && scanner.isAtEnd)
        }
    }

    @Test(
        "a decimal is as many digits as there are, up to the largest Int",
        arguments: [
            ("0", 0, ""), ("007x", 7, "x"), ("9223372036854775807 ", Int.max, " "), ("9223372036854775808", nil, nil),
            ("99999999999999999999", nil, nil), ("", nil, nil), ("-1", nil, nil), ("x", nil, nil),
        ] as [(String, Int?, String?)])
    func decimal(text: String, expected: Int?, rest: String?) {
        withBytes(text) { bytes in
            var scanner = ByteScanner(bytes)
            #expect(scanner.decimal() == expected)
            if let rest { #expect(String(decoding: scanner.rest, as: UTF8.self) == rest) }
            #expect(bytes.decimal == (rest == "" ? expected : nil))
        }
    }

    @Test("a decimal of a given number of digits has exactly these")
    func fixedDecimal() {
        withBytes("20261x") { bytes in
            var scanner = ByteScanner(bytes)
            #expect(scanner.decimal(digits: 7) == nil && scanner.decimal(digits: 6) == nil && scanner.position == 0)
            #expect(scanner.decimal(digits: 4) == 2026 && scanner.decimal(digits: 1) == 1)
            #expect(scanner.rest.equals("x"))
        }
    }
}
