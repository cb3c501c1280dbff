/// The password of `CACHE_PASSWORD_FILE`; read at each attempt to connect, so that a rotated one is picked up.
struct CachePasswordFile: Sendable {
    static let maximumBytes = 4096

    let path: String

    /// Why there is no password at the moment; prints as one line.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The file's text without one trailing line break.
    ///
    /// - Throws: if it is no regular file of 1 to 4096 bytes of UTF-8. An empty one is refused, since it is more likely
    ///   to be in the middle of its rotation than to mean that no password is needed.
    func read() throws(Failure) -> String {
        do {
            var bytes = try SmallFile.read(path, atMost: Self.maximumBytes)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let password = String(validating: bytes, as: UTF8.self) else {
                throw SmallFile.Failure(description: "it is not UTF-8")
            }
            guard !password.isEmpty else { throw SmallFile.Failure(description: "it is empty") }
            return password
        } catch {
            throw Failure(description: "\(error): CACHE_PASSWORD_FILE=\(path)")
        }
    }
}
