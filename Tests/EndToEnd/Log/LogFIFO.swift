import Foundation
import Testing

/// A named pipe for a server's stdout or stderr, read only when the test wants to.
final class LogFIFO {
    let path: String
    private var descriptor: Int32

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString).fifo").path
        try #require(mkfifo(path, 0o600) == 0, "\(String(cString: strerror(errno)))")
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0, "\(String(cString: strerror(errno)))")
    }

    deinit {
        close()
        unlink(path)
    }

    /// Closes the reader's end, as when a reader of a pipe exits.
    func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    /// Fills it, so that a writer waits until it is read.
    func fill() throws {
        let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        defer { Foundation.close(writer) }
        while write(writer, "-", 1) == 1 {}
        try #require(errno == EAGAIN, "\(String(cString: strerror(errno)))")
    }

    /// Reads until the text has appeared.
    func read(until part: String) throws {
        var text = ""
        while !text.contains(part) { text = String(text.suffix(part.count)) + (try read(bytes: 1)) }
    }

    /// Reads until there is this much, or until the server has ended.
    func read(bytes: Int = .max, seconds: Double = 60) throws -> String {
        var collected: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let deadline = Date().addingTimeInterval(seconds)
        while collected.count < bytes {
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&readable, 1, 1000)
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            try #require(count > 0 || errno == EAGAIN, "\(String(cString: strerror(errno)))")
            try #require(Date() < deadline, "only \(collected.count) bytes in time")
            if count > 0 { collected += buffer[..<count] }
        }
        return String(decoding: collected, as: UTF8.self)
    }
}
