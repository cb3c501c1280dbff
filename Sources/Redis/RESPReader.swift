import CHiredis
import NIOCore

/// Turns the bytes of one connection into replies, with hiredis's reader.
///
/// No reply object ever exists in C. hiredis builds replies through a table of constructors. Here the only one that
/// copies anything puts the string straight into a Swift buffer, and the "object" that hiredis passes around is the
/// reply's type number. So there is nothing to free, and no C pointer outlives a call.
///
/// The reader never calls out: it collects the replies of one read, and the caller acts on them afterwards.
/// After a violation it stays broken, as hiredis's reader does; drop it together with its connection.
final class RESPReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let constructors: UnsafeMutablePointer<redisReplyObjectFunctions>
    /// Strings of the replies of one read, back to back. Slices are cut only after the last write to it, since a write
    /// beside a living slice would copy the whole buffer.
    private var payloads = ByteBuffer()
    private var collected: [Collected] = []
    private var refusal: StaticString?
    private var violation: String?

    /// Bytes received that belong to an incomplete reply.
    private(set) var undeliveredBytes = 0

    private struct Collected {
        let type: Int
        let start: Int
        let length: Int
    }

    /// Fails when there is no memory for hiredis's reader.
    init?() {
        constructors = .allocate(capacity: 1)
        constructors.initialize(to: Self.makeConstructors())
        guard let reader = redisReaderCreateWithFunctions(constructors) else {
            constructors.deallocate()
            return nil
        }
        self.reader = reader
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        constructors.deallocate()
    }

    /// Takes one read's bytes and appends at most `limit` replies to `replies`; the rest stays undecoded.
    ///
    /// - Returns: nil, or why no further byte of this connection can be parsed. Replies that were complete before the
    ///   violation have been appended.
    func decode(_ bytes: ByteBuffer, atMost limit: Int, into replies: inout [RESPReply]) -> String? {
        guard violation == nil else { return violation }
        guard bytes.readableBytes > 0 else { return nil }
        payloads.clear(minimumCapacity: bytes.readableBytes)
        collected.removeAll(keepingCapacity: true)
        let fed = bytes.withUnsafeReadableBytes { raw in
            redisReaderFeed(reader, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        if fed == REDIS_OK {
            undeliveredBytes += bytes.readableBytes
            collectReplies(atMost: limit)
        } else {
            violation = errorText()
        }
        for reply in collected {
            replies.append(makeReply(reply))
        }
        return violation
    }

    private func collectReplies(atMost limit: Int) {
        while undeliveredBytes > 0 && collected.count < limit {
            let start = payloads.writerIndex
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &object) == REDIS_OK else {
                violation = errorText()
                return
            }
            guard let object else { return }
            // The reader's own `len - pos` is exact only here: later its cursor may be inside the next reply.
            undeliveredBytes = reader.pointee.len - reader.pointee.pos
            let length = payloads.writerIndex - start
            collected.append(Collected(type: Int(bitPattern: object), start: start, length: length))
        }
    }

    private func makeReply(_ reply: Collected) -> RESPReply {
        switch Int32(truncatingIfNeeded: reply.type) {
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_STATUS: return .status(payload(of: reply))
        case REDIS_REPLY_ERROR: return .error(payload(of: reply))
        case REDIS_REPLY_STRING: return .string(payload(of: reply))
        default: return .unexpected(type: reply.type)
        }
    }

    private func payload(of reply: Collected) -> ByteBuffer {
        payloads.getSlice(at: reply.start, length: reply.length) ?? ByteBuffer()
    }

    private func errorText() -> String {
        if let refusal { return "\(refusal)" }
        return withUnsafeBytes(of: &reader.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension RESPReader {
    /// With nil constructors hiredis uses the type number as the object (integers, and RESP3's types in 1.x).
    private static func makeConstructors() -> redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, bytes, length in
            guard let task, let bytes, let context = task.pointee.privdata else { return nil }
            let type = Int(task.pointee.type)
            return RESPReader.tag(type, context) { $0.collect(bytes, length) }
        }
        functions.createArray = { task, _ in
            // An array header of a dozen bytes can announce two billion elements, for which hiredis would reserve 16
            // GiB. No command of ours has an array as its reply.
            guard let task, let context = task.pointee.privdata else { return nil }
            return RESPReader.tag(0, context) { $0.refuse("an array reply, which no command here asks for") }
        }
        functions.createNil = { task in
            guard let task, let context = task.pointee.privdata else { return nil }
            let type = task.pointee.type
            return RESPReader.tag(Int(REDIS_REPLY_NIL), context) {
                type == REDIS_REPLY_STRING || $0.refuse("a null of a type that no command here asks for")
            }
        }
        return functions
    }

    /// Runs `body` on the reader that hiredis's context pointer points to; nil, which hiredis treats as failure, if
    /// `body` refuses.
    private static func tag(
        _ type: Int,
        _ context: UnsafeMutableRawPointer,
        _ body: (RESPReader) -> Bool
    ) -> UnsafeMutableRawPointer? {
        let reader = Unmanaged<RESPReader>.fromOpaque(context).takeUnretainedValue()
        return body(reader) ? UnsafeMutableRawPointer(bitPattern: type) : nil
    }

    private func collect(_ bytes: UnsafeMutablePointer<CChar>, _ length: Int) -> Bool {
        // hiredis skips the two bytes after a bulk string without checking them. They can always be read: hiredis calls
        // a constructor only once the whole reply with its line end has arrived.
        guard bytes[length] == 13, bytes[length + 1] == 10 else {
            return refuse("a string that does not end where its length says")
        }
        payloads.writeBytes(UnsafeRawBufferPointer(start: bytes, count: length))
        return true
    }

    private func refuse(_ reason: StaticString) -> Bool {
        refusal = reason
        return false
    }
}
