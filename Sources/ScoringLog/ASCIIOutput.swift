/// A write position in memory the caller has sized: the log's literals, bytes and decimals, without allocation.
///
/// Every `put` needs room left; the encoders prove it once, by asking for their upper bound, so no `put` checks again
/// in release.
struct ASCIIOutput {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress else { preconditionFailure("the log encoder was given no memory") }
        self.base = base
        capacity = buffer.count
    }

    @inline(__always)
    mutating func put(_ literal: StaticString) {
        literal.withUTF8Buffer { put(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        assert(count + bytes.count <= capacity)
        guard let source = bytes.baseAddress else { return }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        assert(count < capacity)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// The first `length` bytes of a vector; needs room for the whole vector.
    @inline(__always)
    mutating func put(_ vector: SIMD32<UInt8>, length: Int) {
        assert(count + 32 <= capacity)
        (base + count).storeBytes(of: vector, as: SIMD32<UInt8>.self)
        count += length
    }

    /// A number of any size, without leading zeros.
    @inline(__always)
    mutating func put(_ number: UInt64) {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        put(number, digits: digits)
    }

    /// The last `digits` digits of a number, with leading zeros.
    @inline(__always)
    mutating func put(_ number: UInt64, digits: Int) {
        assert(count + digits <= capacity)
        var rest = number
        for position in stride(from: count + digits - 1, through: count, by: -1) {
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: position, as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    /// A count, of which a negative one is written as 0.
    @inline(__always)
    mutating func put(_ number: Int) {
        put(UInt64(max(number, 0)))
    }

    @inline(__always)
    mutating func put(_ number: Int, digits: Int) {
        put(UInt64(max(number, 0)), digits: digits)
    }

    /// Nanoseconds as milliseconds with exactly four digits after the point, rounded half up.
    @inline(__always)
    mutating func putMilliseconds(nanoseconds: UInt64) {
        // Not (nanoseconds + 50) / 100, which overflows near the top.
        let tenThousandths = nanoseconds / 100 + (nanoseconds % 100 >= 50 ? 1 : 0)
        put(tenThousandths / 10_000)
        put(UInt8(ascii: "."))
        put(tenThousandths % 10_000, digits: 4)
    }
}
