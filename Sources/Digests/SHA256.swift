internal import CDigests

/// SHA-256 (FIPS 180-4) of bytes that arrive in parts.
public struct SHA256: Sendable {
    private var state = SIMD8<UInt32>(
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19)
    /// The beginning of a block that is not full yet; its length is the remainder of `byteCount`.
    private var begun = SIMD64<UInt8>()
    private var byteCount = 0

    /// The hash of no bytes yet.
    public init() {}

    /// The digest of bytes that are all in memory.
    public static func hash(_ bytes: some Collection<UInt8>) -> Digest {
        var hash = SHA256()
        if bytes.withContiguousStorageIfAvailable({ hash.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { hash.update($0) }
        }
        return hash.digest
    }

    /// Takes the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let held = byteCount % Padding.blockBytes
        let missing = min(bytes.count, (Padding.blockBytes - held) % Padding.blockBytes)
        byteCount += bytes.count
        hold(bytes.prefix(missing), at: held)
        guard held + missing == Padding.blockBytes || held == 0 else { return }
        if held > 0 { withUnsafeBytes(of: begun) { mix($0.baseAddress, 1, into: &state) } }
        let blocks = (bytes.count - missing) / Padding.blockBytes
        mix(bytes.baseAddress?.advanced(by: missing), blocks, into: &state)
        hold(bytes.dropFirst(missing + blocks * Padding.blockBytes), at: 0)
    }

    private mutating func hold(_ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int) {
        withUnsafeMutableBytes(of: &begun) { begun in
            UnsafeMutableRawBufferPointer(rebasing: begun[offset...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
        }
    }

    private func mix(_ blocks: UnsafeRawPointer?, _ count: Int, into state: inout SIMD8<UInt32>) {
        withUnsafeMutableBytes(of: &state) { state in
            sha256_mix(state.assumingMemoryBound(to: UInt32.self).baseAddress, blocks, count)
        }
    }

    /// The digest of all bytes so far.
    public var digest: Digest {
        var words = state
        withUnsafeBytes(of: begun) { begun in
            let rest = UnsafeRawBufferPointer(rebasing: begun.prefix(byteCount % Padding.blockBytes))
            Padding.withLastBlocks(rest, bits: UInt64(byteCount &* 8).bigEndian) { mix($0, $1, into: &words) }
        }
        return Digest(words: words)
    }

    /// The 32 bytes of a SHA-256 digest.
    public struct Digest: Sendable, Equatable {
        let words: SIMD8<UInt32>

        /// The bytes, in order.
        public var bytes: [UInt8] {
            words.indices.flatMap { index in withUnsafeBytes(of: words[index].bigEndian, Array.init) }
        }

        /// Takes the same time wherever the first difference is, since a digest may represent a secret.
        public static func == (one: Digest, other: Digest) -> Bool {
            let difference = one.words ^ other.words
            return difference.indices.reduce(0) { $0 | difference[$1] } == 0
        }
    }
}
