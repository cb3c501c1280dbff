import NIOCore
import NIOHTTP1

/// NIO's request decoder, with a count of what it has read: it reads over chunk extensions and empty lines before a
/// request, of any length, in silence.
final class CountingRequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder
    /// Bytes since the connection began, without those of an unfinished head or trailer.
    private(set) var bytesRead = 0
    private var context: ChannelHandlerContext?
    /// Bytes of empty lines that came last, with nothing behind them.
    private var emptyLineBytes = 0
    /// As many as of a head.
    private let maximumEmptyLineBytes: Int

    init(limits: NIOHTTPDecoderLimitConfiguration) {
        decoder = HTTPRequestDecoder(limitConfiguration: limits)
        maximumEmptyLineBytes = limits.maxHeaderListSize
    }

    func decoderAdded(context: ChannelHandlerContext) {
        self.context = context
        decoder.decoderAdded(context: context)
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        decoder.decoderRemoved(context: context)
        self.context = nil
    }

    /// Whether a request has begun and not ended; to be asked between reads.
    ///
    /// NIO does not say when a head begins. But its parser refuses the end of the stream in the middle of a request, and
    /// changes nothing by looking (llhttp's `llhttp_finish`); the stream does not really end here.
    var isWithinRequest: Bool {
        guard let context else { return false }
        var nothing = ByteBuffer()
        return (try? decoder.decodeLast(context: context, buffer: &nothing, seenEOF: true)) == nil
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        try countEmptyLines(buffer)
        let before = buffer.readableBytes
        defer { bytesRead += before - buffer.readableBytes }
        return try decoder.decode(context: context, buffer: &buffer)
    }

    private func countEmptyLines(_ buffer: ByteBuffer) throws {
        let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
        guard let first, Self.isOfLineEnd(first), !isWithinRequest else {
            emptyLineBytes = 0
            return
        }
        let behind = buffer.readableBytesView.firstIndex { !Self.isOfLineEnd($0) }
        emptyLineBytes += (behind ?? buffer.writerIndex) - buffer.readerIndex
        guard emptyLineBytes <= maximumEmptyLineBytes else { throw HTTPParserError.headerOverflow }
        if behind != nil { emptyLineBytes = 0 }
    }

    private static func isOfLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}

/// What the framing of a chunked body may take beside the body (RFC 9112, section 7.1.1, asks for such a limit).
struct FramingAllowance {
    /// Chunks of a single byte stay within it: they take five bytes each.
    private static let bytesPerBodyByte = 8
    private static let freeBytes = 32 << 10

    /// What was counted in the read that brought the head, with all that came before.
    private var mark = 0

    /// Begins with a request.
    ///
    /// - Parameters:
    ///   - total: bytes that the decoder has read.
    ///   - body: bytes of this request's body among them.
    mutating func begin(total: Int, body: Int) { mark = total - body }

    /// Whether the framing has stayed within its bounds since.
    func allows(total: Int, body: Int) -> Bool {
        total - body - mark <= Self.freeBytes + Self.bytesPerBodyByte * body
    }
}
