/// The kinds of bytes that RFC 9110 and RFC 9112 tell apart.
enum HTTPGrammar {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let delete: UInt8 = 0x7F

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    /// Visible ASCII, but for what begins a fragment, which no target has.
    static func isTargetChar(_ byte: UInt8) -> Bool { byte > space && byte < delete && byte != UInt8(ascii: "#") }

    static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") }

    static func isCapital(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// No control character, but tabs (RFC 9110, section 5.5).
    static func isFieldChar(_ byte: UInt8) -> Bool { (byte >= space && byte != delete) || byte == tab }

    /// Letters, digits and ``!#$%&'*+-.^_`|~`` (RFC 9110, section 5.6.2), as a bit for each byte below 128.
    static func isTokenChar(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return bits >> (byte & 63) & 1 == 1
    }

    static func hexadecimalValue(_ byte: UInt8) -> Int? {
        if isDigit(byte) { return Int(byte - UInt8(ascii: "0")) }
        let letter = byte | 0x20
        return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter - UInt8(ascii: "a")) + 10 : nil
    }
}

/// Loops where the collections' algorithms would do, since those allocate in debug builds, where CI counts allocations.
extension UnsafeRawBufferPointer {
    /// Whether it is this text.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count, self[index] == text.utf8Start[index] { index += 1 }
        return index == count
    }

    /// Whether it is this word, with letters in either case.
    func isWord(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            let (byte, expected) = (self[index], lowercased.utf8Start[index])
            guard byte == expected || (byte | 0x20 == expected && HTTPGrammar.isLetter(byte)) else { return false }
            index += 1
        }
        return true
    }

    /// How many bytes at its start are of this kind.
    @inline(__always)
    func countWhile(_ isOfKind: (UInt8) -> Bool, from start: Int = 0) -> Int {
        var end = start
        while end < count, isOfKind(self[end]) { end += 1 }
        return end - start
    }

    /// A part of it.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// Without blanks at its ends.
    var trimmed: UnsafeRawBufferPointer {
        let start = countWhile(HTTPGrammar.isBlank)
        var end = count
        while end > start, HTTPGrammar.isBlank(self[end - 1]) { end -= 1 }
        return part(start..<end)
    }
}
