import Bytes

/// The password or token of `CACHE_PASSWORD_FILE`; read at each attempt to connect and every few seconds, so that a rotated
/// one is picked up.
struct CachePasswordFile: Sendable {
    static let maximumBytes = 16 << 10

    let path: String

    /// Why there is no password now; prints as one line.
    struct ReadError: Error, CustomStringConvertible {
        let description: String
    }

    /// The file's text without one trailing line break.
    ///
    /// - Throws: if it is not a regular file of 1 byte to 16 KiB of UTF-8. An empty file is invalid, since it is more
    ///   likely being rotated than meant as no password.
    func read() throws(ReadError) -> String {
        var bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: Self.maximumBytes)
        } catch {
            throw readError("\(error)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let password = String(validating: bytes, as: UTF8.self) else { throw readError("it is not UTF-8") }
        guard !password.isEmpty else { throw readError("it is empty") }
        return password
    }

    private func readError(_ cause: String) -> ReadError {
        ReadError(description: "\(cause): CACHE_PASSWORD_FILE=\(path)")
    }
}
