import Testing

@testable import Redis

@Suite struct KeySlotTests {
    @Test(
        "a key's slot is CRC16 (XMODEM) of its bytes, modulo 16384",
        arguments: [
            // The check value of the specification is 0x31C3; the others come from redis-server (CLUSTER KEYSLOT).
            ("123456789", 0x31C3), ("", 0), ("foo", 12182), ("bar", 5061), ("hello", 866), ("\0", 0), ("ü", 9552),
            ("bungalow:default:6d8d321e9462a021:e6cbfb3a74a56e69b3062ff4f3da035a", 8441),
        ])
    func slot(key: String, slot: Int) {
        #expect(Array(key.utf8).withUnsafeBytes { KeySlot.slot(of: $0) } == slot)
    }
}
