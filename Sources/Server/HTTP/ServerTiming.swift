import NIOCore

/// Where a scoring call's time went, in nanoseconds; the `Server-Timing` header says it in milliseconds.
struct ServerTiming {
    var validate: UInt64 = 0
    var cache: UInt64 = 0
    var score: UInt64 = 0

    /// Appends the header (https://www.w3.org/TR/server-timing/), beginning with a line break.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeStaticString("\r\nServer-Timing: validate;dur=")
        buffer.writeMilliseconds(validate)
        buffer.writeStaticString(", cache;dur=")
        buffer.writeMilliseconds(cache)
        buffer.writeStaticString(", score;dur=")
        buffer.writeMilliseconds(score)
    }
}

extension ByteBuffer {
    /// Appends nanoseconds as milliseconds with four digits after the point, rounded down.
    fileprivate mutating func writeMilliseconds(_ nanoseconds: UInt64) {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        writeString(String(whole))
        // The leading 1 keeps the zeros; it is overwritten by the point.
        let start = writerIndex
        writeString(String(10_000 + rest / 100))
        setInteger(UInt8(ascii: "."), at: start)
    }
}
