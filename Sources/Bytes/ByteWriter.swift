/// A write position in memory the caller has sized: literals, bytes and decimals, without allocation.
///
/// Every `put` needs room left; the encoders prove it once, by asking for their upper bound, so no `put` checks again
/// in release.
package struct ByteWriter {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    /// Bytes written so far.
    @usableFromInline package internal(set) var count = 0

    /// Begins at the start of `buffer`.
    package init(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress else { preconditionFailure("an encoder was given no memory") }
        self.base = base
        capacity = buffer.count
    }

    @inlinable
    @inline(__always)
    package mutating func put(_ literal: StaticString) {
        literal.withUTF8Buffer { put(UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    @inline(__always)
    package mutating func put(_ bytes: UnsafeRawBufferPointer) {
        assert(count + bytes.count <= capacity)
        guard let source = bytes.baseAddress else { return }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// What another writer writes: at most as many bytes as said.
    ///
    /// - Parameter write: gets the place of the first byte, and returns how many it wrote.
    @inlinable
    @inline(__always)
    package mutating func put(atMost byteCount: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
        assert(count + byteCount <= capacity)
        count += write(base + count)
    }

    /// A text in UTF-8.
    @inlinable
    @inline(__always)
    package mutating func put(_ text: String) {
        // Native strings are so stored; `withUTF8`, which may have to store them anew, takes and gives back a reference.
        let isStoredSo: Void? = text.utf8.withContiguousStorageIfAvailable { put(UnsafeRawBufferPointer($0)) }
        if isStoredSo == nil { Array(text.utf8).withUnsafeBytes { put($0) } }
    }

    @inlinable
    @inline(__always)
    package mutating func put(_ byte: UInt8) {
        assert(count < capacity)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// The first `length` bytes of a vector; needs room for the whole vector.
    @inlinable
    @inline(__always)
    package mutating func put(_ vector: SIMD32<UInt8>, length: Int) {
        assert(count + 32 <= capacity)
        (base + count).storeBytes(of: vector, as: SIMD32<UInt8>.self)
        count += length
    }

    /// A number of any size, without leading zeros.
    @inlinable
    @inline(__always)
    package mutating func put(_ number: UInt64) {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        put(number, digits: digits)
    }

    /// The last `digits` digits of a number, with leading zeros.
    @inlinable
    @inline(__always)
    package mutating func put(_ number: UInt64, digits: Int) {
        assert(count + digits <= capacity)
        var rest = number
        for position in stride(from: count + digits - 1, through: count, by: -1) {
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: position, as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    /// Two lower-case hexadecimal digits for each byte.
    @inlinable
    @inline(__always)
    package mutating func putHexadecimal(_ bytes: UnsafeRawBufferPointer) {
        assert(count + 2 * bytes.count <= capacity)
        for byte in bytes {
            base.storeBytes(of: Self.hexadecimal(byte >> 4), toByteOffset: count, as: UInt8.self)
            base.storeBytes(of: Self.hexadecimal(byte & 0xF), toByteOffset: count + 1, as: UInt8.self)
            count += 2
        }
    }

    /// Without a branch, which random digits would have mispredicted.
    @inlinable
    @inline(__always)
    static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        let isLetter = (nibble &+ 6) >> 4
        return nibble &+ UInt8(ascii: "0") &+ isLetter &* (UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }

    /// A count, of which a negative one is written as 0.
    @inlinable
    @inline(__always)
    package mutating func put(_ number: Int) {
        put(UInt64(max(number, 0)))
    }

    @inlinable
    @inline(__always)
    package mutating func put(_ number: Int, digits: Int) {
        put(UInt64(max(number, 0)), digits: digits)
    }

    /// Nanoseconds as milliseconds with exactly four digits after the point, rounded half up.
    @inlinable
    @inline(__always)
    package mutating func putMilliseconds(nanoseconds: UInt64) {
        // Not (nanoseconds + 50) / 100, which overflows near the top.
        let tenThousandths = nanoseconds / 100 + (nanoseconds % 100 >= 50 ? 1 : 0)
        put(tenThousandths / 10_000)
        put(UInt8(ascii: "."))
        put(tenThousandths % 10_000, digits: 4)
    }
}

extension String {
    /// Bytes as lower-case hexadecimal digits.
    package init(hexadecimal bytes: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: 2 * bytes.count) { digits in
            var output = ByteWriter(UnsafeMutableRawBufferPointer(digits))
            output.putHexadecimal(bytes)
            return output.count
        }
    }
}
