import Testing

@testable import Server

/// The hash that files on disk depend on.
@Suite struct EntryHashTests {
    private func checksum(_ bytes: [UInt8]) -> Int64 {
        bytes.withUnsafeBytes { EntryHash.checksum(key: $0, expiresAt: 7, value: $0) }
    }

    /// The numbers come from a second implementation of the definition, in Python.
    @Test func itIsTheSameInEveryProcess() {
        let key = Array("bungalow:default:0123456789abcdef:e6cbfb3a74a56e69b3062ff4f3da035a".utf8)
        #expect(key.withUnsafeBytes { EntryHash.digest(ofKey: $0) } == -6494618346665797389)
        #expect(checksum(key) == -4005862409975334318)
        #expect(checksum([]) == 885745588588701159)
    }

    @Test func eachSingleBitAndEachLengthChangesIt() {
        var seen: Set<Int64> = [checksum([])]
        var count = 1
        for length in 1...40 {
            let zeros = [UInt8](repeating: 0, count: length)
            seen.insert(checksum(zeros))
            count += 1
            for bit in 0..<(8 * length) {
                var bytes = zeros
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                seen.insert(checksum(bytes))
                count += 1
            }
        }
        #expect(seen.count == count)
    }
}
