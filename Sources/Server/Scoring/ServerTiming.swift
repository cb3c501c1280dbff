import Bytes

/// Where a scoring request's time went, in nanoseconds; the `Server-Timing` header has it in milliseconds.
struct ServerTiming {
    var validate: UInt64 = 0
    var cache: UInt64 = 0
    var score: UInt64 = 0

    /// More than `write` writes, in bytes.
    static let maximumBytes = 160

    /// Writes the header (https://www.w3.org/TR/server-timing/), beginning with a line break.
    func write(to output: inout ByteWriter) {
        output.put("\r\nServer-Timing: validate;dur=")
        output.putMilliseconds(nanoseconds: validate)
        output.put(", cache;dur=")
        output.putMilliseconds(nanoseconds: cache)
        output.put(", score;dur=")
        output.putMilliseconds(nanoseconds: score)
    }
}
