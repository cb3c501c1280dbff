import Bytes
import NIOCore
private import Platform

/// Reads the requests of one connection: bytes in, events out (RFC 9112).
///
///     emptyLines → requestLine → fields ─┬→ body ──────────────────────────────┬→ emptyLines (the next request)
///                                        └→ chunkSize ⇄ chunk, chunkEnd → trailers ┘
///     any of them → lost, on an error or an unknown transfer coding
///
/// 1. A line ends with CR LF, a field is one line, a body has one length or one `chunked`. This is as strict as the
///    grammar allows: when two readers take the same bytes for different requests, requests can be smuggled.
/// 2. Events come in the order head, body parts, end; after an error event no other follows.
/// 3. Between reads it keeps less than a section of 32 KiB, and from the head only what the service acts on; a body is
///    passed on as it arrives.
/// 4. Every section (empty lines, head, chunk line, trailers) is bounded in bytes, a head also in fields, and the
///    framing of chunks in proportion to their data.
final class RequestParser {
    enum Event {
        /// The head is complete; `takeHead` returns it.
        case head
        /// A piece of the body, without the framing of chunks.
        case body(ByteBuffer)
        /// The request is complete.
        case end
        /// Neither this nor anything after it can be parsed; the rest is read and dropped.
        case failed(ParseError)
    }

    enum ParseError {
        case malformed(MalformedRequest), headTooLarge, framingTooLarge
    }

    private enum State {
        case emptyLines, body, chunk, chunkEnd, lost
        case lines(LineKind)

        /// The kind of line that is due; nil if none is.
        var line: LineKind? { if case .lines(let line) = self { line } else { nil } }
    }

    /// The result of one step.
    private enum Step {
        case proceed, needBytes
        case event(Event)

        static func malformed(_ reason: MalformedRequest) -> Step { .event(.failed(.malformed(reason))) }
    }

    private let markerField: StaticString
    private var state = State.emptyLines
    private var head: RequestHead?
    private var unread = ReceiveBuffer()
    /// Bytes at the start of `unread` that are known to hold no line feed.
    private var scannedBytes = 0
    /// Bytes so far of the empty lines, the head, the chunk's line or the trailers.
    private var sectionBytes = 0
    private var fieldCount = 0
    /// Bytes of the body, or of its chunk, that are still missing.
    private var left = 0
    /// Bytes of chunk data so far, and of the framing around it.
    private var chunkBytes = 0
    private var framingBytes = 0

    /// The limit in bytes for the empty lines before a request, for a head, a chunk's line, or trailers.
    private static let maximumSectionBytes = 32 << 10
    private static let maximumFields = 100
    /// How much framing a chunked body may have for each byte of data, beyond a fixed allowance (RFC 9112, section
    /// 7.1.1, asks for a limit). Chunks of a single byte need five bytes each.
    private static let framingBytesPerByte = 8
    private static let freeFramingBytes = 32 << 10

    /// - Parameter markerField: a field, in lower case, whose presence the service needs to know.
    init(markerField: StaticString) { self.markerField = markerField }

    /// Whether a request has begun and not ended; to be asked between reads.
    var isWithinRequest: Bool {
        switch state {
        case .emptyLines, .lost: false
        case .lines, .body, .chunk, .chunkEnd: true
        }
    }

    /// Why a request that ends here is malformed.
    var cut: MalformedRequest { .cut(in: state.line, missing: left) }

    private var isLost: Bool { if case .lost = state { true } else { false } }

    /// The most bytes that are kept of a request's head, trailers or chunk's line; to be asked between reads.
    var keptBytes: Int { sectionBytes + unread.count }

    /// Takes the bytes of one read; then call `next` until it returns nil.
    func take(_ bytes: ByteBuffer) {
        guard !isLost else { return }
        unread.append(bytes)
    }

    /// The next event; nil if more bytes must arrive first.
    func next() -> Event? {
        while true {
            switch step() {
            case .proceed: continue
            case .event(let event):
                if case .failed = event { stop() }
                return event
            case .needBytes:
                if isLost { stop() } else { unread.detach() }
                return nil
            }
        }
    }

    /// The head that was announced last, once. It is not part of its event, since it is large and would be moved with
    /// it.
    func takeHead() -> RequestHead? {
        // `take()` of a stored property copies it first, with all its strings.
        var taken: RequestHead?
        swap(&taken, &head)
        return taken
    }

    /// Drops what was received, and everything that follows.
    func stop() {
        state = .lost
        head = nil
        unread.removeAll()
        sectionBytes = 0
    }

    private func step() -> Step {
        switch state {
        case .emptyLines: readEmptyLines()
        case .lines: readLines()
        case .body: left > 0 ? readBody() : end()
        case .chunk: readBody()
        case .chunkEnd: readEndOfChunk()
        case .lost: .needBytes
        }
    }
}

// MARK: Heads

extension RequestParser {
    /// Skips empty lines before a request; some clients send one after a body (RFC 9112, section 2.2).
    private func readEmptyLines() -> Step {
        while readLineEnd() { sectionBytes += 2 }
        guard sectionBytes <= Self.maximumSectionBytes else { return tooLarge }
        guard unread.count > 0, !isLineEndBegun else { return .needBytes }
        guard unread[0] != UInt8.carriageReturn, unread[0] != UInt8.lineFeed else { return .malformed(.lineEnd) }
        sectionBytes = 0
        fieldCount = 0
        state = .lines(.request)
        return .proceed
    }

    /// Reads CR LF, if that is what comes next.
    private func readLineEnd() -> Bool {
        guard unread[0] == UInt8.carriageReturn, unread[1] == UInt8.lineFeed else { return false }
        unread.dropFirst(2)
        return true
    }

    /// Whether there is a CR and nothing after it.
    private var isLineEndBegun: Bool { unread.count == 1 && unread[0] == UInt8.carriageReturn }

    /// Reads the complete lines that have arrived, as long as lines are due.
    private func readLines() -> Step {
        let (readBytes, step) = unread.bytes.withUnsafeReadableBytes { bytes -> (Int, Step) in
            var start = 0
            while let line = state.line, let lineFeed = Self.lineFeed(in: bytes, from: start + scannedBytes) {
                let end = lineFeed + 1
                scannedBytes = 0
                sectionBytes += end - start
                guard sectionBytes <= Self.maximumSectionBytes else { return (end, tooLarge) }
                guard lineFeed > start, bytes[lineFeed - 1] == UInt8.carriageReturn else {
                    return (end, .malformed(.line(line, bytes.part(start..<lineFeed), hasEnd: false)))
                }
                let step = read(line, bytes.part(start..<(lineFeed - 1)))
                start = end
                guard case .proceed = step, state.line != nil else { return (end, step) }
            }
            return (start, checkBeginning(of: bytes.part(start..<bytes.count)))
        }
        unread.dropFirst(readBytes)
        return step
    }

    /// Rejects non-HTTP bytes (such as a TLS hello) early, without waiting for a line ending.
    private func checkBeginning(of line: UnsafeRawBufferPointer) -> Step {
        let unseen = line.part(scannedBytes..<line.count)
        scannedBytes = line.count
        let text = unseen.countWhile(HTTPGrammar.isFieldChar)
        guard text == unseen.count || (text == unseen.count - 1 && unseen[text] == UInt8.carriageReturn) else {
            return .malformed(.line(state.line ?? .request, line))
        }
        return sectionBytes + line.count <= Self.maximumSectionBytes ? .needBytes : tooLarge
    }

    private var tooLarge: Step { .event(.failed(state.line == .chunkSize ? .framingTooLarge : .headTooLarge)) }

    private func read(_ line: LineKind, _ text: UnsafeRawBufferPointer) -> Step {
        switch line {
        case .request: readRequestLine(text)
        case .field: readField(text)
        case .chunkSize: readChunkSize(text)
        case .trailer: readTrailer(text)
        }
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, Int32(UInt8.lineFeed), bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    private func readRequestLine(_ line: UnsafeRawBufferPointer) -> Step {
        head = RequestHead(line: line)
        state = .lines(.field)
        return head == nil ? .malformed(.line(.request, line)) : .proceed
    }

    private func readField(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return endHead() }
        guard let (name, value) = RequestFields.split(line) else { return .malformed(.line(.field, line)) }
        fieldCount += 1
        guard fieldCount <= Self.maximumFields else { return tooLarge }
        return head?.fields.take(name, value, markerField) == true ? .proceed : .malformed(.contentLength)
    }

    /// Finds out how the body ends (RFC 9112, section 6.3).
    private func endHead() -> Step {
        guard let transferCoding = head?.fields.transferCoding else { return .malformed(cut) }
        sectionBytes = 0
        left = 0
        switch (transferCoding, head?.fields.contentLength) {
        case (.none, let length):
            left = length ?? 0
            state = .body
        // Two readers could each believe the other length.
        case (_, .some): return .malformed(.bothLengths)
        case (.chunked, nil):
            (chunkBytes, framingBytes) = (0, 0)
            state = .lines(.chunkSize)
        // The end of the body cannot be known, so the connection responds to the head with an error.
        case (.other, nil): state = .lost
        }
        return .event(.head)
    }
}

// MARK: Bodies

extension RequestParser {
    private func readBody() -> Step {
        guard unread.count > 0, let bytes = unread.removeFirst(min(left, unread.count)) else { return .needBytes }
        left -= bytes.readableBytes
        if case .chunk = state {
            chunkBytes += bytes.readableBytes
            if left == 0 { state = .chunkEnd }
        }
        return .event(.body(bytes))
    }

    private func readChunkSize(_ line: UnsafeRawBufferPointer) -> Step {
        guard let size = ChunkSize.parse(line) else { return .malformed(.line(.chunkSize, line)) }
        framingBytes += sectionBytes
        guard framingBytes <= Self.freeFramingBytes + Self.framingBytesPerByte * chunkBytes else {
            return .event(.failed(.framingTooLarge))
        }
        sectionBytes = 0
        left = size
        state = size > 0 ? .chunk : .lines(.trailer)
        return .proceed
    }

    /// Reads the CR LF after a chunk's data.
    private func readEndOfChunk() -> Step {
        guard readLineEnd() else { return unread.count == 0 || isLineEndBegun ? .needBytes : .malformed(.chunkEnd) }
        framingBytes += 2
        state = .lines(.chunkSize)
        return .proceed
    }

    /// Reads a field after a chunked body. It is ignored, unless it would define the body's length.
    private func readTrailer(_ line: UnsafeRawBufferPointer) -> Step {
        guard !line.isEmpty else { return end() }
        guard let (name, _) = RequestFields.split(line), !name.equalsIgnoringCase("content-length"),
            !name.equalsIgnoringCase("transfer-encoding")
        else { return .malformed(.line(.trailer, line)) }
        fieldCount += 1
        return fieldCount <= Self.maximumFields ? .proceed : tooLarge
    }

    private func end() -> Step {
        sectionBytes = 0
        state = .emptyLines
        return .event(.end)
    }
}
