import NIOCore

/// A request's body as it arrives, bounded.
struct RequestBody {
    private(set) var bytes = ByteBuffer()
    /// Whether `bytes` are a piece of a read's memory, which may be much larger.
    private var isBorrowed = false
    private let limit: Int

    /// Takes at most this many bytes.
    init(limit: Int) { self.limit = limit }

    /// Adds a part; the first one is kept as it is, without a copy.
    ///
    /// - Returns: false if the body is now larger than its limit; then nothing of the part is kept.
    mutating func append(_ part: ByteBuffer) -> Bool {
        guard part.readableBytes <= limit - bytes.readableBytes else { return false }
        isBorrowed = bytes.readableBytes == 0
        if isBorrowed {
            bytes = part
        } else {
            bytes.writeImmutableBuffer(part)
        }
        return true
    }

    /// Copies it out of the memory of a read, if it is to be kept until the next one.
    mutating func keep() {
        guard isBorrowed else { return }
        bytes = ByteBuffer(bytes: bytes.readableBytesView)
        isBorrowed = false
    }
}
