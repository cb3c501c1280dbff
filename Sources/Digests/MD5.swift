internal import CDigests

/// MD5 (RFC 1321), for names; it is broken for security.
public enum MD5 {
    /// The 16 bytes of the digest, as four words, the first byte being the lowest of the first word.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> SIMD4<UInt32> {
        var state = SIMD4<UInt32>(0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
        withUnsafeMutableBytes(of: &state) { state in
            let words = state.assumingMemoryBound(to: UInt32.self).baseAddress
            let blocks = bytes.count / Padding.blockBytes
            md5_mix(words, bytes.baseAddress, blocks)
            let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(blocks * Padding.blockBytes))
            Padding.withLastBlocks(rest, bits: UInt64(bytes.count &* 8).littleEndian) { md5_mix(words, $0, $1) }
        }
        return state
    }
}
