private import Foundation
import NIOCore

/// Reads the requests of one connection: bytes in, parts of requests out (RFC 9112).
///
/// It is as strict as the grammar lets it be, since two readers who take the same bytes for different requests are how
/// requests are smuggled: a line ends with CR LF, a field is one line, a body has one length or one `chunked`.
///
/// What it keeps from read to read is less than a line of 32 KiB; a body is handed on as it comes.
final class RequestParser {
    enum Part {
        /// The head is whole; `takeHead` gives it.
        case head
        /// A piece of the body, without the framing of chunks.
        case body(ByteBuffer)
        /// The request is whole.
        case end
        /// Neither this nor anything behind it can be understood; the rest is read and forgotten.
        case fault(Fault)
    }

    enum Fault {
        case malformed, headTooLarge, framingTooLarge
    }

    private enum State {
        case emptyLines, requestLine, fields, body, chunkSize, chunk, chunkEnd, trailers, lost

        /// Whether lines are due that end with CR LF.
        var isOfLines: Bool { self == .requestLine || self == .fields || self == .chunkSize || self == .trailers }
    }

    private enum Step {
        case goOn, needBytes
        case part(Part)

        static let malformed = Step.part(.fault(.malformed))
    }

    private var state = State.emptyLines
    private var head = RequestHead()
    private var unread = ByteBuffer()
    /// Whether `unread` is the memory of a read, which is wanted back for the next one.
    private var isBorrowed = false
    /// Bytes at the start of `unread` in which no line ends.
    private var scannedBytes = 0
    /// Bytes of the empty lines, of the head, of the chunk's line or of the trailers so far.
    private var sectionBytes = 0
    private var fieldCount = 0
    /// Bytes of the body, or of its chunk, that are still to come.
    private var left = 0
    /// Bytes of chunks so far, and what stood around them.
    private var chunkBytes = 0
    private var framingBytes = 0

    /// What empty lines before a request, a head, a chunk's line, or trailers may take, in bytes.
    private static let maximumSectionBytes = 32 << 10
    private static let maximumFields = 100
    /// What the framing of a chunked body may take beside what is free (RFC 9112, section 7.1.1, asks for a limit);
    /// chunks of a single byte take five bytes each.
    private static let framingBytesPerByte = 8
    private static let freeFramingBytes = 32 << 10

    /// Whether a request has begun and not ended; to be asked between reads.
    var isWithinRequest: Bool { state != .emptyLines && state != .lost }

    /// What is kept of a request's head, trailers or chunk's line, at most, in bytes; to be asked between reads.
    var keptBytes: Int { sectionBytes + unread.readableBytes }

    /// Takes what a read has brought; then `next` is to be called until there is no more.
    func take(_ bytes: ByteBuffer) {
        guard state != .lost else { return }
        isBorrowed = unread.readableBytes == 0
        if isBorrowed { unread = bytes } else { unread.writeImmutableBuffer(bytes) }
    }

    /// The next part; nil if more bytes must come first.
    func next() -> Part? {
        while true {
            switch step() {
            case .goOn: continue
            case .part(let part):
                if case .fault = part { forgetAll() }
                return part
            case .needBytes:
                keepUnread()
                return nil
            }
        }
    }

    /// The head of the request that began last; to be asked once.
    func takeHead() -> RequestHead {
        defer { head = RequestHead() }
        return head
    }

    /// Reads nothing any more.
    func forgetAll() {
        state = .lost
        unread = ByteBuffer()
        sectionBytes = 0
    }

    private func step() -> Step {
        switch state {
        case .emptyLines: readEmptyLines()
        case .requestLine, .fields, .chunkSize, .trailers: readLines()
        case .body: left > 0 ? readBody() : end()
        case .chunk: readBody()
        case .chunkEnd: readEndOfChunk()
        case .lost: forget()
        }
    }

    private func forget() -> Step {
        forgetAll()
        return .needBytes
    }

    /// Copies what cannot be read yet out of the memory that the read has brought or filled.
    private func keepUnread() {
        if unread.readableBytes == 0 {
            unread = ByteBuffer()
        } else if isBorrowed || unread.readerIndex > 0 {
            unread = ByteBuffer(bytes: unread.readableBytesView)
        }
        isBorrowed = false
    }
}

// MARK: Heads

extension RequestParser {
    /// Reads over empty lines before a request; some clients send one behind a body (RFC 9112, section 2.2).
    private func readEmptyLines() -> Step {
        while readLineEnd() { sectionBytes += 2 }
        guard sectionBytes <= Self.maximumSectionBytes else { return tooLarge }
        guard unread.readableBytes > 0, !isLineEndBegun else { return .needBytes }
        guard byte(at: 0) != Byte.carriageReturn, byte(at: 0) != Byte.lineFeed else { return .malformed }
        sectionBytes = 0
        fieldCount = 0
        state = .requestLine
        return .goOn
    }

    /// Reads CR LF, if that is what comes next.
    private func readLineEnd() -> Bool {
        guard byte(at: 0) == Byte.carriageReturn, byte(at: 1) == Byte.lineFeed else { return false }
        unread.moveReaderIndex(forwardBy: 2)
        return true
    }

    /// Whether there is a CR and nothing behind it.
    private var isLineEndBegun: Bool { unread.readableBytes == 1 && byte(at: 0) == Byte.carriageReturn }

    private func byte(at offset: Int) -> UInt8? { unread.getInteger(at: unread.readerIndex + offset) }

    /// Reads the lines that have come, each with CR LF behind it, as long as nothing but lines is due.
    private func readLines() -> Step {
        let (readBytes, step) = unread.withUnsafeReadableBytes { bytes -> (Int, Step) in
            var start = 0
            while let lineFeed = Self.lineFeed(in: bytes, from: start + scannedBytes) {
                let end = lineFeed + 1
                scannedBytes = 0
                sectionBytes += end - start
                guard sectionBytes <= Self.maximumSectionBytes else { return (end, tooLarge) }
                guard lineFeed > start, bytes[lineFeed - 1] == Byte.carriageReturn else { return (end, .malformed) }
                let step = read(line: bytes.part(start..<(lineFeed - 1)))
                start = end
                guard case .goOn = step, state.isOfLines else { return (end, step) }
            }
            return (start, lookAtBeginning(of: bytes.part(start..<bytes.count)))
        }
        unread.moveReaderIndex(forwardBy: readBytes)
        return step
    }

    /// What is no HTTP, such as TLS, is told so although no line of it may ever end.
    private func lookAtBeginning(of line: UnsafeRawBufferPointer) -> Step {
        let unseen = line.part(scannedBytes..<line.count)
        scannedBytes = line.count
        let text = unseen.countWhile(Byte.isOfText)
        guard text == unseen.count || (text == unseen.count - 1 && unseen[text] == Byte.carriageReturn) else {
            return .malformed
        }
        return sectionBytes + line.count <= Self.maximumSectionBytes ? .needBytes : tooLarge
    }

    private var tooLarge: Step { .part(.fault(state == .chunkSize ? .framingTooLarge : .headTooLarge)) }

    private func read(line: UnsafeRawBufferPointer) -> Step {
        switch state {
        case .requestLine: readRequestLine(line)
        case .fields: readField(line)
        case .chunkSize: readChunkSize(line)
        case .trailers: readTrailer(line)
        case .emptyLines, .body, .chunk, .chunkEnd, .lost: preconditionFailure("no line is due")
        }
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, Int32(Byte.lineFeed), bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
    private func readRequestLine(_ line: UnsafeRawBufferPointer) -> Step {
        let space = line.countWhile { $0 != Byte.space }
        let targetEnd = space + 1 + line.countWhile(Byte.isOfTarget, from: min(space + 1, line.count))
        guard targetEnd < line.count, let method = HTTPMethod(line.part(0..<space)) else { return .malformed }
        let target = line.part((space + 1)..<targetEnd)
        let version = line.part(targetEnd..<line.count)
        let isOlder = version.equals(" HTTP/1.0")
        guard isOlder || version.equals(" HTTP/1.1"), Self.isTarget(target, of: method) else { return .malformed }
        head = RequestHead(
            method: method, target: String(decoding: target, as: UTF8.self), minorVersion: isOlder ? 0 : 1)
        state = .fields
        return .goOn
    }

    /// Whether it has one of the four forms of RFC 9112, section 3.2.
    private static func isTarget(_ target: UnsafeRawBufferPointer, of method: HTTPMethod) -> Bool {
        guard !target.isEmpty else { return false }
        guard method != .connect else { return HostField.isValid(target) }
        guard target[0] != UInt8(ascii: "/"), !target.equals("*") else { return true }
        let scheme = target.countWhile(Byte.isLetter)
        let start = min(scheme + "://".utf8.count, target.count)
        guard scheme > 0, target.part(scheme..<start).equals("://") else { return false }
        let authority = target.countWhile({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }, from: start)
        return authority > 0 && HostField.isValid(target.part(start..<(start + authority)))
    }

    private func readField(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return endHead() }
        guard let (name, value) = Self.field(line) else { return .malformed }
        fieldCount += 1
        guard fieldCount <= Self.maximumFields else { return tooLarge }
        return head.fields.take(name, value) ? .goOn : .malformed
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112, section 5), without the white space.
    private static func field(
        _ line: UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        let colon = line.countWhile(Byte.isOfToken)
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { return nil }
        let value = line.part((colon + 1)..<line.count).trimmed
        return value.countWhile(Byte.isOfText) == value.count ? (line.part(0..<colon), value) : nil
    }

    /// Finds out how the body ends (RFC 9112, section 6.3).
    private func endHead() -> Step {
        sectionBytes = 0
        left = 0
        switch (head.fields.transferCoding, head.fields.contentLength) {
        case (.none, let length):
            left = length ?? 0
            state = .body
        // Others might believe the other one.
        case (_, .some): return .malformed
        case (.chunked, nil):
            (chunkBytes, framingBytes) = (0, 0)
            state = .chunkSize
        // Nobody knows where it ends; whoever gets the head is to refuse it.
        case (.other, nil): state = .lost
        }
        return .part(.head)
    }
}

// MARK: Bodies

extension RequestParser {
    private func readBody() -> Step {
        guard unread.readableBytes > 0 else { return .needBytes }
        guard let bytes = unread.readSlice(length: min(left, unread.readableBytes)) else { return .needBytes }
        left -= bytes.readableBytes
        if state == .chunk {
            chunkBytes += bytes.readableBytes
            if left == 0 { state = .chunkEnd }
        }
        return .part(.body(bytes))
    }

    /// `chunk-size [ chunk-ext ]` (RFC 9112, section 7.1).
    private func readChunkSize(_ line: UnsafeRawBufferPointer) -> Step {
        var size = 0
        var digits = 0
        while digits < line.count, let value = Byte.hexadecimalValue(line[digits]) {
            guard size <= Int.max >> 4 else { return .malformed }
            size = size << 4 | value
            digits += 1
        }
        guard digits > 0, Self.areExtensions(line[digits...]) else { return .malformed }
        framingBytes += sectionBytes
        guard framingBytes <= Self.freeFramingBytes + Self.framingBytesPerByte * chunkBytes else {
            return .part(.fault(.framingTooLarge))
        }
        sectionBytes = 0
        left = size
        state = size > 0 ? .chunk : .trailers
        return .goOn
    }

    /// `*( ";" name [ "=" value ] )`, with a value that is a token or in quotes.
    private static func areExtensions(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = text
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: ";"), popToken(&rest) else { return false }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            guard popQuoted(&rest) || popToken(&rest) else { return false }
        }
        return true
    }

    private static func popToken(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
        let behind = rest.drop(while: Byte.isOfToken)
        defer { rest = behind }
        return behind.count < rest.count
    }

    private static func popQuoted(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
        guard rest.first == UInt8(ascii: "\"") else { return false }
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            guard Byte.isOfText(rest[index]) else { return false }
            if isEscaped {
                isEscaped = false
            } else if rest[index] == UInt8(ascii: "\"") {
                rest = rest[(index + 1)...]
                return true
            } else {
                isEscaped = rest[index] == UInt8(ascii: "\\")
            }
        }
        return false
    }

    /// CR LF behind a chunk's data.
    private func readEndOfChunk() -> Step {
        guard readLineEnd() else { return unread.readableBytes == 0 || isLineEndBegun ? .needBytes : .malformed }
        framingBytes += 2
        state = .chunkSize
        return .goOn
    }

    /// Fields behind a chunked body; nothing in them matters, unless it were to say how long the body is.
    private func readTrailer(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return end() }
        guard let (name, _) = Self.field(line), !name.isWord("content-length"), !name.isWord("transfer-encoding") else {
            return .malformed
        }
        fieldCount += 1
        return fieldCount <= Self.maximumFields ? .goOn : tooLarge
    }

    private func end() -> Step {
        sectionBytes = 0
        state = .emptyLines
        return .part(.end)
    }
}
