import Foundation
import TestSupport
import Testing

@testable import Digests

/// The two hashes, held against their standards and against Python's.
@Suite struct DigestTests {
    @Test(
        "MD5 has the digests of RFC 1321",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f"
            ), (String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
        ])
    func md5(text: String, digest: String) {
        #expect(Array(text.utf8).withUnsafeBytes(md5Text) == digest)
    }

    @Test(
        "SHA-256 has the digests of NIST's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func sha256(text: String, digest: String) {
        #expect(hexadecimal(SHA256.hash(text.utf8).bytes) == digest)
    }

    /// Every length around a block's end, and some of many blocks; SHA-256 takes them in parts of random sizes.
    @Test("All lengths up to 400 and random ones beyond have the digests that Python gives them")
    func againstPython() throws {
        var generator = SeededGenerator(seed: 1321)
        let lengths = Array(0...400) + (0..<40).map { _ in Int.random(in: 401...20_000, using: &generator) }
        let program = """
            import hashlib, sys
            for length in map(int, sys.argv[1:]):
                data = bytes((7 * i + length) & 255 for i in range(length))
                print(hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest())
            """
        let python = try ChildProcess.run("python3", ["-c", program] + lengths.map(String.init))
        let expected = python.output.split(separator: "\n")
        #expect(expected.count == lengths.count)
        for (length, expected) in zip(lengths, expected) {
            let data = (0..<length).map { UInt8(truncatingIfNeeded: 7 * $0 + length) }
            var hash = SHA256()
            var rest = data[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 0...150, using: &generator))
                part.withUnsafeBytes { hash.update($0) }
                rest = rest.dropFirst(part.count)
            }
            #expect(hash.digest == SHA256.hash(data))
            #expect("\(data.withUnsafeBytes(md5Text)) \(hexadecimal(hash.digest.bytes))" == expected)
        }
    }

    @Test("Digests of texts that differ in one bit are not equal, whichever word differs")
    func equality() {
        let digest = SHA256.hash("a".utf8)
        #expect(digest == SHA256.hash("a".utf8))
        #expect(digest != SHA256.hash("b".utf8))
        for index in 0..<8 {
            var words = SIMD8<UInt32>(repeating: 7)
            words[index] ^= 1 << 31
            #expect(SHA256.Digest(words: words) != SHA256.Digest(words: SIMD8(repeating: 7)))
        }
    }

    private func md5Text(_ bytes: UnsafeRawBufferPointer) -> String {
        withUnsafeBytes(of: MD5.hash(bytes)) { hexadecimal(Array($0)) }
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }
}
