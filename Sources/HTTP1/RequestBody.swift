import NIOCore

/// A request's body as it arrives, bounded.
struct RequestBody {
    private var received = ReceiveBuffer()
    let limit: Int

    /// - Parameter limit: the most bytes that are accepted.
    init(limit: Int) { self.limit = limit }

    var bytes: ByteBuffer { received.bytes }

    /// Adds a part.
    ///
    /// - Returns: false if the body is now larger than its limit; then none of the part is kept.
    mutating func append(_ part: ByteBuffer) -> Bool {
        guard part.readableBytes <= limit - received.count else { return false }
        received.append(part)
        return true
    }

    /// Keeps the body after the read that brought it.
    mutating func detach() { received.detach() }
}
