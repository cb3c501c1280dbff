/// Converts a text's bytes to UTF-8, in chunks of any size: PowerShell's `>` writes UTF-16, with or without a mark.
///
/// The first two bytes decide; UTF-8 passes through uncopied. Memory is bounded by one chunk.
struct TextDecoder {
    private enum Encoding { case utf8, utf16LittleEndian, utf16BigEndian }

    private var encoding: Encoding?
    // Bytes that wait for more: the first few, or half a UTF-16 unit.
    private var waiting: [UInt8] = []
    private var output: [UInt8] = []

    /// Decodes the next bytes.
    ///
    /// - Parameter body: is called with the text's bytes; must not keep the pointer.
    mutating func decode(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        guard let encoding else {
            waiting.append(contentsOf: bytes)
            // Three bytes are enough to recognize every mark.
            if waiting.count >= 3 { try start(body) }
            return
        }
        switch encoding {
        case .utf8: try body(bytes)
        case .utf16LittleEndian: try transcode(bytes, high: 1, body)
        case .utf16BigEndian: try transcode(bytes, high: 0, body)
        }
    }

    /// Ends the text: passes on bytes that were too few to show its encoding.
    mutating func finish(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        if encoding == nil { try start(body) }
    }

    private mutating func start(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        let first = waiting
        waiting = []
        let mark: Int
        switch (first.first, first.dropFirst().first) {
        case (0xFF, 0xFE): (encoding, mark) = (.utf16LittleEndian, 2)
        case (0xFE, 0xFF): (encoding, mark) = (.utf16BigEndian, 2)
        case (0, .some): (encoding, mark) = (.utf16BigEndian, 0)
        case (.some, 0): (encoding, mark) = (.utf16LittleEndian, 0)
        default: (encoding, mark) = (.utf8, first.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        }
        try first.withUnsafeBytes { try decode(UnsafeRawBufferPointer(rebasing: $0[mark...]), body) }
    }

    private mutating func transcode(
        _ bytes: UnsafeRawBufferPointer, high: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        output.removeAll(keepingCapacity: true)
        var position = 0
        if let half = waiting.first, let next = bytes.first {
            waiting.removeAll(keepingCapacity: true)
            append(high == 1 ? (next, half) : (half, next))
            position = 1
        }
        while position + 1 < bytes.count {
            append((bytes[position + high], bytes[position + 1 - high]))
            position += 2
        }
        if position < bytes.count { waiting.append(bytes[position]) }
        try output.withUnsafeBytes(body)
    }

    /// Appends one unit as UTF-8; half of a surrogate pair becomes U+FFFD, since everything of interest is ASCII.
    private mutating func append(_ unit: (high: UInt8, low: UInt8)) {
        if unit.high == 0, unit.low < 0x80 {
            output.append(unit.low)
        } else {
            let scalar = Unicode.Scalar(UInt16(unit.high) << 8 | UInt16(unit.low)) ?? "\u{FFFD}"
            output.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        }
    }
}
