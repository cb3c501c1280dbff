import NIOCore

/// A request's body as it arrives, bounded.
struct RequestBody {
    private(set) var bytes = ByteBuffer()
    private let limit: Int

    /// Takes at most this many bytes.
    init(limit: Int) { self.limit = limit }

    /// Adds a part; the first one is kept as it is, without a copy.
    ///
    /// - Returns: false if the body is now larger than its limit; then nothing of the part is kept.
    mutating func append(_ part: ByteBuffer) -> Bool {
        guard part.readableBytes <= limit - bytes.readableBytes else { return false }
        if bytes.readableBytes == 0 {
            bytes = part
        } else {
            bytes.writeImmutableBuffer(part)
        }
        return true
    }
}
