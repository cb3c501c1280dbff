import Bytes
import NIOCore

/// The node that an error reply of a cluster names for a command.
enum RedisRedirect: Equatable {
    /// The slot belongs to another node from now on; an empty host is the node that replied.
    case moved(slot: Int, host: String, port: Int)
    /// This one command belongs to another node, after ASKING.
    case ask(host: String, port: Int)
    /// The same node can respond in a moment.
    case tryAgain

    /// - Parameter line: an error reply without its `-`.
    /// - Returns: nil for any other error.
    init?(_ line: ByteBuffer) {
        // All errors that have nothing to do with a cluster leave here.
        let bytes = line.readableBytesView
        guard let first = bytes.first,
            first == UInt8(ascii: "M") || first == UInt8(ascii: "A") || first == UInt8(ascii: "T")
        else { return nil }
        let words = bytes.prefix(512).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        let kind = String(decoding: words[0], as: UTF8.self)
        if kind == "TRYAGAIN" {
            self = .tryAgain
            return
        }
        guard kind == "MOVED" || kind == "ASK", words.count == 3, bytes.count <= 512,
            let slot = Int(String(decoding: words[1], as: UTF8.self)), (0..<KeySlot.count).contains(slot),
            let colon = words[2].lastIndex(of: UInt8(ascii: ":")),
            let port = Int(String(decoding: words[2][words[2].index(after: colon)...], as: UTF8.self))
        else { return nil }
        let host = String(decoding: words[2][..<colon], as: UTF8.self)
        self = kind == "MOVED" ? .moved(slot: slot, host: host, port: port) : .ask(host: host, port: port)
    }
}
