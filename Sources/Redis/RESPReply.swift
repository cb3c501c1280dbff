import NIOCore

/// One reply of the server, as far as this client can use it.
///
/// A payload is a slice of a buffer that the reader reuses; holding on to it is safe and costs the reader a new buffer.
enum RESPReply: Equatable {
    /// A status line without its `+`, such as `OK`.
    case status(ByteBuffer)
    /// An error line without its `-`, such as `LOADING Redis is loading the dataset in memory`.
    case error(ByteBuffer)
    /// A bulk string; may be empty and may hold any byte.
    case string(ByteBuffer)
    /// The null bulk string.
    case null
    /// A well-formed reply of a type that answers no command of this client; `type` is hiredis's number for it.
    case unexpected(type: Int)
}

extension ByteBuffer {
    /// Whether the readable bytes are those of `word`, found out without making a buffer of it.
    func isWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { readableBytesView.elementsEqual($0) }
    }

    /// The peer's text as one printable line of at most 160 bytes: it ends up in messages for people.
    var printableLine: String {
        let text = String(decoding: readableBytesView.prefix(160), as: UTF8.self)
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
                line.append("?")
            default:
                line.append(scalar)
            }
        }
        return String(line)
    }
}
