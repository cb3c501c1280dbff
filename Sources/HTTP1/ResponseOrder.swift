import NIOCore

/// The order in which answers leave a connection: that of their requests, whichever is ready first (RFC 9112, 9.3.2).
///
/// A value without a channel: it decides, `HTTPConnection` acts.
struct AnswerOrder {
    private var nextRequest: UInt64 = 0
    private var nextAnswer: UInt64 = 0
    private var parked: [UInt64: ByteBuffer] = [:]
    /// How many requests will have been answered here in the end.
    private var total: UInt64?

    /// Requests that are not answered yet.
    var outstanding: Int { Int(nextRequest - nextAnswer) }

    /// Whether everything that was ever going to be answered has been.
    var isFinished: Bool { total.map { nextAnswer >= $0 } ?? false }

    /// Whether requests are still taken.
    var isOpen: Bool { total == nil }

    /// The place of a new request.
    mutating func admit() -> UInt64 {
        defer { nextRequest += 1 }
        return nextRequest
    }

    /// Makes this the last request that is answered.
    mutating func close(after position: UInt64) { total = total ?? position + 1 }

    /// Takes no more requests; those outstanding are answered.
    mutating func close() { total = total ?? nextRequest }

    /// Whether an answer to this request may be written now.
    func isNext(_ position: UInt64) -> Bool { position == nextAnswer }

    /// Whether nothing will be answered behind this request.
    func isLast(_ position: UInt64) -> Bool { total == position + 1 }

    /// Keeps an answer until those before it have left.
    mutating func park(_ answer: ByteBuffer, at position: UInt64) { parked[position] = answer }

    /// Notes that the next answer was written.
    ///
    /// - Returns: the answer after it, if it was parked: to be written, and noted, too.
    mutating func advance() -> ByteBuffer? {
        nextAnswer += 1
        return parked.isEmpty ? nil : parked.removeValue(forKey: nextAnswer)
    }
}
