import Bytes
import Testing

/// What the server asks of texts.
@Suite struct TextsTests {
    @Test("What is trimmed is trimmed at both ends, and nowhere else")
    func trimming() {
        #expect(" a b\t".trimming(while: \.isWhitespace) == "a b")
        #expect("[[::1]".trimming { "[]".contains($0) } == "::1")
        #expect("   ".trimming(while: \.isWhitespace).isEmpty && "".trimming(while: \.isWhitespace).isEmpty)
        #expect([1, 2, 1].trimming { $0 == 1 } == [2])
    }

    @Test(
        "Escapes are decoded, and a broken one is nil",
        arguments: [
            ("", ""), ("plain ä", "plain ä"), ("%41b%2f%2F", "Ab//"), ("%c3%A4", "ä"), ("%00", "\0"), ("%25zz", "%zz"),
            ("%", nil), ("a%4", nil), ("%4g", nil), ("%zz", nil), ("%ff", nil), ("%c3", nil),
        ] as [(String, String?)])
    func percentDecoding(text: String, decoded: String?) {
        #expect(text.percentDecoded == decoded)
    }

    @Test(
        "A number has as many decimals as were asked for",
        arguments: [
            (0.125, 2, "0.12"), (-0.0, 1, "-0.0"), (2.5, 0, "2"), (1e15, 3, "1000000000000000.000"), (.nan, 1, "nan"),
            (-.infinity, 2, "-inf"), (2.0 / 3, 6, "0.666667"),
        ] as [(Double, Int, String)])
    func decimals(number: Double, digits: Int, text: String) {
        #expect(number.decimal(digits: digits) == text)
    }

    @Test("The largest numbers have room")
    func largest() {
        #expect((-Double.greatestFiniteMagnitude).decimal(digits: 20).utf8.count == 331)
    }
}
