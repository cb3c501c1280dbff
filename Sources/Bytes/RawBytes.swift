public import Platform

/// What the readers of text formats ask of bytes. Nothing here allocates, in debug builds either, or traps.
extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    @inlinable
    @inline(__always)
    package func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && hasPrefix(other)
    }

    /// Whether the bytes are this text.
    @inlinable
    @inline(__always)
    package func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && hasPrefix(text)
    }

    /// Whether the bytes are this text, with ASCII letters in either case.
    @inlinable
    package func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            let (byte, expected) = (self[index], lowercased.utf8Start[index])
            guard byte == expected || (byte | 0x20 == expected && byte.isLetter) else { return false }
            index += 1
        }
        return true
    }

    @inlinable
    @inline(__always)
    package func hasPrefix(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let start = baseAddress, let otherStart = other.baseAddress else { return other.isEmpty }
        return count >= other.count && memcmp(start, otherStart, other.count) == 0
    }

    @inlinable
    @inline(__always)
    package func hasPrefix(_ text: StaticString) -> Bool {
        hasPrefix(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether the text occurs anywhere; it must not be empty.
    @inlinable
    package func contains(_ text: StaticString) -> Bool {
        var start = 0
        while let found = position(of: text.utf8Start[0], from: start) {
            if dropping(found).hasPrefix(text) { return true }
            start = found + 1
        }
        return false
    }

    /// The index of the first such byte from `start` on; nil if there is none.
    @inlinable
    @inline(__always)
    package func position(of byte: UInt8, from start: Int = 0) -> Int? {
        guard let base = baseAddress, start < count, let found = memchr(base + start, Int32(byte), count - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    /// How many bytes from `start` on are of this kind.
    @inlinable
    @inline(__always)
    package func countWhile(_ isOfKind: (UInt8) -> Bool, from start: Int = 0) -> Int {
        // Here and below loops, since the collections' algorithms allocate in debug builds, where CI counts.
        var end = start
        while end < count, isOfKind(self[end]) { end += 1 }
        return end - start
    }

    /// A part of the bytes, counted from 0 again.
    @inlinable
    @inline(__always)
    package func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// The bytes after the first `length`, which there must be.
    @inlinable
    @inline(__always)
    package func dropping(_ length: Int) -> UnsafeRawBufferPointer { part(length..<count) }

    /// The bytes without those of this kind at both ends.
    @inlinable
    @inline(__always)
    package func trimmed(where isOfKind: (UInt8) -> Bool) -> UnsafeRawBufferPointer {
        let start = countWhile(isOfKind)
        var end = count
        while end > start, isOfKind(self[end - 1]) { end -= 1 }
        return part(start..<end)
    }

    /// The bytes without spaces and tabs at both ends.
    @inlinable
    @inline(__always)
    package var trimmed: UnsafeRawBufferPointer { trimmed { $0.isBlank } }

    /// The bytes as an unsigned decimal; nil if there are none, one is not a digit, or the number is past `Int`.
    @inlinable
    @inline(__always)
    package var decimal: Int? {
        var scanner = ByteScanner(self)
        guard let value = scanner.decimal(), scanner.isAtEnd else { return nil }
        return value
    }
}
