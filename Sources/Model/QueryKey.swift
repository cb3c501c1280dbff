import Bytes
internal import Crypto

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
            guard let start = text.baseAddress else { return Insecure.MD5().finalize() }
            rendered.write(.canonical, to: start)
            var md5 = Insecure.MD5()
            md5.update(bufferPointer: UnsafeRawBufferPointer(text).part(0..<byteCount))
            return md5.finalize()
        }
        hex = digest.withUnsafeBytes { bytes in
            let digits = SIMD4<UInt64>(
                bytes.hexadecimalDigits(at: 0), bytes.hexadecimalDigits(at: 4), bytes.hexadecimalDigits(at: 8),
                bytes.hexadecimalDigits(at: 12))
            return unsafeBitCast(digits, to: SIMD32<UInt8>.self)
        }
    }
}

extension QueryKey: CustomStringConvertible {
    /// The 32 digits.
    public var description: String {
        withUnsafeBytes(of: hex) { String(decoding: $0, as: UTF8.self) }
    }
}

extension UnsafeRawBufferPointer {
    /// The digits of the four bytes from an offset.
    fileprivate func hexadecimalDigits(at offset: Int) -> UInt64 {
        UInt64(hexadecimalDigitsOf: UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
}
