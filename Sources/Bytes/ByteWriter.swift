/// A write position in memory that the caller has sized: literals, bytes and decimals, without allocation.
///
/// Every `put` needs room left. An encoder makes sure of it once, by an upper bound, so `put` checks it in debug builds
/// only.
@usableFromInline
package struct ByteWriter {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    /// Bytes written so far.
    @usableFromInline package internal(set) var count = 0

    /// Starts at the beginning of `buffer`.
    @inlinable
    @inline(__always)
    package init(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress else { preconditionFailure("a byte writer needs memory to write to") }
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

    /// Lets another writer write up to `byteCount` bytes.
    ///
    /// - Parameter write: gets the address of the first byte, and returns how many bytes it wrote.
    @inlinable
    @inline(__always)
    package mutating func put(atMost byteCount: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
        assert(count + byteCount <= capacity)
        count += write(base + count)
    }

    /// A text as UTF-8. It has a label, since a literal would else be a `String` here, which costs more to write.
    @inlinable
    @inline(__always)
    package mutating func put(text: String) {
        // Native strings are stored contiguously. `withUTF8`, which may have to copy them, retains and releases.
        let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { put(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { Array(text.utf8).withUnsafeBytes { put($0) } }
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

    /// A number without leading zeros.
    @inlinable
    @inline(__always)
    package mutating func put(_ number: UInt64) {
        put(number, digits: number.decimalDigitCount)
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

    /// A number without leading zeros; a negative one is written as 0.
    @inlinable
    @inline(__always)
    package mutating func put(_ number: Int) {
        put(UInt64(max(number, 0)))
    }

    /// The last `digits` digits of a number, with leading zeros; a negative one is written as 0.
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

extension UInt64 {
    /// How many digits the number has without leading zeros.
    @inlinable
    @inline(__always)
    package var decimalDigitCount: Int {
        var count = 1
        var power: UInt64 = 10
        while count < 20, self >= power {
            power &*= 10
            count += 1
        }
        return count
    }
}
