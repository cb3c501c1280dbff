import Files
import Foundation
import Testing

@testable import LoadReport

/// CSV by RFC 4180, and the variants that tools and broken disks produce.
@Suite struct RecordReaderTests {
    private func read(_ data: Data) throws -> (rows: [[String]], losses: RecordReader.Losses) {
        let folder = try ReportFolder()
        try folder.write(data, to: "a.csv")
        var rows: [[String]] = []
        let losses = try RecordReader.read(TextFile(path: folder.path("a.csv"))) { _, row in
            rows.append(row)
            return row != ["broken"]
        }
        return (rows, losses)
    }

    @Test("Quotes, commas and line ends inside quotes are text", arguments: ["\n", "\r\n", "\r"])
    func quotedText(
        end: String
    ) throws {
        let text = ["a,b,c", "\"x, \"\"y\"\"\nz\",,2", "", "1,2,\"\""].joined(separator: end) + end
        let (rows, losses) = try read(Data(text.utf8))
        #expect(rows == [["a", "b", "c"], ["x, \"y\"\nz", "", "2"], ["1", "2", ""]])
        #expect(losses == .init())
    }

    @Test("A quote in the middle of a field is text")
    func quoteInsideField() throws {
        #expect(try read(Data("5\" pipe,\"a\"b\n".utf8)).rows == [["5\" pipe", "ab"]])
    }

    @Test("PowerShell's UTF-16 is read")
    func utf16() throws {
        var data = Data([0xFF, 0xFE])
        data.append(try #require("a,b\r\n1,2\r\n".data(using: .utf16LittleEndian)))
        #expect(try read(data).rows == [["a", "b"], ["1", "2"]])
    }

    @Test(
        "A last record that is cut short is left out and reported",
        arguments: ["1", "1,", "1,2,\"thr", "1,2,\"three\nfour\n"])
    func cutRecord(end: String) throws {
        let (rows, losses) = try read(Data("a,b,c\n1,2,3\n\(end)".utf8))
        #expect(rows == [["a", "b", "c"], ["1", "2", "3"]])
        #expect(losses == .init(count: 1, firstRecord: 3))
    }

    @Test("A complete last record without a line end counts")
    func lastRecordWithoutLineEnd() throws {
        let (rows, losses) = try read(Data("a,b\n1,2".utf8))
        #expect(rows.last == ["1", "2"] && losses == .init())
    }

    @Test("A record that is too long affects neither the next one nor memory")
    func overlongRecord() throws {
        let long = String(repeating: "x", count: 1_000_000)
        let commas = String(repeating: ",", count: 100_000)
        let (rows, losses) = try read(Data("a\n\(long)\n\(commas)\n\"\(long)\"\nb\nbroken\n".utf8))
        #expect(rows == [["a"], ["b"], ["broken"]])
        #expect(losses == .init(count: 4, firstRecord: 2))
    }
}
