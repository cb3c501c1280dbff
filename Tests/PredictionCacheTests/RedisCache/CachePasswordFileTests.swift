import Bytes
import Foundation
import Testing

@testable import PredictionCache

/// The password's file: small, regular, UTF-8 text, used without its line break.
@Suite struct CachePasswordFileTests {
    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }

    private func error(_ path: String) -> String? {
        #expect(throws: CachePasswordFile.ReadError.self) { try CachePasswordFile(path: path).read() }?.description
    }

    @Test("the password is the file's text without one trailing line break")
    func lineBreak() throws {
        let cases = [
            ("p", "p"), ("p\n", "p"), ("p\r\n", "p"), ("p\n\n", "p\n"), (" p \n", " p "), ("a\nb\n", "a\nb"),
            ("pässwörd%40\n", "pässwörd%40"),
        ]
        for (text, password) in cases {
            #expect(try withFile(Array(text.utf8)) { try CachePasswordFile(path: $0).read() } == password)
        }
    }

    @Test("a file of 16 KiB, as tokens may be, is read; a longer one is an error")
    func size() throws {
        let bytes = [UInt8](repeating: 97, count: 16_384)
        #expect(try withFile(bytes) { try CachePasswordFile(path: $0).read() }.utf8.count == 16_384)
        #expect(try withFile(bytes + [10]) { error($0) }?.hasPrefix("it is longer than 16384 bytes: ") == true)
    }

    @Test("an invalid password is an error with its reason and the file's name, never its text")
    func refused() throws {
        for text in ["", "\n", "\r\n"] {
            try withFile(Array(text.utf8)) { path in
                #expect(error(path) == "it is empty: CACHE_PASSWORD_FILE=\(path)")
            }
        }
        try withFile([0x70, 0xFF]) { #expect(error($0) == "it is not UTF-8: CACHE_PASSWORD_FILE=\($0)") }
        #expect(error("/") == "it is not a regular file: CACHE_PASSWORD_FILE=/")
        #expect(error("/dev/zero") == "it is not a regular file: CACHE_PASSWORD_FILE=/dev/zero")
        #expect(error("/missing/p") == "No such file or directory: CACHE_PASSWORD_FILE=/missing/p")
    }

    @Test("a pipe without a writer is an error at once")
    func pipe() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(error(path)?.hasPrefix("it is not a regular file") == true)
    }

    @Test("a file larger than its size claims is read whole, within the bound")
    func growing() throws {
        #if os(Linux)
        // Files of procfs report a size of 0.
        let bytes = try SmallFile.read("/proc/version", atMost: 4096)
        #expect(bytes.starts(with: Array("Linux".utf8)))
        #expect(throws: SmallFile.ReadError.self) { try SmallFile.read("/proc/version", atMost: bytes.count - 1) }
        #expect(try SmallFile.read("/proc/version", atMost: bytes.count) == bytes)
        #endif
    }
}
