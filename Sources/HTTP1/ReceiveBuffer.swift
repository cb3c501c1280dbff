import NIOCore

/// Bytes of a connection that are held until they can be used, at first in the memory of the read that has brought them.
struct HeldBytes {
    private(set) var bytes = ByteBuffer()
    /// Whether the memory is a read's, which may be much larger, and is wanted back for the next one.
    private var isBorrowed = false

    var count: Int { bytes.readableBytes }

    /// Adds bytes; the first ones without a copy.
    mutating func append(_ more: ByteBuffer) {
        isBorrowed = count == 0
        if isBorrowed { bytes = more } else { bytes.writeImmutableBuffer(more) }
    }

    /// Copies them to memory of their own, and gives back what they do not need, since they outlive the read.
    mutating func keep() {
        if count == 0 {
            bytes = ByteBuffer()
        } else if isBorrowed || bytes.readerIndex > 0 {
            bytes = ByteBuffer(bytes: bytes.readableBytesView)
        }
        isBorrowed = false
    }

    /// Takes bytes from their start, of which there must be as many.
    mutating func removeFirst(_ count: Int) -> ByteBuffer? { bytes.readSlice(length: count) }

    mutating func dropFirst(_ count: Int) { bytes.moveReaderIndex(forwardBy: count) }

    mutating func removeAll() { self = HeldBytes() }

    /// The byte there; nil if it has not come.
    subscript(offset: Int) -> UInt8? { bytes.getInteger(at: bytes.readerIndex + offset) }
}
