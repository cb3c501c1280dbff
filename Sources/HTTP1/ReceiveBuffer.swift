import NIOCore

/// Bytes that were received and not yet parsed; at first they stay in the memory of the read that brought them.
struct ReceiveBuffer {
    private(set) var bytes = ByteBuffer()
    /// Whether the memory belongs to a read. It may be much larger, and the next read reuses it.
    private var isBorrowed = false

    var count: Int { bytes.readableBytes }

    /// Appends bytes; the first ones without a copy.
    mutating func append(_ more: ByteBuffer) {
        isBorrowed = count == 0
        if isBorrowed { bytes = more } else { bytes.writeImmutableBuffer(more) }
    }

    /// Copies the bytes to memory of their own, just large enough, so that they outlive the read.
    mutating func detach() {
        if count == 0 {
            bytes = ByteBuffer()
        } else if isBorrowed || bytes.readerIndex > 0 {
            bytes = ByteBuffer(bytes: bytes.readableBytesView)
        }
        isBorrowed = false
    }

    /// Takes bytes from the start; nil if there are fewer.
    mutating func removeFirst(_ count: Int) -> ByteBuffer? { bytes.readSlice(length: count) }

    mutating func dropFirst(_ count: Int) { bytes.moveReaderIndex(forwardBy: count) }

    mutating func removeAll() { self = ReceiveBuffer() }

    /// The byte at an offset; nil if it has not arrived.
    subscript(offset: Int) -> UInt8? { bytes.getInteger(at: bytes.readerIndex + offset) }
}
