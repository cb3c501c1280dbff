import Foundation
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
    /// Whether nothing was brought: what lies there is of an earlier day, and is not read.
    public private(set) var isMissing = false

    private static let chunkByteCount = 1 << 18
    // Two lines with names of Kubernetes, of at most 253 characters each.
    private static let maximumHeadByteCount = 1 << 10

    /// Names a log.
    ///
    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) { self.init(path: path, depth: 1) }

    /// - Parameter depth: how many components of the path the names have.
    private init(path: String, depth: Int, isWhole: Bool = false) {
        self.path = path == "-" ? nil : path
        let components = FilePath(path).components.suffix(depth).map(\.string)
        name = path == "-" ? "stdin" : components.isEmpty ? path : components.joined(separator: "/")
        let hasEnding = [".txt", ".log"].contains { [name] in name.hasSuffix($0) && name.count > 4 }
        pod = hasEnding && !isWhole ? String(name.dropLast(4)) : name
    }

    /// Names logs so that no two pods have the same name: by as much of the paths as it takes.
    ///
    /// `a/p.txt` and `b/p.txt` are `a/p` and `b/p`; `p.txt` and `p.log` keep their endings.
    public static func named(_ paths: [String]) -> [LogFile] {
        var files = paths.map(LogFile.init(path:))
        let longest = paths.map { FilePath($0).components.count }.max() ?? 1
        for depth in 2...max(longest, 2) + 1 {
            let clashes = Dictionary(grouping: files.indices) { files[$0].pod }.values.filter { $0.count > 1 }
            for index in clashes.joined() {
                let isWhole = depth > longest
                files[index] = LogFile(path: paths[index], depth: isWhole ? longest : depth, isWhole: isWhole)
            }
        }
        return files
    }

    /// A log that could not be had.
    func missing() -> LogFile {
        var file = self
        file.isMissing = true
        return file
    }

    /// Which file it is; nil if it is not there.
    public var identity: FileIdentity? {
        path.map { FileIdentity(path: $0) } ?? FileIdentity(descriptor: FileDescriptor.standardInput.rawValue)
    }

    /// Whether it is a results file of ours, or of the original scripts, and no log.
    ///
    /// A pipe is not looked into, since what is read from it is gone.
    public var isResultsFile: Bool {
        guard path != nil, identity?.isRegular == true, let descriptor = try? open() else { return false }
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: Self.maximumHeadByteCount)
        guard let count = try? bytes.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return false }
        let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"), maxSplits: 2).prefix(2)
        return zip(lines, ["Deployment: ", "Namespace: "]).filter { $0.starts(with: $1.utf8) }.count == 2
    }

    /// Reads the log from its beginning to its end; memory is bounded by a chunk and a line.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - onCall: is given each call, in the log's order.
    /// - Returns: what the log held, and whether there were zero bytes in its text, which no text has.
    /// - Throws: `AnalyzerFault` if the file cannot be read, and what `onCall` throws.
    public func read(
        onlyPath path: ModelKind? = nil, onCall: (LoggedRequest) throws -> Void
    ) throws -> (counts: ScoringLogCounts, holdsZeroBytes: Bool) {
        var parser = ScoringLogParser(only: path)
        // The parser has no way to stop in the middle, so the first fault waits for the chunk's end.
        var fault: (any Error)?
        func take(_ call: LoggedRequest) {
            guard fault == nil else { return }
            do { try onCall(call) } catch { fault = error }
        }
        var holdsZeroBytes = false
        try forEachPieceOfText { piece in
            if !holdsZeroBytes, let start = piece.baseAddress { holdsZeroBytes = memchr(start, 0, piece.count) != nil }
            parser.read(piece, onRequest: take)
            if let fault { throw fault }
        }
        parser.finish(onRequest: take)
        if let fault { throw fault }
        return (parser.counts, holdsZeroBytes)
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
        guard !isMissing else { return }
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
