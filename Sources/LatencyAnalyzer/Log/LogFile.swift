public import ScoringLog

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// One pod's log as a file, or as what comes on standard input.
public struct LogFile: Sendable, Equatable {
    /// Where the bytes are; nil is standard input.
    public let path: String?
    /// The file's last component, `<pod>.txt` as a rule, as the results file names it.
    public let name: String
    /// The pod: the name without `.txt` or `.log`.
    public let pod: String

    private static let chunkByteCount = 1 << 18

    /// Names a log.
    ///
    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) {
        self.path = path == "-" ? nil : path
        let last = path == "-" ? "stdin" : FilePath(path).lastComponent?.string ?? path
        name = last
        pod =
            [".txt", ".log"].first { last.hasSuffix($0) && last.count > 4 }.map { _ in String(last.dropLast(4)) }
            ?? last
    }

    /// Reads the log from its beginning to its end; memory is bounded by a chunk and a line.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - onCall: is given each call, in the log's order.
    /// - Returns: what the log held.
    /// - Throws: `AnalyzerFault` if the file cannot be read, and what `onCall` throws.
    public func read(
        onlyPath path: ScoringLogBlock.Path? = nil, onCall: (ScoringLogCall) throws -> Void
    ) throws -> ScoringLogCounts {
        var parser = ScoringLogParser(onlyPath: path)
        // The parser has no way to stop in the middle, so the first fault waits for the chunk's end.
        var fault: (any Error)?
        func take(_ call: ScoringLogCall) {
            guard fault == nil else { return }
            do { try onCall(call) } catch { fault = error }
        }
        try forEachPieceOfText { piece in
            parser.read(piece, onCall: take)
            if let fault { throw fault }
        }
        parser.finish(onCall: take)
        if let fault { throw fault }
        return parser.counts
    }

    /// Reads the file's text as UTF-8 from its beginning to its end, piece by piece.
    ///
    /// - Parameter body: must not keep the pointer.
    /// - Throws: `AnalyzerFault` if the file cannot be read, and what `body` throws.
    package func forEachPieceOfText(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var decoder = LogTextDecoder()
        try forEachChunk { try decoder.decode($0, body) }
        try decoder.finish(body)
    }

    private func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let descriptor = try open()
        defer { if path != nil { try? descriptor.close() } }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkByteCount, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do {
                count = try descriptor.read(into: buffer)
            } catch {
                throw AnalyzerFault(.input, "\(path ?? "standard input") cannot be read: \(error)")
            }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func open() throws -> FileDescriptor {
        guard let path else { return .standardInput }
        do {
            return try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        } catch {
            throw AnalyzerFault(.input, "\(path) cannot be opened: \(error); name the log files that you have")
        }
    }
}
