import Bytes
import NIOCore

/// One reply of the server, as far as this client can use it.
///
/// A payload is a slice of a buffer that the reader reuses; keeping it is safe and costs the reader a new buffer.
enum RESPReply: Equatable {
    /// A status line without its `+`, such as `OK`.
    case status(ByteBuffer)
    /// An error line without its `-`, such as `LOADING Redis is loading the dataset in memory`.
    case error(ByteBuffer)
    /// A bulk string; may be empty and may hold any byte.
    case string(ByteBuffer)
    /// The null bulk string.
    case null
    /// A well-formed reply of a type that this client's commands never get; `type` is hiredis's number for it.
    case unexpected(type: Int)
}

extension ByteBuffer {
    func equals(_ text: StaticString) -> Bool {
        withUnsafeReadableBytes { $0.equals(text) }
    }

    /// The peer's text as one printable line of at most 160 bytes, for people to read.
    var printableLine: String {
        String(decoding: readableBytesView.prefix(160), as: UTF8.self).printable { _ in "?" }
    }
}
