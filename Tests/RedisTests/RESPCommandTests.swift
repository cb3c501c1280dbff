import NIOCore
import Testing

@testable import Redis

/// The bytes of every command, as Redis's protocol specification has them.
@Suite struct RESPCommandTests {
    private func bytes(_ text: String) -> [UInt8] {
        Array(text.utf8)
    }

    @Test(
        "GETRANGE asks for the first bytes",
        arguments: [(1, "0"), (10, "9"), (11, "10"), (65536, "65535"), (Int.max, "9223372036854775806")])
    func getRangeAsksForTheFirstBytes(byteCount: Int, last: String) {
        var buffer = ByteBuffer()
        bytes("key").withUnsafeBytes { RESPCommand.getRange(key: $0, upTo: byteCount, into: &buffer) }
        #expect(
            String(buffer: buffer)
                == "*4\r\n$8\r\nGETRANGE\r\n$3\r\nkey\r\n$1\r\n0\r\n$\(last.utf8.count)\r\n\(last)\r\n"
        )
    }

    @Test("SET carries the time to live")
    func setGivesTheEntryItsTimeToLive() {
        var buffer = ByteBuffer()
        bytes("k").withUnsafeBytes { key in
            bytes("[1.5]").withUnsafeBytes { value in
                RESPCommand.set(key: key, value: value, expireSeconds: 3600, into: &buffer)
            }
        }
        #expect(
            String(buffer: buffer)
                == "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\n[1.5]\r\n$2\r\nEX\r\n$4\r\n3600\r\n"
        )
    }

    @Test("no argument can become two")
    func noArgumentCanBecomeTwo() {
        var buffer = ByteBuffer()
        let hostile: [UInt8] = [0, 13, 10, 32, 36, 255]
        hostile.withUnsafeBytes { key in
            [UInt8]().withUnsafeBytes { value in
                RESPCommand.set(key: key, value: value, expireSeconds: 1, into: &buffer)
            }
        }
        let expected =
            bytes("*5\r\n$3\r\nSET\r\n$6\r\n") + hostile + bytes("\r\n$0\r\n\r\n$2\r\nEX\r\n$1\r\n1\r\n")
        #expect(Array(buffer.readableBytesView) == expected)
    }

    @Test("an empty buffer without an address is an empty argument")
    func anEmptyBufferWithoutAddressIsAnEmptyArgument() {
        var buffer = ByteBuffer()
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        RESPCommand.set(key: nothing, value: nothing, expireSeconds: 1, into: &buffer)
        #expect(String(buffer: buffer) == "*5\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n$2\r\nEX\r\n$1\r\n1\r\n")
    }

    @Test("the commands of the handshake are appended to each other")
    func theHandshakesCommandsAreAppendedToEachOther() {
        var buffer = ByteBuffer()
        RESPCommand.authenticate(user: nil, password: "secret", into: &buffer)
        RESPCommand.authenticate(user: "bob", password: "pass word", into: &buffer)
        RESPCommand.select(database: 15, into: &buffer)
        RESPCommand.ping(into: &buffer)
        #expect(
            String(buffer: buffer)
                == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n" + "*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$9\r\npass word\r\n"
                + "*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n" + "*1\r\n$4\r\nPING\r\n"
        )
    }

    @Test("the overhead covers the largest framing")
    func theOverheadCoversTheLargestFraming() {
        var buffer = ByteBuffer()
        let key = [UInt8](repeating: 1, count: 100_000)
        key.withUnsafeBytes { key in
            RESPCommand.set(key: key, value: key, expireSeconds: .max, into: &buffer)
        }
        #expect(buffer.readableBytes - 200_000 <= RESPCommand.overheadBytes)
    }
}
