/// A request's id as it may be logged: 1 to 64 bytes of `[A-Za-z0-9_-]`, held inline.
///
/// Every id is checked when it is made, so an id cannot bring a line break or another text of the log into a line.
public struct RequestID: Sendable, Equatable, CustomStringConvertible {
    /// The longest id, in bytes.
    public static let maximumCount = 64

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private var words: Words = (0, 0, 0, 0, 0, 0, 0, 0)
    /// Bytes in the id, 1 to 64.
    public private(set) var count: Int

    /// Takes a client's id; nil if it is empty, too long or holds a byte that is not allowed.
    ///
    /// - Parameter bytes: the header's value, without white space around it.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard 1...Self.maximumCount ~= bytes.count, Self.allows(bytes) else { return nil }
        count = bytes.count
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    /// Writes a fresh id as a version 4 UUID (RFC 9562) in lower case.
    ///
    /// - Parameters:
    ///   - high: 64 random bits; the version replaces four of them.
    ///   - low: 64 random bits; the variant replaces two of them.
    public init(randomHigh high: UInt64, low: UInt64) {
        let high = high & ~0xF000 | 0x4000
        let low = low & ~(0b11 << 62) | 0b10 << 62
        count = 36
        let (a, b) = Self.digits(high)
        let (c, d) = Self.digits(low)
        let dash = UInt64(UInt8(ascii: "-"))
        // Groups of 8, 4, 4, 4 and 12 digits, in words whose lowest byte comes first.
        words.0 = a
        words.1 = dash | (b & 0xFFFF_FFFF) << 8 | dash << 40 | (b >> 32) << 48
        words.2 = b >> 48 | dash << 16 | (c & 0xFFFF_FFFF) << 24 | dash << 56
        words.3 = c >> 32 | d << 32
        words.4 = d >> 32
    }

    private static func digits(_ number: UInt64) -> (UInt64, UInt64) {
        let low = UInt32(truncatingIfNeeded: number)
        return (UInt64(hexadecimalDigitsOf: UInt32(number >> 32)), UInt64(hexadecimalDigitsOf: low))
    }

    /// The id's bytes, for the duration of `body`.
    ///
    /// - Parameter body: must not keep the pointer.
    /// - Returns: what `body` returns.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: words) { try body($0.part(0..<count)) }
    }

    /// The id as text.
    public var description: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Compares the ids byte by byte.
    public static func == (left: Self, right: Self) -> Bool {
        // The bytes after the count are zero in both.
        left.count == right.count
            && left.words.0 == right.words.0 && left.words.1 == right.words.1 && left.words.2 == right.words.2
            && left.words.3 == right.words.3 && left.words.4 == right.words.4 && left.words.5 == right.words.5
            && left.words.6 == right.words.6 && left.words.7 == right.words.7
    }

    /// Whether an id may hold all these bytes; without a branch for each, since the log's reader checks every block.
    package static func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isAllowed: UInt64 = 1
        for byte in bytes {
            let set = byte < 64 ? allowedBelow64 : allowedFrom64
            isAllowed &= (set &>> UInt64(byte & 63)) & UInt64(truncatingIfNeeded: ~(byte >> 7))
        }
        return isAllowed == 1
    }

    // A bit for each byte: `-` and the digits; the letters and `_`.
    private static let allowedBelow64: UInt64 = 1 << 0x2D | 0x3FF << 0x30
    private static let allowedFrom64: UInt64 = 0x3FF_FFFF << 1 | 1 << 0x1F | 0x3FF_FFFF << 0x21
}
