import Platform

/// Reads a small file whole, within bounds and without waiting, so that an event loop may do it.
package enum SmallFile {
    /// Why a file was not read; prints as a clause for a person.
    package struct ReadError: Error, CustomStringConvertible {
        package let description: String
    }

    /// Reads a regular file.
    ///
    /// - Throws: if it cannot be read, is not a regular file (a pipe could keep its reader waiting), or has more bytes.
    package static func read(_ path: String, atMost maximumBytes: Int) throws(ReadError) -> [UInt8] {
        // Opening a pipe without a writer would wait as well.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw error(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(description: "it is not a regular file") }
        // Not read by the size that fstat gives: the file may grow meanwhile.
        var bytes = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 0), maximumBytes) + 1)
        var count = 0
        while count <= maximumBytes {
            if count == bytes.count { bytes.append(contentsOf: repeatElement(0, count: maximumBytes + 1 - count)) }
            let part = bytes.withUnsafeMutableBytes { buffer in
                Platform.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if part < 0 && errno == EINTR { continue }
            guard part >= 0 else { throw error(errno) }
            if part == 0 { return Array(bytes.prefix(count)) }
            count += part
        }
        throw ReadError(description: "it is longer than \(maximumBytes) bytes")
    }

    private static func error(_ code: Int32) -> ReadError {
        ReadError(description: String(cString: strerror(code)))
    }
}
