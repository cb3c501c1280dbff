import Bytes
import Digests

/// The Bearer keys that may score, from `API_KEYS_FILE`.
///
/// Only digests are kept and compared, in constant time, so neither a key's length nor its beginning can be timed.
struct APIKeys: Sendable {
    private let digests: [SHA256.Digest]

    /// More than any issuer's keys need, and small enough for a head.
    private static let maximumKeyBytes = 4096

    /// Reads one key a line; blank lines, lines that begin with `#` and a UTF-8 byte-order mark are ignored.
    ///
    /// - Throws: `APIKeysError`, one line, if the file cannot be read, holds no key, or has a line that cannot be a
    ///   key.
    init(path: String) throws(APIKeysError) {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: 1 << 20)
        } catch {
            throw APIKeysError(path: path, reason: "cannot be read, \(error)")
        }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        var digests: [SHA256.Digest] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let key = Self.withoutBlanks(line)
            guard let first = key.first, first != UInt8(ascii: "#") else { continue }
            // What a client can send as a key and no proxy changes: more than RFC 6750's token68, without blanks.
            guard key.count <= Self.maximumKeyBytes, key.allSatisfy(\.isVisible) else {
                let allowed = "1 to \(Self.maximumKeyBytes) visible ASCII characters"
                throw APIKeysError(path: path, reason: "line \(index + 1) is not a key of \(allowed)")
            }
            digests.append(SHA256.hash(key))
        }
        guard !digests.isEmpty else { throw APIKeysError(path: path, reason: "holds no key") }
        self.digests = digests
    }

    private static func withoutBlanks(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.trimming { $0.isBlank || $0 == .carriageReturn }
    }

    /// Whether the value of an `Authorization` header is `Bearer` and one of the keys (RFC 6750, section 2.1).
    func accept(_ authorization: String?) -> Bool {
        guard let authorization, authorization.prefix(7).lowercased() == "bearer " else { return false }
        let digest = SHA256.hash(Self.withoutBlanks(Array(authorization.utf8.dropFirst(7))[...]))
        // Every key is compared, whichever matches.
        return digests.reduce(false) { found, other in (other == digest) || found }
    }
}

/// A file of keys that cannot be used.
struct APIKeysError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    /// What, where and what to do, in one line.
    var description: String { "API_KEYS_FILE=\(path) \(reason): use a readable file with one key a line" }
}
