import Bytes

/// The line before a chunk: `chunk-size [ chunk-ext ]` (RFC 9112, section 7.1).
enum ChunkSize {
    /// The chunk's size in bytes; nil if the line is malformed. Extensions are skipped, since none is known.
    static func parse(_ line: UnsafeRawBufferPointer) -> Int? {
        var size = 0
        var digits = 0
        while digits < line.count, let value = line[digits].hexadecimalValue {
            guard size <= Int.max >> 4 else { return nil }
            size = size << 4 | value
            digits += 1
        }
        return digits > 0 && areExtensions(line.part(digits..<line.count)) ? size : nil
    }

    /// `*( ";" name [ "=" value ] )`, with a value that is a token or in quotes.
    private static func areExtensions(_ text: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        while place < text.count {
            guard text[place] == UInt8(ascii: ";") else { return false }
            let name = text.countWhile(HTTPGrammar.isTokenChar, from: place + 1)
            guard name > 0 else { return false }
            place += 1 + name
            guard place < text.count, text[place] == UInt8(ascii: "=") else { continue }
            let value = quotedCount(text, from: place + 1) ?? text.countWhile(HTTPGrammar.isTokenChar, from: place + 1)
            guard value > 0 else { return false }
            place += 1 + value
        }
        return true
    }

    /// The length of the quoted string that begins there, quotes included (RFC 9110, section 5.6.4); nil if none does.
    private static func quotedCount(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < text.count, text[start] == UInt8(ascii: "\"") else { return nil }
        var place = start + 1
        while place < text.count, HTTPGrammar.isFieldChar(text[place]) {
            if text[place] == UInt8(ascii: "\"") { return place + 1 - start }
            // A backslash makes the next character literal.
            let isEscape = text[place] == UInt8(ascii: "\\")
            place += isEscape && place + 1 < text.count && HTTPGrammar.isFieldChar(text[place + 1]) ? 2 : 1
        }
        return nil
    }
}
