import TestSupport
import Testing

@testable import Bytes

/// Runs a check on the UTF-8 bytes of a text.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes(body)
}

/// Questions about whole byte sequences.
@Suite struct RawBytesTests {
    @Test(
        "bytes equal a text only if every byte is the same",
        arguments: [
            ("close", true), ("Close", false), ("clos", false), ("closed", false), ("", false), ("cl\0se", false),
        ])
    func equality(text: String, isEqual: Bool) {
        withBytes(text) { bytes in
            #expect(bytes.equals("close") == isEqual)
            withBytes("close") { #expect(bytes.equals($0) == isEqual) }
        }
    }

    @Test(
        "only ASCII letters are compared without regard to case",
        arguments: [
            ("keep-alive", true), ("KEEP-Alive", true), ("keep\ralive", false), ("keep-alivE ", false), ("", false),
            ("keep-aliv\u{65}", true), ("kEEP-aliv%", false),
        ])
    func equalityIgnoringCase(text: String, isEqual: Bool) {
        withBytes(text) { #expect($0.equalsIgnoringCase("keep-alive") == isEqual) }
    }

    @Test("a byte that differs from its letter by the bit of the case only is not taken for it")
    func caseBit() {
        // 0x0D is "-" without 0x20, and 0x40 is "`" without it.
        withBytes("\r@") { #expect(!$0.equalsIgnoringCase("-`")) }
    }

    @Test(
        "a text is found wherever it is", arguments: [("aab", true), ("xaabx", true), ("aaab", true), ("aa", false)])
    func contains(text: String, isFound: Bool) {
        withBytes(text) { #expect($0.contains("aab") == isFound) }
    }

    @Test("empty bytes hold nothing, have no position and are equal to the empty text")
    func empty() {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(empty.equals("") && empty.equals(empty) && empty.hasPrefix("") && empty.equalsIgnoringCase(""))
        #expect(!empty.equals("a") && !empty.hasPrefix("a") && !empty.contains("a"))
        #expect(empty.position(of: 0) == nil && empty.decimal == nil && empty.countWhile { _ in true } == 0)
        #expect(empty.trimmed.isEmpty)
        withBytes("a") { #expect(!empty.equals($0) && $0.hasPrefix(empty)) }
    }

    @Test("a position is searched from the start that is given")
    func position() {
        withBytes("a:b:") { bytes in
            let colon = UInt8(ascii: ":")
            #expect(bytes.position(of: colon) == 1)
            #expect(bytes.position(of: colon, from: 2) == 3)
            #expect(bytes.position(of: colon, from: 4) == nil)
            #expect(bytes.position(of: UInt8(ascii: "c")) == nil)
        }
    }

    @Test(
        "spaces and tabs are trimmed at both ends and nowhere else",
        arguments: [(" \ta b\t ", "a b"), ("a", "a"), (" \t ", ""), ("", ""), ("\ra\n", "\ra\n")])
    func trimmed(text: String, expected: String) {
        withBytes(text) { #expect(String(decoding: $0.trimmed, as: UTF8.self) == expected) }
    }

    @Test("bytes of a kind are counted from any start")
    func countWhile() {
        withBytes("12a3") { bytes in
            #expect(bytes.countWhile { $0.isDigit } == 2)
            #expect(bytes.countWhile({ $0.isDigit }, from: 3) == 1)
            #expect(bytes.countWhile({ $0.isDigit }, from: 4) == 0)
        }
    }

    @Test("each kind of byte is the kind that its name says", arguments: UInt8.min...UInt8.max)
    func kinds(byte: UInt8) {
        let scalar = Unicode.Scalar(byte)
        let isASCII = scalar.isASCII
        #expect(byte.isDigit == ("0"..."9" ~= scalar))
        #expect(byte.isLetter == (isASCII && scalar.properties.isAlphabetic))
        #expect(byte.isCapital == (isASCII && scalar.properties.isUppercase))
        #expect(byte.isBlank == (scalar == " " || scalar == "\t"))
        #expect(byte.isVisible == ("!"..."~" ~= scalar))
        #expect(byte.hexadecimalValue == (isASCII ? Int(String(scalar), radix: 16) : nil))
    }
}
