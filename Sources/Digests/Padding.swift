/// Both hashes read blocks of 64 bytes and pad the end alike: a one bit, zeros, and the total length in bits.
enum Padding {
    static let blockBytes = 64

    /// Calls a function with the last one or two blocks.
    ///
    /// - Parameters:
    ///   - rest: the bytes after the last full block.
    ///   - bits: the total length as the eight bytes that end the last block.
    static func withLastBlocks(
        _ rest: UnsafeRawBufferPointer, bits: UInt64, _ mix: (_ blocks: UnsafeRawPointer, _ count: Int) -> Void
    ) {
        let count = rest.count < blockBytes - MemoryLayout<UInt64>.size ? 1 : 2
        var last = (SIMD64<UInt8>(), SIMD64<UInt8>())
        withUnsafeMutableBytes(of: &last) { bytes in
            bytes.copyMemory(from: rest)
            bytes[rest.count] = 0x80
            let end = count * blockBytes
            bytes.storeBytes(of: bits, toByteOffset: end - MemoryLayout<UInt64>.size, as: UInt64.self)
            if let start = bytes.baseAddress { mix(start, count) }
        }
    }
}
