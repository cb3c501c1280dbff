import Testing

@testable import PredictionCache

/// The hashes that files on disk depend on.
@Suite struct EntryTableTests {
    private func checksum(_ bytes: [UInt8]) -> Int64 {
        bytes.withUnsafeBytes { EntryTable.checksum($0, expiresAt: 7, $0) }
    }

    /// The numbers come from a second implementation of the definition, in Python.
    @Test("digest and checksum are the same in every process")
    func itIsTheSameInEveryProcess() {
        let key = Array("bungalow:default:0123456789abcdef:e6cbfb3a74a56e69b3062ff4f3da035a".utf8)
        #expect(key.withUnsafeBytes { EntryTable.digest($0) } == -500756403721204742)
        #expect(checksum(key) == -488169634823917350)
        #expect(checksum([]) == -295576527769175007)
    }

    @Test("each single bit and each length changes the checksum")
    func eachSingleBitAndEachLengthChangesIt() {
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
