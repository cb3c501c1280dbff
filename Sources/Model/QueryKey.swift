import Bytes
internal import Digests

/// The name of a batch's predictions: the md5 of what Python prints for the list of validated records.
///
/// Any spelling of the same numbers gives the same key. The contract chose md5; the key names a cache entry and has no
/// part in security.
public struct QueryKey: Hashable, Sendable {
    /// The length of the key as text.
    public static let byteCount = 32

    /// 32 lower-case hexadecimal digits in ASCII.
    public let hex: SIMD32<UInt8>

    /// The key of a batch.
    ///
    /// - Parameters:
    ///   - rendered: the batch's numbers.
    ///   - scratch: memory for the text to be hashed; grows as needed, and its content is of no use afterwards.
    public init(_ rendered: RenderedBatch, scratch: inout [UInt8]) {
        let byteCount = rendered.byteCount(.canonical)
        if scratch.count < byteCount { scratch = [UInt8](repeating: 0, count: byteCount) }
        let digest = scratch.withUnsafeMutableBytes { text in
            if let start = text.baseAddress { rendered.write(.canonical, to: start) }
            return MD5.hash(UnsafeRawBufferPointer(text).part(0..<byteCount))
        }
        // The first byte is a word's lowest, and a number's first digit is of its highest.
        let digits = SIMD4<UInt64>(
            UInt64(hexadecimalDigitsOf: digest.x.byteSwapped), UInt64(hexadecimalDigitsOf: digest.y.byteSwapped),
            UInt64(hexadecimalDigitsOf: digest.z.byteSwapped), UInt64(hexadecimalDigitsOf: digest.w.byteSwapped))
        hex = unsafeBitCast(digits, to: SIMD32<UInt8>.self)
    }
}

extension QueryKey: CustomStringConvertible {
    /// The 32 digits.
    public var description: String {
        withUnsafeBytes(of: hex) { String(decoding: $0, as: UTF8.self) }
    }
}
