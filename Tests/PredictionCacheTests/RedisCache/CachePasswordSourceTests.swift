import Foundation
import Logging
import TestSupport
import Testing

@testable import PredictionCache

@Suite struct CachePasswordSourceTests {
    @Test("while the file cannot be read the last password stays in use, with one warning", .proves("C5.3"))
    func deleted() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = LogLines()
        let logger = Logger(label: "test") { _ in CollectingLogHandler(lines: lines) }
        let source = CachePasswordSource(CachePasswordFile(path: file.path), logger)
        #expect(throws: CachePasswordFile.ReadError.self, "never read") { try source.read() }
        try Data("one\n".utf8).write(to: file)
        #expect(try source.read() == "one")
        try FileManager.default.removeItem(at: file)
        for _ in 0..<3 { #expect(try source.read() == "one") }
        try Data("two\n".utf8).write(to: file)
        #expect(try source.read() == "two")
        #expect(
            lines.all == [
                "warning: cache: the password cannot be read, and the last one stays in use: "
                    + "No such file or directory: CACHE_PASSWORD_FILE=\(file.path)",
                "info: cache: the password can be read again: CACHE_PASSWORD_FILE=\(file.path)",
            ])
    }
}
