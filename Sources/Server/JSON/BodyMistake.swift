import Bytes

/// Bodies that were never meant to be JSON text, or became something else on their way: by how they begin.
enum BodyMistake {
    /// What the body is, and what to do about it.
    ///
    /// - Parameter offset: where it stops being JSON; beyond its first bytes it began as JSON and is not one of these.
    static func hint(_ body: UnsafeRawBufferPointer, errorAt offset: Int) -> String? {
        guard offset < 8, !body.isEmpty else { return nil }
        if let encoding = wideEncoding(of: body) {
            let cause = encoding == "UTF-16" ? ", as Windows PowerShell writes files" : ""
            return "The text is \(encoding)\(cause): save it as UTF-8"
        }
        if let format = compression(of: body) {
            return "The body is compressed with \(format): send it uncompressed"
        }
        if isBinary(body) {
            return "The body begins with bytes that are not text, NULs among them: send the JSON alone"
        }
        let start = body.part(0..<min(body.count, window)).trimmed(where: \.isJSONSpace)
        if isMultipart(start) {
            return "The body is a multipart form, as curl -F and a browser's FormData send it: send the JSON alone, "
                + "curl --data-binary @houses.json"
        }
        for (prefix, hint) in prefixes where start.hasPrefix(prefix) { return hint }
        if isForm(start) {
            return "The body is a form, name=value: send JSON text, which is JSON.stringify(…) in k6 and json=… in "
                + "Python's requests"
        }
        if isFileName(start) {
            return "The body is a file's name: send what is in the file, curl --data-binary @houses.json"
        }
        return isTableHeader(start) ? "The body is CSV: send a JSON array with an object for each row" : nil
    }

    /// How far it looks.
    private static let window = 512

    private static let prefixes: [(StaticString, String)] = [
        ("[object ", "JavaScript wrote an object as text: JSON.stringify(…) writes JSON"),
        ("<", "The body is XML or HTML"),
        ("%5B", "The body is percent-encoded: send it as it is"),
        ("%7B", "The body is percent-encoded: send it as it is"),
        ("%22", "The body is percent-encoded: send it as it is"),
        ("b'", "This is Python's repr of bytes: send the bytes themselves"),
        ("b\"", "This is Python's repr of bytes: send the bytes themselves"),
        ("{{", "A template's variable was not filled in"),
        ("W3si", "The body is probably base64: send the text that it stands for"),
        ("eyJ", "The body is probably base64: send the text that it stands for"),
        ("---\n", "The body is YAML: send JSON"),
        ("---\r", "The body is YAML: send JSON"),
        ("--- ", "The body is YAML: send JSON"),
        ("- ", "The body is YAML: send JSON"),
        ("```", "The body is Markdown: send what stands between its fences alone"),
    ]

    /// By a byte-order mark, or by where the NULs are in the first characters.
    private static func wideEncoding(of body: UnsafeRawBufferPointer) -> String? {
        let start = Array(body.prefix(4))
        if start == [0xFF, 0xFE, 0, 0] || start == [0, 0, 0xFE, 0xFF] { return "UTF-32" }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
        for (width, name) in [(4, "UTF-32"), (2, "UTF-16")] {
            // The place of the one byte that is not NUL: the first, or the last.
            for place in [0, width - 1] where isASCII(body, inUnitsOf: width, at: place) { return name }
        }
        return nil
    }

    /// Whether the first units hold an ASCII character each, of four perhaps one another character; a stray NUL or the
    /// length of a message before the text is not enough.
    private static func isASCII(_ body: UnsafeRawBufferPointer, inUnitsOf width: Int, at place: Int) -> Bool {
        let count = min(4, body.count / width)
        let fitting = (0..<count).filter { unit in
            (0..<width).allSatisfy { (body[unit * width + $0] != 0) == ($0 == place) }
        }
        return count > 1 && fitting.count >= max(2, count - 1)
    }

    /// Whether it begins with a byte that no text begins with, and a NUL follows: a message's length, or a picture.
    private static func isBinary(_ body: UnsafeRawBufferPointer) -> Bool {
        let start = String(decoding: body.prefix(4), as: UTF8.self).unicodeScalars
        guard body.prefix(16).contains(0), let first = start.first else { return false }
        return first == "\u{FFFD}" || (1..<0x20).contains(first.value) && !body[0].isJSONSpace
    }

    private static func compression(of body: UnsafeRawBufferPointer) -> String? {
        guard body.count > 3 else { return nil }
        switch (body[0], body[1], body[2], body[3]) {
        case (0x1F, 0x8B, _, _): return "gzip"
        case (UInt8(ascii: "P"), UInt8(ascii: "K"), 3, 4): return "zip"
        case (0x28, 0xB5, 0x2F, 0xFD): return "zstd"
        case (0x78, 0x01, _, _), (0x78, 0x5E, _, _), (0x78, 0x9C, _, _), (0x78, 0xDA, _, _): return "deflate"
        default: return nil
        }
    }

    /// Whether it begins with a boundary and a part's header (RFC 2046, section 5.1).
    ///
    /// A boundary may have dashes of its own, and YAML's documents begin with three of them.
    private static func isMultipart(_ text: UnsafeRawBufferPointer) -> Bool {
        let line = text.part(0..<(text.position(of: .lineFeed) ?? 0)).trimmed(where: \.isJSONSpace)
        guard line.hasPrefix("--"), line.count > 2 else { return false }
        let header = text.dropping(line.count).trimmed(where: \.isJSONSpace)
        let name = header.countWhile { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        guard name > 0, name < header.count, header[name] == UInt8(ascii: ":") else { return false }
        let isOfPart = header.part(0..<min(name, 8)).equalsIgnoringCase("content-")
        return isOfPart || (!line.equals("---") && line.position(of: .space) == nil)
    }

    /// Whether it begins with a name and an equals sign.
    private static func isForm(_ text: UnsafeRawBufferPointer) -> Bool {
        let name = text.countWhile { JSONToken.isOfWord($0) || "%[]".utf8.contains($0) }
        return name > 0 && text[0] != UInt8(ascii: "[") && name < text.count && text[name] == UInt8(ascii: "=")
    }

    /// Whether it is `@file`, as curl takes it, or a path that ends with `.json`.
    private static func isFileName(_ text: UnsafeRawBufferPointer) -> Bool {
        text.hasPrefix("@") || (text.count < 256 && text.dropping(max(0, text.count - 5)).equals(".json"))
    }

    private static func isTableHeader(_ text: UnsafeRawBufferPointer) -> Bool {
        let name = text.countWhile(\.isLetter)
        return name > 0 && name < text.count && (text[name] == UInt8(ascii: ",") || text[name] == UInt8(ascii: ";"))
    }
}
