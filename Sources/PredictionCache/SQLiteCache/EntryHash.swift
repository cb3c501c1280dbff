/// A 64-bit hash of bytes that is the same in every process and on every machine.
///
/// It names an entry in the database's index and proves on look-up that the entry is the one that was stored: SQLite
/// keeps no page checksums, so without it a damaged page could answer with somebody else's numbers.
/// Each step is a bijection of the state, so two inputs of one length that differ in one word never collide.
/// It is not cryptographic: whoever can write the cache file is trusted.
struct EntryHash {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func combine(_ word: UInt64) {
        state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        state ^= state >> 29
    }

    mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        combine(UInt64(bytes.count))
        var offset = 0
        while offset &+ 8 <= bytes.count {
            combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset &+= 8
        }
        guard offset < bytes.count else { return }
        var tail: UInt64 = 0
        for index in offset..<bytes.count {
            tail = tail << 8 | UInt64(bytes[index])
        }
        combine(tail)
    }

    /// The hash, as SQLite's integers are signed.
    func finalize() -> Int64 {
        var last = self
        last.combine(0xD1B5_4A32_D192_ED03)
        return Int64(bitPattern: last.state)
    }

    static func digest(ofKey key: UnsafeRawBufferPointer) -> Int64 {
        var hash = EntryHash(seed: 1)
        hash.combine(key)
        return hash.finalize()
    }

    static func checksum(
        key: UnsafeRawBufferPointer, expiresAt milliseconds: Int64, value: UnsafeRawBufferPointer
    ) -> Int64 {
        var hash = EntryHash(seed: 2)
        hash.combine(key)
        hash.combine(UInt64(bitPattern: milliseconds))
        hash.combine(value)
        return hash.finalize()
    }
}
