public import Files
import Foundation
public import ScoringLog

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// One pod's log, in a file or on standard input.
public struct LogFile: Sendable, Equatable {
    /// Where the log's text is.
    public let text: TextFile
    /// The file's last component, `<pod>.txt` as a rule, as the results file names it.
    public let name: String
    /// The pod: the name without `.txt` or `.log`.
    public let pod: String
    /// Whether nothing was downloaded: the file, if any, is older and is not read.
    public private(set) var isMissing = false

    // Two lines with Kubernetes names, of at most 253 characters each.
    private static let maximumHeadByteCount = 1 << 10

    /// Names a log.
    ///
    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) { self.init(path: path, depth: 1) }

    /// - Parameter depth: how many components of the path the names have.
    private init(path: String, depth: Int, isWhole: Bool = false) {
        text = TextFile(path: path)
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

    /// The same log where none could be downloaded: it reads as empty, whatever an older file of that name holds.
    public var missing: LogFile {
        var file = self
        file.isMissing = true
        return file
    }

    /// Whether it is not a log but a results file, ours or the original scripts'.
    ///
    /// A pipe is not checked, since reading consumes it.
    public var isResultsFile: Bool {
        guard let bytes = text.head(upTo: Self.maximumHeadByteCount) else { return false }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2).prefix(2)
        return zip(lines, ["Deployment: ", "Namespace: "]).filter { $0.starts(with: $1.utf8) }.count == 2
    }

    /// Reads the log from its beginning to its end; memory is bounded by a chunk and a line.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - onCall: is given each call, in the log's order.
    /// - Returns: what the log held, and whether there were zero bytes in its text, which no text has.
    /// - Throws: `OperatorError` if the file cannot be read, and what `onCall` throws.
    public func read(
        onlyPath path: ModelKind? = nil, onCall: (LoggedRequest) throws -> Void
    ) throws -> (counts: ScoringLogCounts, holdsZeroBytes: Bool) {
        var parser = ScoringLogParser(only: path)
        // The parser has no way to stop in the middle, so the first error waits for the chunk's end.
        var firstError: (any Error)?
        func take(_ call: LoggedRequest) {
            guard firstError == nil else { return }
            do { try onCall(call) } catch { firstError = error }
        }
        var holdsZeroBytes = false
        try forEachPiece { piece in
            if !holdsZeroBytes, let start = piece.baseAddress { holdsZeroBytes = memchr(start, 0, piece.count) != nil }
            parser.read(piece, onRequest: take)
            if let firstError { throw firstError }
        }
        parser.finish(onRequest: take)
        if let firstError { throw firstError }
        return (parser.counts, holdsZeroBytes)
    }

    private func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        if !isMissing { try text.forEachPiece(body) }
    }
}
