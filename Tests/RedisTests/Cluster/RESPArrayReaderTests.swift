import NIOCore
import TestSupport
import Testing

@testable import Redis

@Suite struct RESPArrayReaderTests {
    private func read(_ pieces: [String]) throws -> [RESPValue] {
        var reader = RESPArrayReader()
        var values: [RESPValue] = []
        for piece in pieces {
            try reader.feed(ByteBuffer(string: piece))
            while let value = try reader.next() { values.append(value) }
        }
        return values
    }

    @Test("replies that are cut at any byte are read the same")
    func cuts() throws {
        let text =
            "+OK\r\n*3\r\n:0\r\n:5460\r\n*3\r\n$9\r\n127.0.0.1\r\n:30001\r\n*0\r\n-ERR no\r\n$-1\r\n*-1\r\n$0\r\n\r\n"
        let node = RESPValue.array([.text("127.0.0.1"), .number(30001), .array([])])
        let expected: [RESPValue] = [
            .text("OK"), .array([.number(0), .number(5460), node]), .error("ERR no"), .null, .null, .text(""),
        ]
        for cut in 0...text.utf8.count {
            let pieces = [text.utf8.prefix(cut), text.utf8.dropFirst(cut)].map { String(decoding: $0, as: UTF8.self) }
            #expect(try read(pieces) == expected)
        }
        #expect(try read(text.map(String.init)) == expected)
    }

    @Test(
        "an invalid reply, or one beyond the limits, is a violation", .proves("T56"),
        arguments: [
            "*2147483647\r\n", "*65537\r\n", "*-2\r\n", "*x\r\n", "$1025\r\n", "$-2\r\n", "$3\r\nabcde", ":\r\n",
            "%1\r\n",
            "HTTP/1.1 400 Bad Request\r\n", "\r\n", "+a\n", String(repeating: "*1\r\n", count: 7),
            "+" + String(repeating: "a", count: 2000),
        ])
    func violations(text: String) {
        #expect(throws: RESPArrayReader.Violation.self) { try read([text]) }
        #expect(throws: RESPArrayReader.Violation.self) { try read(text.map(String.init)) }
    }

    @Test("the limits on elements and bytes apply to a reply as a whole", .proves("T56"))
    func totals() throws {
        #expect(throws: RESPArrayReader.Violation.self) {
            try read(["*300\r\n"] + Array(repeating: "*300\r\n" + String(repeating: ":1\r\n", count: 300), count: 300))
        }
        let string = "$1000\r\n\(String(repeating: "a", count: 1000))\r\n"
        #expect(throws: RESPArrayReader.Violation.self) {
            try read(["*2000\r\n"] + Array(repeating: string, count: 2000))
        }
        #expect(try read(["*900\r\n"] + Array(repeating: string, count: 900)).count == 1)
    }
}
