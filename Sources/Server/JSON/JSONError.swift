import Bytes

/// Where a text stops being JSON, and why.
struct JSONError: Error, Equatable {
    enum Problem: Equatable {
        /// A character that is not among those expected.
        case unexpected
        /// The text ends too early.
        case endOfText
        case controlCharacter, escape, surrogate, encoding
        case byteOrderMark
        case depth
    }

    /// What would have been JSON.
    enum Expected: String, Equatable {
        case value = "a value"
        case firstElement = "a value or ]"
        case firstKey = "a key in double quotes or }"
        case key = "a key in double quotes"
        case colon = "a colon"
        case commaOrBracket = "a comma or ]"
        case commaOrBrace = "a comma or }"
        case end = "the end of the text"
        case string = "the rest of a string"
        case number = "the rest of a number"
        case word = "the rest of true, false or null"
    }

    let problem: Problem
    let expected: Expected
    /// In bytes, from 0; the length of the text where it ends too early.
    let offset: Int

    /// How deep arrays and objects may be nested: a bit for each in `JSONScanner`.
    static let maximumDepth = UInt64.bitWidth

    /// Says what was expected, where, what was met, and what the sender's mistake probably is.
    func message(in bytes: UnsafeRawBufferPointer) -> String {
        let (line, column) = place(in: bytes)
        let mistake = LikelyMistake(bytes, self).hint.map { ". \($0)" } ?? ""
        return "Invalid JSON: expected \(wanted) at line \(line), column \(column), met \(met(in: bytes))\(mistake)"
    }

    private var wanted: String {
        switch problem {
        case .unexpected, .endOfText, .byteOrderMark: expected.rawValue
        case .controlCharacter: Expected.string.rawValue
        case .escape: #"an escape that JSON has (\" \\ \/ \b \f \n \r \t \uXXXX)"#
        case .surrogate: "a pair of surrogates"
        case .encoding: "UTF-8"
        case .depth: "at most \(Self.maximumDepth) levels of arrays and objects"
        }
    }

    private func met(in bytes: UnsafeRawBufferPointer) -> String {
        let rest = bytes.dropping(offset)
        switch problem {
        case .endOfText: return "the end of the text"
        case .byteOrderMark: return "a byte-order mark (U+FEFF)"
        case .encoding: return "the byte \(rest[0].hexadecimal)"
        case .escape: return String(decoding: rest.prefix(2), as: UTF8.self).printable()
        case .surrogate: return String(decoding: rest.prefix(6), as: UTF8.self)
        case .unexpected:
            let word = JSONToken(rest).word.isEmpty ? "" : wordBefore(in: bytes)
            return JSONToken(rest).description + (word.isEmpty ? "" : " after \(word)")
        case .controlCharacter, .depth: return JSONToken(rest).description
        }
    }

    /// The word or number that ends where the text stops being JSON, up to 40 bytes of it.
    func wordBefore(in bytes: UnsafeRawBufferPointer) -> String {
        let word = bytes.part(0..<offset).suffix(40).reversed().prefix { JSONToken.isOfWord($0) }
        return String(decoding: word.reversed(), as: UTF8.self)
    }

    /// The place as editors count it: from 1, columns in Unicode scalars.
    func place(in bytes: UnsafeRawBufferPointer) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in bytes.part(0..<offset) {
            if byte == .lineFeed {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }

    /// The text around the place, at most `limit` scalars: up to 40 of them before it, and more where fewer follow.
    func surroundings(in bytes: UnsafeRawBufferPointer, limit: Int) -> String {
        let following = String(decoding: bytes.dropping(offset).prefix(4 * limit), as: UTF8.self).unicodeScalars
        let before = limit - min(limit - Self.scalarsBefore, following.count)
        var start = offset
        var scalars = 0
        while start > 0, scalars < before {
            start -= 1
            if bytes[start] & 0xC0 != 0x80 { scalars += 1 }
        }
        let preceding = String(decoding: bytes.part(start..<offset), as: UTF8.self).unicodeScalars
        return String(String.UnicodeScalarView((Array(preceding) + following).prefix(limit)))
    }

    private static let scalarsBefore = 40
}

/// What a reader of an error sees at its place: a word or a number, or a character.
struct JSONToken: CustomStringConvertible {
    /// A word or number, cut; empty if it is neither.
    let word: String
    private let text: UnsafeRawBufferPointer
    private static let scalarLimit = 40

    static let curlyQuotes: Set<Unicode.Scalar> = [
        "\u{201C}", "\u{201D}", "\u{201E}", "\u{201F}", "\u{2018}", "\u{2019}", "\u{201A}", "\u{201B}", "\u{AB}",
        "\u{BB}", "\u{2033}", "\u{B4}",
    ]

    /// What the first byte stands for in Windows-1252, if it is not UTF-8 and its character has a meaning here.
    static func windows1252(_ byte: UInt8) -> Unicode.Scalar? {
        switch byte {
        case 0x82: "\u{201A}"
        case 0x84: "\u{201E}"
        case 0x85: "\u{2026}"
        case 0x91: "\u{2018}"
        case 0x92: "\u{2019}"
        case 0x93: "\u{201C}"
        case 0x94: "\u{201D}"
        case 0xA0, 0xAB, 0xB4, 0xBB: Unicode.Scalar(byte)
        default: nil
        }
    }

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        // Of a body of megabytes too, no more is looked at than is shown.
        let start = text.part(0..<min(text.count, Self.scalarLimit))
        word = String(decoding: start.prefix(start.countWhile { Self.isOfWord($0) }), as: UTF8.self)
    }

    /// What words and numbers are made of, in JSON and in what is taken for it.
    static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        default: byte.isLetter || byte.isDigit
        }
    }

    var description: String {
        if word == "." { return "a point" }
        guard word.isEmpty else { return word.hasPrefix("..") ? "dots" : word }
        let scalars = String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars
        guard let scalar = scalars.first else { return "the end of the text" }
        let code = String(scalar.value, radix: 16, uppercase: true)
        let number = "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
        switch scalar {
        case "\"": return "a string"
        case "'": return "a single quote (')"
        case ",": return "a comma"
        case "\u{0}": return "a NUL byte"
        case "\u{1A}": return "Ctrl-Z (U+001A)"
        case "\n", "\r": return "a line break"
        case "\t": return "a tab"
        case "\u{A0}": return "a no-break space (U+00A0)"
        case "\u{FFFD}" where text[0] != 0xEF: return "the byte \(text[0].hexadecimal), which is not UTF-8"
        case _ where Self.curlyQuotes.contains(scalar): return "a curly quote (\(scalar), \(number))"
        case _ where scalar.isASCII && scalar.isPrintable: return String(scalar)
        case _ where scalar.isPrintable: return "\(scalar) (\(number))"
        default: return number
        }
    }
}

extension UInt8 {
    /// Two digits, in capitals.
    var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16, uppercase: true) }
}
