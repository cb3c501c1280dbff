import Files
import Foundation

/// One file of a report's folder.
struct InputFile: Sendable {
    /// From the report's folder, as people see it.
    let relativePath: String
    let path: String
    /// When it was last written to.
    let lastChange: Instant
    let byteCount: Int

    // What is read as a whole: summaries and results, never clients' records.
    private static let maximumWholeByteCount = 16 << 20
    private static let maximumFirstLineByteCount = 1 << 12

    var text: TextFile { TextFile(path: path) }

    /// The file's last component.
    var name: String { URL(filePath: path).lastPathComponent }

    /// The name of the folder it lies in.
    var folder: String { URL(filePath: path).deletingLastPathComponent().lastPathComponent }

    /// What the file is, by its first line.
    ///
    /// - Throws: `OperatorError` if it cannot be read; nil if it is nothing that is known.
    func format() throws -> FileFormat? {
        struct Enough: Error {}
        var bytes: [UInt8] = []
        do {
            try text.forEachPiece { piece in
                for byte in piece {
                    let isEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                    if isEnd, bytes.isEmpty { continue }
                    if isEnd || bytes.count == Self.maximumFirstLineByteCount { throw Enough() }
                    bytes.append(byte)
                }
            }
        } catch is Enough {}
        return FileFormat(firstLine: String(decoding: bytes, as: UTF8.self))
    }

    /// The whole text, of a file that is no larger than 16 MiB.
    func wholeText() throws -> Data {
        guard byteCount <= Self.maximumWholeByteCount else {
            throw UnreadableFile("\(byteCount >> 20) MiB are too much for a summary; 16 MiB are allowed")
        }
        var data = Data()
        try text.forEachPiece { data.append(contentsOf: $0) }
        return data
    }

    /// What tools append to the name of a run.
    private static let endings = [
        "_stats_history.csv", "_stats.csv", "_failures.csv", "_exceptions.csv", ".run.json", ".k6.json", ".siege.json",
        ".siege.log", "history.csv", "timing.csv", "scaling.csv", ".json", ".csv", ".log", ".txt",
    ]

    /// The run that the file belongs to, by its name; where only an ending is left, by its folder's.
    var runName: String { hasName ? stem : folder }

    /// Whether there is more to the name than an ending.
    var hasName: Bool { !stem.isEmpty }

    private var stem: String {
        let lowercased = name.lowercased()
        guard let ending = Self.endings.first(where: lowercased.hasSuffix) else { return name }
        let stem = name.dropLast(ending.count)
        return String(stem.last.map { "._-".contains($0) } == true ? stem.dropLast() : stem)
    }
}

/// Why a file is left out, without its name.
struct UnreadableFile: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
