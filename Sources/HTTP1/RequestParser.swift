private import Foundation
import NIOCore

/// Reads the requests of one connection: bytes in, parts of requests out (RFC 9112).
///
/// It is as strict as the grammar lets it be, since two readers who take the same bytes for different requests are how
/// requests are smuggled: a line ends with CR LF, a field is one line, a body has one length or one `chunked`.
///
/// What it keeps from read to read is less than a line of 32 KiB, and of the head what the service acts on; a body is
/// handed on as it comes.
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
    private var head: RequestHead?
    private var unread = HeldBytes()
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
    var keptBytes: Int { sectionBytes + unread.count }

    /// Takes what a read has brought; then `next` is to be called until there is no more.
    func take(_ bytes: ByteBuffer) {
        guard state != .lost else { return }
        unread.append(bytes)
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
                if state == .lost { forgetAll() } else { unread.keep() }
                return nil
            }
        }
    }

    /// The head that `next` has just told of; nil once it was taken.
    func takeHead() -> RequestHead? {
        defer { head = nil }
        return head
    }

    /// Reads nothing any more.
    func forgetAll() {
        state = .lost
        head = nil
        unread.removeAll()
        sectionBytes = 0
    }

    private func step() -> Step {
        switch state {
        case .emptyLines: readEmptyLines()
        case .requestLine, .fields, .chunkSize, .trailers: readLines()
        case .body: left > 0 ? readBody() : end()
        case .chunk: readBody()
        case .chunkEnd: readEndOfChunk()
        case .lost: .needBytes
        }
    }
}

// MARK: Heads

extension RequestParser {
    /// Reads over empty lines before a request; some clients send one behind a body (RFC 9112, section 2.2).
    private func readEmptyLines() -> Step {
        while readLineEnd() { sectionBytes += 2 }
        guard sectionBytes <= Self.maximumSectionBytes else { return tooLarge }
        guard unread.count > 0, !isLineEndBegun else { return .needBytes }
        guard unread[0] != Byte.carriageReturn, unread[0] != Byte.lineFeed else { return .malformed }
        sectionBytes = 0
        fieldCount = 0
        state = .requestLine
        return .goOn
    }

    /// Reads CR LF, if that is what comes next.
    private func readLineEnd() -> Bool {
        guard unread[0] == Byte.carriageReturn, unread[1] == Byte.lineFeed else { return false }
        unread.dropFirst(2)
        return true
    }

    /// Whether there is a CR and nothing behind it.
    private var isLineEndBegun: Bool { unread.count == 1 && unread[0] == Byte.carriageReturn }

    /// Reads the lines that have come, each with CR LF behind it, as long as nothing but lines is due.
    private func readLines() -> Step {
        let (readBytes, step) = unread.bytes.withUnsafeReadableBytes { bytes -> (Int, Step) in
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
        unread.dropFirst(readBytes)
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

    private func readRequestLine(_ line: UnsafeRawBufferPointer) -> Step {
        head = RequestHead(line: line)
        state = .fields
        return head == nil ? .malformed : .goOn
    }

    private func readField(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return endHead() }
        guard let (name, value) = RequestFields.split(line) else { return .malformed }
        fieldCount += 1
        guard fieldCount <= Self.maximumFields else { return tooLarge }
        return head?.fields.take(name, value) == true ? .goOn : .malformed
    }

    /// Finds out how the body ends (RFC 9112, section 6.3).
    private func endHead() -> Step {
        guard let transferCoding = head?.fields.transferCoding else { return .malformed }
        sectionBytes = 0
        left = 0
        switch (transferCoding, head?.fields.contentLength) {
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
        guard unread.count > 0, let bytes = unread.removeFirst(min(left, unread.count)) else { return .needBytes }
        left -= bytes.readableBytes
        if state == .chunk {
            chunkBytes += bytes.readableBytes
            if left == 0 { state = .chunkEnd }
        }
        return .part(.body(bytes))
    }

    private func readChunkSize(_ line: UnsafeRawBufferPointer) -> Step {
        guard let size = ChunkSize.parse(line) else { return .malformed }
        framingBytes += sectionBytes
        guard framingBytes <= Self.freeFramingBytes + Self.framingBytesPerByte * chunkBytes else {
            return .part(.fault(.framingTooLarge))
        }
        sectionBytes = 0
        left = size
        state = size > 0 ? .chunk : .trailers
        return .goOn
    }

    /// CR LF behind a chunk's data.
    private func readEndOfChunk() -> Step {
        guard readLineEnd() else { return unread.count == 0 || isLineEndBegun ? .needBytes : .malformed }
        framingBytes += 2
        state = .chunkSize
        return .goOn
    }

    /// Fields behind a chunked body; nothing in them matters, unless it were to say how long the body is.
    private func readTrailer(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return end() }
        guard let (name, _) = RequestFields.split(line), !name.isWord("content-length"),
            !name.isWord("transfer-encoding")
        else { return .malformed }
        fieldCount += 1
        return fieldCount <= Self.maximumFields ? .goOn : tooLarge
    }

    private func end() -> Step {
        sectionBytes = 0
        state = .emptyLines
        return .part(.end)
    }
}
