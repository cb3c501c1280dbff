import Bytes

/// What the sender of a text that is not JSON probably did, as far as the bytes around the error show it.
///
/// Looks at a window of the text, whatever its length. A rule speaks only of what it has seen.
struct LikelyMistake {
    let bytes: UnsafeRawBufferPointer
    let error: JSONError
    /// What was met, and what stands before it without the white space between.
    let rest: UnsafeRawBufferPointer
    let before: UnsafeRawBufferPointer

    /// How far it looks, in each direction.
    private static let window = 512

    init(_ bytes: UnsafeRawBufferPointer, _ error: JSONError) {
        self.bytes = bytes
        self.error = error
        rest = bytes.part(error.offset..<min(bytes.count, error.offset + Self.window))
        before = bytes.part(max(0, error.offset - Self.window)..<error.offset).trimmed(where: \.isJSONSpace)
    }

    /// The mistake and what to do about it, in a sentence or two; nil if nothing shows it.
    var hint: String? {
        if let hint = BodyMistake.hint(bytes, errorAt: error.offset) { return hint }
        switch error.problem {
        case .byteOrderMark: return "Save the text as UTF-8 without a byte-order mark"
        case .endOfText: return endOfText
        case .controlCharacter: return controlCharacter
        case .escape: return escape
        case .surrogate: return "Half of a pair stands alone: the text was cut within a character"
        case .encoding: return "The text is not UTF-8, perhaps Latin-1 or Windows-1252: save it as UTF-8"
        case .depth: return nil
        case .unexpected: return quotes ?? words ?? numbers ?? strayBytes ?? afterTheValue ?? punctuation
        }
    }

    // MARK: Within a string, and the end

    private var endOfText: String {
        switch error.expected {
        case .value where before.isEmpty: "The body is empty"
        case .number, .word: "The text was cut off"
        case .string: "The text was cut off, or a closing quote is missing"
        default: "The text was cut off, or a closing bracket is missing"
        }
    }

    private var controlCharacter: String? {
        switch rest[0] {
        case .lineFeed: #"A line break in a string is written \n, and a string that should end here lacks its quote"#
        case .carriageReturn: #"A carriage return in a string is written \r"#
        case .tab: #"A tab in a string is written \t"#
        case 0: #"A NUL in a string is written \u0000"#
        default: #"A control character in a string is written as an escape, \u00\#(rest[0].hexadecimal)"#
        }
    }

    private var escape: String? {
        guard rest.count > 1 else { return nil }
        switch rest[1] {
        case UInt8(ascii: "'"): return "A single quote needs no backslash"
        case UInt8(ascii: "u"): return #"After \u stand four hexadecimal digits"#
        case UInt8(ascii: "x"): return #"JSON writes a character by its number as \u00XX"#
        default: return #"A backslash itself is written \\"#
        }
    }

    // MARK: Quotes

    private var quotes: String? {
        guard let scalar = firstScalar else { return nil }
        if JSONToken.curlyQuotes.contains(scalar) {
            let place = rest[0] < 0xC0 ? " (these in Windows-1252)" : ""
            return "Curly quotes come from word processors and web pages\(place): type straight double quotes"
        }
        if scalar == "'" {
            return error.offset == 0
                ? "The body is in single quotes: cmd.exe passes them on, and removes double quotes. Put the JSON "
                    + "into a file: curl --data-binary @houses.json"
                : "Strings need double quotes. Python's repr writes single ones: use json.dumps"
        }
        if rest.hasPrefix("```") { return "A fence of Markdown: remove it" }
        if scalar == "`" { return "Strings need double quotes" }
        if scalar == "\\", rest.count > 1, rest[1] == UInt8(ascii: "\"") {
            return "The quotes have a backslash too many: the text was quoted twice, as by a shell or a JSON writer"
        }
        return nil
    }

    /// In UTF-8, or else in Windows-1252: no scalar in UTF-8 begins with a byte from 80 to BF.
    var firstScalar: Unicode.Scalar? {
        rest.first.flatMap(JSONToken.windows1252)
            ?? String(decoding: rest.prefix(4), as: UTF8.self).unicodeScalars.first
    }

    // MARK: Words

    private var words: String? {
        let word = JSONToken(rest).word
        guard error.expected != .end else { return nil }
        if ["nan", "inf", "infinity"].contains(word.drop { "+-".contains($0) }.lowercased()) {
            return "JSON has no NaN or Infinity: send a number"
        }
        switch word {
        case "None", "True", "False":
            return "None, True and False are Python's: json.dumps writes null, true and false"
        case "undefined", "NA", "NULL", "nil", "nullptr", "TRUE", "FALSE", "Null":
            return "JSON's words are null, true and false, in lower case"
        default: break
        }
        if word.hasPrefix("...") || firstScalar == "\u{2026}" {
            return "Dots stand for what a document leaves out: send all fields"
        }
        let next = rest.dropping(rest.countWhile { JSONToken.isOfWord($0) }).trimmed(where: \.isJSONSpace).first
        if error.expected == .key || error.expected == .firstKey {
            guard next == UInt8(ascii: ":"), word.first?.isLetter == true else { return nil }
            return
                "Keys need double quotes. JavaScript's objects do without, and some shells remove quotes: put the "
                + "JSON into a file, curl --data-binary @houses.json"
        }
        if next == UInt8(ascii: "("), word.first?.isLetter == true {
            return "This is a program's text, such as Python's repr: json.dumps writes JSON"
        }
        return nil
    }

    // MARK: Numbers

    private var numbers: String? {
        let token = JSONToken(rest).word
        guard !token.isEmpty, error.expected != .colon else { return nil }
        if error.expected == .key {
            let isWithinNumber = token.first?.isASCIINumber == true && before.dropLast().last?.isDigit == true
            return isWithinNumber ? "JSON's numbers have a decimal point, not a comma: 5.5" : nil
        }
        let start = error.wordBefore(in: bytes)
        guard start.first?.isASCIINumber == true || start.hasPrefix("-") else { return numberWithoutStart(token) }
        switch token.first {
        case "x", "X": return "A number in JSON is decimal"
        case "_": return "A number in JSON has no underscores"
        case ".": return "A number in JSON has one point, with digits on both sides: 1.0"
        case "e", "E": return "An exponent in JSON has digits: 1e5"
        case let first? where first.isASCIINumber: return "A number in JSON has no leading zeros"
        default: return error.expected == .end ? nil : "A number in JSON has nothing after its digits"
        }
    }

    private func numberWithoutStart(_ token: String) -> String? {
        guard token.contains(where: \.isASCIINumber) else { return nil }
        if token.hasPrefix("+") { return "A number in JSON has no plus sign" }
        let isPoint = token.hasPrefix(".") || token.hasPrefix("-.")
        return isPoint ? "A number in JSON has a digit before its point: 0.5" : nil
    }

    // MARK: Bytes that belong to no token

    private var strayBytes: String? {
        switch firstScalar {
        case "\u{0}": "A NUL byte, such as the one that ends a C string, is not part of the text"
        case "\u{1A}": "Ctrl-Z is how old Windows programs end a file: remove it"
        case "\u{A0}", "\u{202F}", "\u{2007}": "A no-break space comes from a web page or a document: type a space"
        case "\u{FEFF}", "\u{200B}", "\u{200E}", "\u{2060}": "An invisible character came with copied text: remove it"
        case "/" where rest.hasPrefix("//") || rest.hasPrefix("/*"), "#": "JSON has no comments: remove the comment"
        default: nil
        }
    }

    // MARK: Punctuation

    private var afterTheValue: String? {
        guard error.expected == .end else { return nil }
        switch firstScalar {
        case "{" where before.last == UInt8(ascii: "}") && bytes.first(where: { !$0.isJSONSpace }) == UInt8(ascii: "{"):
            return "A second value: send one array, not one house a line"
        case "," where before.last == UInt8(ascii: "}"):
            return "The houses stand side by side: put one array around them, [{…},{…}]"
        case "[", "{": return "A second value: send one array with all houses"
        case "]", "}": return "A closing bracket too many"
        case ";": return "The text is a statement of a program: leave the semicolon out"
        default: return "Something stands after the value: remove it"
        }
    }

    private var punctuation: String? {
        switch (firstScalar, before.last) {
        case ("]", UInt8(ascii: ",")), ("}", UInt8(ascii: ",")):
            return "A trailing comma: remove the comma before it"
        case (",", UInt8(ascii: ",")), (",", UInt8(ascii: "[")), (",", UInt8(ascii: "{")):
            return "A comma too many: remove it"
        case (",", UInt8(ascii: ":")), ("}", UInt8(ascii: ":")): return "A value is missing after the key"
        case ("{", UInt8(ascii: "{")), ("$", _): return "A template's variable was not filled in"
        case ("}", _) where error.expected == .commaOrBracket || error.expected == .firstElement:
            return "The innermost open bracket is [: close it first"
        case ("]", _) where error.expected == .commaOrBrace || error.expected == .firstKey:
            return "The innermost open bracket is {: close it first"
        case ("=", _) where error.expected == .colon: return "A colon stands between key and value"
        default: break
        }
        switch error.expected {
        case .colon: return "A key has its value after a colon"
        case .commaOrBrace where startsValue, .commaOrBracket where startsValue: return "A comma is missing before it"
        default: return nil
        }
    }

    private var startsValue: Bool {
        guard let first = rest.first else { return false }
        return first.isDigit || #""{[-"#.utf8.contains(first)
            || ["true", "false", "null"].contains(JSONToken(rest).word)
    }
}

extension Character {
    fileprivate var isASCIINumber: Bool { isASCII && isNumber }
}
