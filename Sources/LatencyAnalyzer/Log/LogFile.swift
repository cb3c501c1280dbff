public import Files
import Foundation
public import ScoringLog

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// One pod's log, in a file, in several that continue each other, or on standard input.
public struct LogFile: Sendable, Equatable {
    /// The files with the log's text, in the order of time.
    public let texts: [TextFile]
    /// The file's last component, usually `<pod>.txt`, as the results file names it.
    public private(set) var name: String
    /// The pod: the name without `.txt`, `.log` or `.gz`, or the one in the path of a node's file.
    public private(set) var pod: String
    /// For each text, a sentence if files between it and the one before are missing.
    let fileGaps: [String?]
    /// Whether nothing was downloaded: the file, if any, is older and is not read.
    public private(set) var isMissing = false

    // Two lines with Kubernetes names, of at most 253 characters each.
    private static let maximumHeadByteCount = 1 << 10

    /// Names a log.
    ///
    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) { self.init(LogSet(path: path), depth: 1) }

    /// - Parameter depth: how many components of the path the names have.
    private init(_ set: LogSet, depth: Int, isWhole: Bool = false) {
        texts = set.paths.map(TextFile.init(path:))
        fileGaps = set.gaps
        let path = set.paths.last ?? ""
        let components = FilePath(path).components.suffix(depth).map(\.string)
        name = path == "-" ? "stdin" : components.isEmpty ? path : components.joined(separator: "/")
        if let pod = set.pod, depth == 1 {
            self.pod = pod
            name = FilePath(path).components.suffix(3).map(\.string).joined(separator: "/")
        } else {
            pod = isWhole ? name : Self.withoutEnding(name)
        }
    }

    private static func withoutEnding(_ name: String) -> String {
        var name = name
        for endings in [[".gz"], [".txt", ".log"]] {
            if let ending = endings.first(where: { name.hasSuffix($0) && name.count > $0.count }) {
                name.removeLast(ending.count)
            }
        }
        return name
    }

    /// Names logs so that no two pods have the same name: by as much of the paths as necessary.
    ///
    /// `a/p.txt` and `b/p.txt` are `a/p` and `b/p`; `p.txt` and `p.log` keep their endings. Files that a node or Docker
    /// has rotated are one log, the oldest first.
    public static func named(_ paths: [String]) -> [LogFile] {
        let sets = LogSet.grouped(paths)
        var files = sets.map { LogFile($0, depth: 1) }
        let longest = paths.map { FilePath($0).components.count }.max() ?? 1
        for depth in 2...max(longest, 2) + 1 {
            let clashes = Dictionary(grouping: files.indices) { files[$0].pod }.values.filter { $0.count > 1 }
            for index in clashes.joined() {
                let isWhole = depth > longest
                files[index] = LogFile(sets[index], depth: isWhole ? longest : depth, isWhole: isWhole)
            }
        }
        return files
    }

    /// The same log if it could not be downloaded: it reads as empty, whatever an older file of that name holds.
    public var missing: LogFile {
        var file = self
        file.isMissing = true
        return file
    }

    /// One pod of a log of several.
    func of(pod: String) -> LogFile {
        guard pod != self.pod else { return self }
        var file = self
        file.pod = pod
        file.name = "\(name) (\(pod))"
        return file
    }

    /// Whether it is not a log but a results file, ours or the original scripts'.
    ///
    /// A pipe is not checked, since reading consumes it.
    public var isResultsFile: Bool {
        guard let bytes = texts.first?.head(upTo: Self.maximumHeadByteCount) else { return false }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2).prefix(2)
        return zip(lines, ["Deployment: ", "Namespace: "]).filter { $0.starts(with: $1.utf8) }.count == 2
    }

    /// Reads the log from its beginning to its end; memory is bounded by a chunk, and a line of each pod.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - onCall: is given each call in the log's order, with the number of its pod.
    /// - Returns: what the log held.
    /// - Throws: `OperatorError` if a file cannot be read, and what `onCall` throws.
    public func read(
        onlyPath path: ModelKind? = nil, onCall: (Int, LoggedRequest) throws -> Void
    ) throws -> LogReading {
        var reader = LogReader(onlyPath: path, ownName: pod)
        // The parser cannot stop in the middle, so the first error is thrown at the chunk's end.
        var firstError: (any Error)?
        func take(_ pod: Int, _ call: LoggedRequest) {
            guard firstError == nil else { return }
            do { try onCall(pod, call) } catch { firstError = error }
        }
        func check() throws {
            if let firstError { throw firstError }
        }
        for (index, text) in (isMissing ? [] : texts).enumerated() {
            if let gap = fileGaps[index] { reader.skipFiles(gap, onCall: take) }
            try reader.read(text, isNewest: index == texts.count - 1, onCall: take, check: check)
        }
        reader.finish(onCall: take)
        try check()
        return LogReading(reader, of: self)
    }
}
