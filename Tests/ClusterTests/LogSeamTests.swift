import Testing

@testable import Cluster

/// Joining streams of one log.
@Suite struct LogSeamTests {
    private static func read(_ seam: inout LogSeam, _ streams: [String], isContinued: Bool = false) throws -> String {
        var text: [UInt8] = []
        seam.begin(isContinued: isContinued)
        for bytes in streams { try seam.read(Array(bytes.utf8)) { text += $0 } }
        return String(decoding: text, as: UTF8.self)
    }

    private static func line(_ second: Int, _ fraction: Int, _ text: String) -> String {
        "2026-11-21T07:25:\(second).\(100_000_000 + fraction)Z \(text)\n"
    }

    private static let lines = [
        line(10, 1, "a"), line(10, 2, "b"), line(10, 2, "c"), line(10, 2, "d"), line(10, 3, "e"), line(11, 1, "f"),
    ]

    @Test("Wherever a stream breaks off, the next one continues with each line once", arguments: 0...6)
    func anyBreak(count: Int) throws {
        var seam = LogSeam()
        let torn = count < 6 ? String(Self.lines[count].dropLast(2)) : ""
        let first = try Self.read(&seam, [Self.lines[..<count].joined(), torn])
        try seam.end(isLast: false) { _ in Issue.record("half a line was taken") }
        let second = try Self.read(&seam, Self.lines.map(\.self), isContinued: true)
        #expect(first + second == "a\nb\nc\nd\ne\nf\n")
        #expect(!seam.isLost)
    }

    @Test("Bytes may arrive in any pieces, and a line without a time is taken as it is")
    func pieces() throws {
        var seam = LogSeam()
        let text = Self.lines.joined() + "unable to retrieve container logs\n"
        let whole = try Self.read(&seam, text.map(String.init))
        #expect(whole == "a\nb\nc\nd\ne\nf\nunable to retrieve container logs\n")
        #expect(seam.lastTimeText == "2026-11-21T07:25:11.100000001Z")
    }

    @Test("A stream without the last known line is reported as lost")
    func lost() throws {
        var seam = LogSeam()
        _ = try Self.read(&seam, [Self.line(10, 1, "a")])
        #expect(throws: LogSeam.Lost.self) {
            try Self.read(&seam, [Self.line(10, 5, "x"), Self.line(12, 1, "y")], isContinued: true)
        }
        #expect(try Self.read(&seam, [Self.line(10, 5, "x")], isContinued: true) == "")
        #expect(seam.isLost)
        #expect(try Self.read(&seam, [Self.line(10, 5, "x")]) == "x\n")
    }

    @Test("The last line of an ended container may lack its line feed")
    func lastLine() throws {
        var seam = LogSeam()
        var text = try Self.read(&seam, [Self.line(10, 1, "a"), "2026-11-21T07:25:10.100000002Z b"])
        try seam.end(isLast: true) { text += String(decoding: $0, as: UTF8.self) }
        #expect(text == "a\nb")
    }

    @Test("A last line without a line feed in a stream that lacks the last known one is not taken, and is not an error")
    func lastLineOfALostStream() throws {
        var seam = LogSeam()
        _ = try Self.read(&seam, [Self.line(10, 1, "a")])
        _ = try Self.read(&seam, ["2026-11-21T07:25:12.100000001Z b"], isContinued: true)
        try seam.end(isLast: true) { _ in Issue.record("a line was taken") }
        #expect(seam.isLost)
    }
}
