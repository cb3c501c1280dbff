import Bytes

/// Finds where bytes stop being JSON as the contract takes it, after simdjson has refused them.
///
/// RFC 8259 in UTF-8, without a byte-order mark, without lone surrogates, at most 64 levels deep. simdjson says that a
/// text is invalid, but not where; valid texts never come here. One pass over the bytes, without an allocation.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var expected = JSONError.Expected.value
    private var depth = 0
    /// The open arrays and objects, the innermost in the lowest bit; 1 stands for an object.
    private var objects: UInt64 = 0

    private static let maximumDepth = UInt64.bitWidth

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The first error; nil if the text is one JSON value.
    static func firstError(in bytes: UnsafeRawBufferPointer) -> JSONError? {
        var scanner = JSONScanner(bytes)
        return scanner.firstError()
    }

    private mutating func firstError() -> JSONError? {
        guard !bytes.hasPrefix("\u{FEFF}") else { return error(.byteOrderMark) }
        while true {
            while position < bytes.count, bytes[position].isJSONSpace { position += 1 }
            guard position < bytes.count else { return expected == .end ? nil : error(.endOfText) }
            if let problem = take(bytes[position]) { return error(problem) }
        }
    }

    private func error(_ problem: JSONError.Problem) -> JSONError {
        JSONError(problem: problem, expected: expected, offset: position)
    }

    /// The text ends within a token.
    private mutating func end(within token: JSONError.Expected) -> JSONError.Problem {
        expected = token
        position = bytes.count
        return .endOfText
    }

    // MARK: Structure

    private mutating func take(_ byte: UInt8) -> JSONError.Problem? {
        switch (expected, byte) {
        case (.firstKey, UInt8(ascii: "}")), (.commaOrBrace, UInt8(ascii: "}")), (.firstElement, UInt8(ascii: "]")),
            (.commaOrBracket, UInt8(ascii: "]")):
            depth -= 1
            objects >>= 1
            return taken(1)
        case (.commaOrBrace, UInt8(ascii: ",")):
            expected = .key
            position += 1
        case (.commaOrBracket, UInt8(ascii: ",")), (.colon, UInt8(ascii: ":")):
            expected = .value
            position += 1
        case (.firstKey, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")):
            if let problem = takeString() { return problem }
            expected = .colon
        case (.value, _), (.firstElement, _): return takeValue(byte)
        default: return .unexpected
        }
        return nil
    }

    private mutating func takeValue(_ byte: UInt8) -> JSONError.Problem? {
        switch byte {
        case UInt8(ascii: "\""): return takeString() ?? taken(0)
        case UInt8(ascii: "["): return open(isObject: false)
        case UInt8(ascii: "{"): return open(isObject: true)
        case UInt8(ascii: "t"): return takeWord("true")
        case UInt8(ascii: "f"): return takeWord("false")
        case UInt8(ascii: "n"): return takeWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return takeNumber()
        default: return .unexpected
        }
    }

    private mutating func open(isObject: Bool) -> JSONError.Problem? {
        guard depth < Self.maximumDepth else { return .depth }
        depth += 1
        objects = objects << 1 | (isObject ? 1 : 0)
        expected = isObject ? .firstKey : .firstElement
        position += 1
        return nil
    }

    /// A value is complete.
    private mutating func taken(_ length: Int) -> JSONError.Problem? {
        position += length
        expected = depth == 0 ? .end : objects & 1 == 1 ? .commaOrBrace : .commaOrBracket
        return nil
    }

    // MARK: Scalars

    private mutating func takeWord(_ word: StaticString) -> JSONError.Problem? {
        let rest = bytes.dropping(position)
        if rest.hasPrefix(word) { return taken(word.utf8CodeUnitCount) }
        let isCut = word.withUTF8Buffer { UnsafeRawBufferPointer($0).hasPrefix(rest) }
        return isCut ? end(within: .word) : .unexpected
    }

    /// Takes the longest number that stands here; what does not belong to one is unexpected after it.
    private mutating func takeNumber() -> JSONError.Problem? {
        let sign = bytes[position] == UInt8(ascii: "-") ? 1 : 0
        let digits = bytes.countWhile(\.isDigit, from: position + sign)
        guard digits > 0 else { return position + sign == bytes.count ? end(within: .number) : .unexpected }
        var end = position + sign + (bytes[position + sign] == UInt8(ascii: "0") ? 1 : digits)
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            guard let fraction = takeDigits(from: end + 1) else { return self.end(within: .number) }
            guard fraction > 0 else { return taken(end - position) }
            end += 1 + fraction
        }
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            let next = end + 1 < bytes.count ? bytes[end + 1] : 0
            let isSigned = next == UInt8(ascii: "+") || next == UInt8(ascii: "-")
            let start = end + (isSigned ? 2 : 1)
            guard let exponent = takeDigits(from: start) else { return self.end(within: .number) }
            if exponent > 0 { end = start + exponent }
        }
        return taken(end - position)
    }

    /// How many digits stand there; nil if the text has ended.
    private func takeDigits(from start: Int) -> Int? {
        start < bytes.count ? bytes.countWhile(\.isDigit, from: start) : nil
    }

    // MARK: Strings

    private mutating func takeString() -> JSONError.Problem? {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return nil
            case UInt8(ascii: "\\"): if let problem = takeEscape() { return problem }
            case 0..<0x20: return .controlCharacter
            case 0x20..<0x80: position += 1
            default: if let problem = takeLongScalar() { return problem }
            }
        }
        return end(within: .string)
    }

    private mutating func takeEscape() -> JSONError.Problem? {
        guard position + 1 < bytes.count else { return end(within: .string) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
            return nil
        case UInt8(ascii: "u"): break
        default: return .escape
        }
        switch unit(at: position) {
        case .cut: return end(within: .string)
        case .invalid: return .escape
        case .value(0xDC00...0xDFFF): return .surrogate
        case .value(0xD800...0xDBFF): return takePair()
        case .value: position += 6
        }
        return nil
    }

    private mutating func takePair() -> JSONError.Problem? {
        switch unit(at: position + 6) {
        case .cut: return end(within: .string)
        case .value(0xDC00...0xDFFF): position += 12
        default: return .surrogate
        }
        return nil
    }

    private enum Unit {
        case value(Int)
        case invalid
        /// The text ends within it.
        case cut
    }

    /// Reads `\uXXXX`.
    private func unit(at start: Int) -> Unit {
        var value = 0
        for index in 0..<6 {
            guard start + index < bytes.count else { return .cut }
            let byte = bytes[start + index]
            if index < 2 {
                guard byte == (index == 0 ? UInt8(ascii: "\\") : UInt8(ascii: "u")) else { return .invalid }
            } else {
                guard let digit = byte.hexadecimalValue else { return .invalid }
                value = value << 4 | Int(digit)
            }
        }
        return .value(value)
    }

    /// Takes a scalar of several bytes (The Unicode Standard, table 3-7).
    private mutating func takeLongScalar() -> JSONError.Problem? {
        let (length, second): (Int, ClosedRange<UInt8>)
        switch bytes[position] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return .encoding
        }
        for index in 1..<length {
            guard position + index < bytes.count else { return end(within: .string) }
            let allowed = index == 1 ? second : 0x80...0xBF
            guard allowed.contains(bytes[position + index]) else { return .encoding }
        }
        position += length
        return nil
    }
}

extension UInt8 {
    /// A space, a tab, a line feed or a carriage return.
    var isJSONSpace: Bool { isBlank || self == .lineFeed || self == .carriageReturn }
}
