import Foundation
import Testing

@testable import Server

/// Messages for a stderr that is not read until later.
@Suite struct MessageStreamTests {
    private let pipe = Pipe()

    /// Fills the pipe, so that the next write of a message waits for a reader.
    private func fill() throws {
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let mode = fcntl(descriptor, F_GETFL)
        try #require(fcntl(descriptor, F_SETFL, mode | O_NONBLOCK) == 0)
        while write(descriptor, "-", 1) == 1 {}
        try #require(errno == EAGAIN && fcntl(descriptor, F_SETFL, mode) == 0)
    }

    /// Reads until a line has the text.
    private func read(until part: String) -> String {
        var text = ""
        while !text.hasSuffix("\n") || !text.contains(part) {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
        }
        return text
    }

    @Test("unread messages block nothing, and the number of dropped ones is logged once it can be")
    func unread() throws {
        try fill()
        let stream = MessageStream(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
        let message = String(repeating: "m", count: 999) + "\n"
        for _ in 0..<1000 { stream.write(message) }
        stream.flush()
        let text = read(until: "dropped meanwhile")
        let written = text.components(separatedBy: message).count - 1
        #expect(written > 0 && written <= 65)
        #expect(text.contains(" warning bungalow: "))
        #expect(text.contains("stderr can be written again; \(1000 - written) messages were dropped meanwhile"))
        #expect(text.components(separatedBy: "dropped").count == 2)
        stream.write("later\n")
        #expect(read(until: "later") == "later\n")
    }

    @Test("a descriptor that cannot be written blocks nothing")
    func unwritable() {
        let stream = MessageStream(fileDescriptor: -1)
        for _ in 0..<1000 { stream.write("a message\n") }
        stream.flush()
    }

    @Test("flush waits until messages are written, in their order")
    func order() {
        let stream = MessageStream(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<1000 { stream.write("\(number)\n") }
        stream.flush()
        #expect(read(until: "999\n") == (0..<1000).map { "\($0)\n" }.joined())
    }
}
