import Crypto
import Foundation

/// The Bearer keys that may score, from `API_KEYS_FILE`.
///
/// Only digests are kept and compared, in constant time, so neither a key's length nor its beginning can be timed.
struct APIKeys: Sendable {
    private let digests: [SHA256.Digest]

    /// Reads one key a line; blank lines and lines that begin with `#` are ignored.
    ///
    /// - Throws: `APIKeysError`, one line, if the file cannot be read or holds no key.
    init(path: String) throws(APIKeysError) {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: 1 << 20)
        } catch {
            throw APIKeysError(path: path, reason: "cannot be read, \(error)")
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        let keys = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !keys.isEmpty else { throw APIKeysError(path: path, reason: "holds no key") }
        digests = keys.map { SHA256.hash(data: Data($0.utf8)) }
    }

    /// Whether the value of an `Authorization` header is `Bearer` and one of the keys (RFC 6750, section 2.1).
    func accept(_ authorization: String?) -> Bool {
        guard let authorization, authorization.prefix(7).lowercased() == "bearer " else { return false }
        let key = authorization.dropFirst(7).trimmingCharacters(in: .whitespaces)
        let digest = SHA256.hash(data: Data(key.utf8))
        // Every key is compared, whichever is right.
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
