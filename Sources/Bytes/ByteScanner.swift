/// A read position in bytes: each method takes what it names from there, or nothing.
@usableFromInline
package struct ByteScanner {
    @usableFromInline package let bytes: UnsafeRawBufferPointer
    /// How many bytes are taken, 0 to `bytes.count`.
    @usableFromInline package internal(set) var position: Int

    /// Begins at a position, 0 to `bytes.count`.
    @inlinable
    @inline(__always)
    package init(_ bytes: UnsafeRawBufferPointer, from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    @inlinable
    @inline(__always)
    package var isAtEnd: Bool { position == bytes.count }

    /// What is not yet taken.
    @inlinable
    @inline(__always)
    package var rest: UnsafeRawBufferPointer { bytes.dropping(position) }

    /// Takes this byte; false if another one or none comes next.
    @inlinable
    @inline(__always)
    package mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Takes this text; false if it does not come next.
    @inlinable
    @inline(__always)
    package mutating func skip(_ text: StaticString) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    /// Takes exactly this many bytes; nil if there are fewer.
    @inlinable
    @inline(__always)
    package mutating func take(_ length: Int) -> UnsafeRawBufferPointer? {
        guard length <= bytes.count - position else { return nil }
        defer { position += length }
        return bytes.part(position..<position + length)
    }

    /// Takes the bytes before the next `separator`, and the separator; nil if there is none.
    @inlinable
    @inline(__always)
    package mutating func take(before separator: UInt8) -> UnsafeRawBufferPointer? {
        guard let end = bytes.position(of: separator, from: position) else { return nil }
        defer { position = end + 1 }
        return bytes.part(position..<end)
    }

    /// Takes the bytes up to the next single space, and the space; all that is left if there is none.
    @inlinable
    @inline(__always)
    package mutating func takeToken() -> UnsafeRawBufferPointer {
        if let token = take(before: .space) { return token }
        defer { position = bytes.count }
        return rest
    }

    /// Takes all digits that come next; nil if there are none or the number is past `Int`.
    @inlinable
    @inline(__always)
    package mutating func decimal() -> Int? {
        let first = position
        var value = 0
        while position < bytes.count, bytes[position].isDigit {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] &- UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
            position += 1
        }
        return position == first ? nil : value
    }

    /// Takes exactly this many digits, at most 18; nil if there are fewer.
    @inlinable
    @inline(__always)
    package mutating func decimal(digits: Int) -> Int? {
        guard digits <= bytes.count - position else { return nil }
        var value = 0
        for index in position..<position + digits {
            guard bytes[index].isDigit else { return nil }
            value = value &* 10 &+ Int(bytes[index] &- UInt8(ascii: "0"))
        }
        position += digits
        return value
    }
}
