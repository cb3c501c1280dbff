import NIOCore

/// The order in which responses leave a connection: that of their requests, whichever is ready first (RFC 9112, 9.3.2).
struct ResponseOrder {
    private var nextRequest: UInt64 = 0
    private var nextResponse: UInt64 = 0
    private var parked: [UInt64: ByteBuffer] = [:]
    /// The number of responses that this connection will have sent when it ends; nil while it is open.
    private var total: UInt64?

    /// Requests without a response so far.
    var outstanding: Int { Int(nextRequest - nextResponse) }

    /// Whether every response that will ever be sent has been written.
    var isFinished: Bool { total.map { nextResponse >= $0 } ?? false }

    /// Whether new requests are accepted.
    var isOpen: Bool { total == nil }

    /// The position of a new request.
    mutating func admit() -> UInt64 {
        defer { nextRequest += 1 }
        return nextRequest
    }

    /// Makes this the last request that gets a response.
    mutating func close(after position: UInt64) { total = total ?? position + 1 }

    /// Accepts no more requests; those outstanding still get their responses.
    mutating func close() { total = total ?? nextRequest }

    /// Whether the response to this request may be written now.
    func isNext(_ position: UInt64) -> Bool { position == nextResponse }

    /// Whether no response follows the one to this request.
    func isLast(_ position: UInt64) -> Bool { total == position + 1 }

    /// Keeps a response until those before it have been written.
    mutating func park(_ response: ByteBuffer, at position: UInt64) { parked[position] = response }

    /// Notes that the next response was written.
    ///
    /// - Returns: the response after it, if it was parked; write and note it, too.
    mutating func advance() -> ByteBuffer? {
        nextResponse += 1
        return parked.isEmpty ? nil : parked.removeValue(forKey: nextResponse)
    }
}
