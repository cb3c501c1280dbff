import Testing

@testable import Bytes

/// Text of unknown origin as one line.
@Suite struct PrintableTextTests {
    @Test("a printable text is one line, whatever it is made of")
    func oneLine() {
        for text in ["a\nb", "a\r\nb", "a\u{2028}b", "a\u{1b}[31mb", "\u{85}"] {
            let line = "PORT=\(text) is not allowed".printable()
            #expect(line.hasPrefix("PORT=") && line.hasSuffix(" is not allowed"))
            #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(line)")
            #expect(!line.contains { $0.isNewline }, "\(line)")
        }
        #expect("PORT=über \\ \"x\"".printable() == "PORT=über \\ \"x\"")
    }

    @Test("what is not printable shows as an escape, or as the caller wants it")
    func escapes() {
        let text = "a\n\u{1B}[31m\u{202E}b\u{2029}\u{10FFFE}"
        #expect(text.printable() == #"a\n\u{1B}[31m\u{202E}b\u{2029}\u{0010FFFE}"#)
        #expect(text.printable { _ in "?" } == "a??[31m?b??")
        #expect(text.dropFirst(4).printable() == #"31m\u{202E}b\u{2029}\u{0010FFFE}"#)
    }
}
