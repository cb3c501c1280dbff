import NIOCore

/// A request's body as it arrives, bounded.
struct RequestBody {
    private var held = HeldBytes()
    private let limit: Int

    /// Takes at most this many bytes.
    init(limit: Int) { self.limit = limit }

    var bytes: ByteBuffer { held.bytes }

    /// Adds a part.
    ///
    /// - Returns: false if the body is now larger than its limit; then nothing of the part is kept.
    mutating func append(_ part: ByteBuffer) -> Bool {
        guard part.readableBytes <= limit - held.count else { return false }
        held.append(part)
        return true
    }

    /// Keeps it beyond the read that has brought it.
    mutating func keep() { held.keep() }
}
