import Bytes
import Foundation
import TestSupport
import Testing

/// What may be an id, and what a fresh one looks like.
@Suite struct RequestIDTests {
    @Test(
        "an allowed id is kept as it is",
        arguments: ["a", "A-z_0-9", "X-Ms-Request-Id", String(repeating: "b", count: 64)])
    func allowed(text: String) throws {
        let id = try #require(RequestID(text))
        #expect(id.description == text)
        #expect(id.count == text.utf8.count)
        #expect(id == RequestID(text))
        #expect(id != RequestID(String(text.dropLast()) + "?") && id != RequestID("other"))
    }

    @Test(
        "any other id is invalid",
        arguments: ["", "a b", "a\n", "127.0.0.1", "a:b", "ä", "\0", String(repeating: "b", count: 65)])
    func invalid(text: String) {
        #expect(RequestID(text) == nil)
    }

    @Test("a fresh id is a version 4 UUID")
    func fresh() {
        #expect(
            RequestID(randomHigh: 0, low: 0).description == "00000000-0000-4000-8000-000000000000")
        #expect(
            RequestID(randomHigh: .max, low: .max).description == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(
            RequestID(randomHigh: 0x0123_4567_89AB_CDEF, low: 0x0123_4567_89AB_CDEF).description
                == "01234567-89ab-4def-8123-456789abcdef")
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            let text = RequestID(randomHigh: generator.next(), low: generator.next()).description
            #expect(UUID(uuidString: text)?.uuidString.lowercased() == text)
        }
    }
}
