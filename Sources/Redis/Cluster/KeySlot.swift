/// The slot of a Redis Cluster that a key belongs to: CRC16 (XMODEM) of its bytes, modulo 16 384.
///
/// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec. Redis takes only the part between braces
/// of a key that has them; ours have none, since `CACHE_NAMESPACE` allows no braces.
enum KeySlot {
    static let count = 16_384

    /// The slot of `key`, from 0 to 16 383.
    static func slot(of key: UnsafeRawBufferPointer) -> Int {
        table.withUnsafeBufferPointer { table in
            var crc: UInt16 = 0
            for byte in key {
                crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ byte)]
            }
            return Int(crc) & (count - 1)
        }
    }

    /// The checksum of each byte: polynomial 0x1021, most significant bit first.
    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }
}
