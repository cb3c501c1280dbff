import NIOCore
import TestSupport
import Testing

@testable import Redis

/// hiredis's reader with our constructors: the same replies however bytes are cut, and no way for a peer to harm us.
@Suite struct RESPReaderTests {
    /// What a reader made of chunks fed one after the other.
    struct Reading: Equatable {
        var replies: [RESPReply] = []
        var violation: String?
        var undeliveredBytes = 0
    }

    static let stream: [UInt8] =
        Array("+OK\r\n$5\r\nhello\r\n-LOADING now\r\n$0\r\n\r\n$-1\r\n:42\r\n$4\r\n\r\n\0\u{1}\r\n+\r\n$12\r\n".utf8)
        + [0, 255, 13, 10, 43, 36, 42, 58, 45, 128, 0, 13, 13, 10] + Array("$1".utf8)

    static let replies: [RESPReply] = [
        .status(ByteBuffer(string: "OK")), .string(ByteBuffer(string: "hello")),
        .error(ByteBuffer(string: "LOADING now")), .string(ByteBuffer()), .null, .unexpected(type: 3),
        .string(ByteBuffer(bytes: [13, 10, 0, 1])), .status(ByteBuffer()),
        .string(ByteBuffer(bytes: [0, 255, 13, 10, 43, 36, 42, 58, 45, 128, 0, 13])),
    ]

    private func read(_ chunks: [some Collection<UInt8>], atMost limit: Int = .max) throws -> Reading {
        let reader = try #require(RESPReader())
        var reading = Reading()
        for chunk in chunks {
            reading.violation = reader.decode(ByteBuffer(bytes: chunk), atMost: limit, into: &reading.replies)
        }
        reading.undeliveredBytes = reader.undeliveredBytes
        return reading
    }

    @Test("many replies in one read")
    func manyRepliesInOneFeed() throws {
        let reading = try read([Self.stream])
        #expect(reading == Reading(replies: Self.replies, violation: nil, undeliveredBytes: 2))
    }

    @Test("replies byte by byte")
    func byteByByte() throws {
        let reading = try read(Self.stream.map { [$0] })
        #expect(reading == Reading(replies: Self.replies, violation: nil, undeliveredBytes: 2))
    }

    @Test(
        "replies split at any point",
        arguments: 0...stream.count)
    func everySplitPoint(cut: Int) throws {
        let reading = try read([Self.stream[..<cut], Self.stream[cut...]])
        #expect(reading == Reading(replies: Self.replies, violation: nil, undeliveredBytes: 2))
    }

    @Test("replies split at any two points")
    func everyPairOfSplitPoints() throws {
        for first in 0...Self.stream.count {
            for second in first...Self.stream.count {
                let reading = try read([Self.stream[..<first], Self.stream[first..<second], Self.stream[second...]])
                #expect(reading.replies == Self.replies && reading.violation == nil)
            }
        }
    }

    @Test("the count of undelivered bytes is exact after each byte")
    func undeliveredBytesAreExactAfterEveryByte() throws {
        let reader = try #require(RESPReader())
        var replies: [RESPReply] = []
        for reply in ["$5\r\nhello\r\n", "+OK\r\n", "$2000\r\n" + String(repeating: "x", count: 2000) + "\r\n"] {
            let bytes = Array(reply.utf8)
            for (index, byte) in bytes.enumerated() {
                #expect(reader.decode(ByteBuffer(bytes: [byte]), atMost: .max, into: &replies) == nil)
                #expect(reader.undeliveredBytes == (index + 1 == bytes.count ? 0 : index + 1))
            }
        }
        #expect(replies.count == 3)
    }

    @Test("replies beyond the limit stay undecoded")
    func whatIsOverTheLimitStaysUndecoded() throws {
        let reader = try #require(RESPReader())
        var replies: [RESPReply] = []
        #expect(reader.decode(ByteBuffer(string: "+a\r\n+b\r\n+c\r\n"), atMost: 2, into: &replies) == nil)
        #expect(replies == [.status(ByteBuffer(string: "a")), .status(ByteBuffer(string: "b"))])
        #expect(reader.undeliveredBytes == 4)
        #expect(reader.decode(ByteBuffer(string: "+d\r\n"), atMost: 5, into: &replies) == nil)
        #expect(replies.dropFirst(2) == [.status(ByteBuffer(string: "c")), .status(ByteBuffer(string: "d"))])
        #expect(reader.undeliveredBytes == 0)
    }

    @Test(
        "hostile bytes are a violation at once",
        arguments: [
            "*2147483647\r\n", "*1\r\n+OK\r\n", "*0\r\n", "*-1\r\n", "*-2\r\n", "*99999999999999999999\r\n", "*a\r\n",
            "$-2\r\n", "$99999999999999999999\r\n", "$a\r\n", "$\r\n", "$3x\r\n", "$ 3\r\n", "$+3\r\n", "$03\r\n",
            "$3\r\nabcdef\r\n", "$3\r\nabc\n\r", "$0\r\nab",
            "\r\n", "\n", "\0", "GET / HTTP/1.1\r\n", "hello\r\n", "\u{1B}[31m", " +OK\r\n",
        ])
    func hostileBytesAreAViolationAtOnce(text: String) throws {
        let reading = try read([Array(("+OK\r\n" + text).utf8)])
        #expect(reading.replies == [.status(ByteBuffer(string: "OK"))])
        #expect(reading.violation != nil)
    }

    @Test("the error of an array names it")
    func anArrayIsRefusedByName() throws {
        let reading = try read([Array("*2147483647\r\n".utf8)])
        #expect(reading.violation == "an array reply, which no command here asks for")
    }

    /// RESP3 types: hiredis 0.14 knows none of them, 1.x some; none gives a usable reply.
    @Test(
        "types of the newer protocol give nothing usable",
        arguments: [
            "_\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n", "=7\r\ntxt:abc\r\n", "%1\r\n+a\r\n+b\r\n", "~1\r\n+a\r\n",
            ">1\r\n+a\r\n", "|1\r\n+a\r\n+b\r\n", "!3\r\nERR\r\n",
        ])
    func typesOfTheNewerProtocolGiveNothingUsable(text: String) throws {
        let reading = try read([Array(text.utf8)])
        let isUnusable = reading.replies.allSatisfy { reply in
            if case .unexpected = reply { true } else { false }
        }
        #expect(isUnusable)
        #expect(reading.violation != nil || !reading.replies.isEmpty)
    }

    /// No memory is reserved for a length that is only announced.
    @Test(
        "an announced length takes no memory before its bytes arrive",
        arguments: ["$8589934592\r\n", "$9223372036854775807\r\n", "$9223372036854775805\r\n"])
    func anAnnouncedLengthIsOnlyCounted(header: String) throws {
        let reading = try read([Array((header + "abc").utf8), Array("def".utf8)])
        #expect(reading == Reading(replies: [], violation: nil, undeliveredBytes: header.utf8.count + 6))
    }

    @Test(
        "a line without an end is only counted",
        arguments: ["+", "-", ":", "$", "*"])
    func aLineWithoutEndIsOnlyCounted(type: String) throws {
        let line = Array((type + String(repeating: "1", count: 300_000)).utf8)
        let reading = try read([line])
        #expect(reading == Reading(replies: [], violation: nil, undeliveredBytes: 300_001))
    }

    @Test("a reader stays broken after a violation")
    func aReaderStaysBrokenAfterAViolation() throws {
        let reader = try #require(RESPReader())
        var replies: [RESPReply] = []
        let violation = reader.decode(ByteBuffer(string: "garbage"), atMost: .max, into: &replies)
        #expect(violation?.isEmpty == false)
        #expect(reader.decode(ByteBuffer(string: "+OK\r\n"), atMost: .max, into: &replies) == violation)
        #expect(replies.isEmpty)
    }

    @Test("a value outlives later reads and the reader")
    func aValueOutlivesLaterReadsAndTheReader() throws {
        var kept: [RESPReply] = []
        do {
            let reader = try #require(RESPReader())
            for digit in 0..<10 {
                let bytes = ByteBuffer(string: "$5\r\n\(String(repeating: "\(digit)", count: 5))\r\n")
                #expect(reader.decode(bytes, atMost: .max, into: &kept) == nil)
            }
        }
        #expect(kept == (0..<10).map { .string(ByteBuffer(string: String(repeating: "\($0)", count: 5))) })
    }

    @Test("readers are freed in each state")
    func readersAreFreedInEveryState() throws {
        weak var last: RESPReader?
        for bytes in ["", "+OK\r\n", "$5\r\nhel", "garbage", "*3\r\n", "$"] {
            do {
                let reader = try #require(RESPReader())
                var replies: [RESPReply] = []
                _ = reader.decode(ByteBuffer(string: bytes), atMost: .max, into: &replies)
                last = reader
            }
            #expect(last == nil)
        }
    }

    @Test(
        "garbage is read the same however it is cut",
        arguments: 0..<50 as Range<UInt64>)
    func garbageIsReadTheSameWhateverTheCuts(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("+-:$*0123456789\r\n\r\nab\0_#%".utf8)
        for _ in 0..<200 {
            let length = Int.random(in: 0..<60, using: &generator)
            let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            let whole = try read([bytes])
            #expect(try read(bytes.map { [$0] }).replies == whole.replies)
        }
    }
}
