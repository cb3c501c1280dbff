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
    /// The run's name, if the file's own name does not contain it.
    var givenName: String?

    // For files that are read as a whole: summaries and results, never clients' records.
    private static let maximumWholeByteCount = 16 << 20
    private static let maximumHeadByteCount = 1 << 12

    var text: TextFile { TextFile(path: path) }

    // Files that may be beside results in a folder: scripts, notes, pages, pictures.
    private static let otherEndings: Set = [
        "css", "html", "jmx", "js", "md", "pdf", "png", "py", "sh", "sqlite", "svg", "ts", "yaml", "yml",
    ]

    /// Whether an unreadable file could hold results, by its name.
    var mayHoldResults: Bool {
        !Self.otherEndings.contains(URL(filePath: path).pathExtension.lowercased()) && !Self.isReadme(name)
    }

    private static func isReadme(_ name: String) -> Bool { name.lowercased().hasPrefix("readme") }

    /// The file's last component.
    var name: String { URL(filePath: path).lastPathComponent }

    /// The name of the folder it lies in.
    var folder: String { URL(filePath: path).deletingLastPathComponent().lastPathComponent }

    /// The file's first lines, without colours.
    ///
    /// - Throws: `OperatorError` if it cannot be read.
    func head() throws -> String {
        struct Enough: Error {}
        var bytes: [UInt8] = []
        do {
            try text.forEachPiece { piece in
                bytes.append(contentsOf: piece.prefix(Self.maximumHeadByteCount - bytes.count))
                if bytes.count == Self.maximumHeadByteCount { throw Enough() }
            }
        } catch is Enough {}
        let head = String(decoding: bytes, as: UTF8.self)
        return bytes.contains(0x1B) ? head.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") : head
    }

    /// The whole text, if the file is at most 16 MiB.
    func wholeText() throws -> Data {
        var data = Data()
        try text.forEachPiece { piece in
            guard data.count + piece.count <= Self.maximumWholeByteCount else {
                throw UnreadableFile("more than 16 MiB, too much for a summary")
            }
            data.append(contentsOf: piece)
        }
        return data
    }

    /// What tools append to the name of a run.
    private static let endings = [
        "_stats_history.csv", "_stats.csv", "_failures.csv", "_exceptions.csv", "_requests_full_history.csv",
        "_requests.csv", ".run.json", ".k6.json", ".siege.json", ".siege.log", "history.csv", "timing.csv",
        "scaling.csv",
        ".json", ".csv", ".log", ".txt", ".jtl", ".ndjson",
    ]

    /// The run that the file belongs to, by its name; if only an ending is left, by its folder's name.
    var runName: String { givenName ?? (hasName ? stem : folder) }

    /// Whether there is more to the name than an ending.
    var hasName: Bool { givenName != nil || !stem.isEmpty }

    private var stem: String {
        let name = name.lowercased().hasSuffix(".gz") ? String(name.dropLast(3)) : name
        let lowercased = name.lowercased()
        // Azure Load Testing: each engine has a file.
        if lowercased.wholeMatch(of: #/engine\d+_results\.(csv|jtl)/#) != nil { return "" }
        guard let ending = Self.endings.first(where: lowercased.hasSuffix) else { return name }
        let stem = name.dropLast(ending.count)
        return String(stem.last.map { "._-".contains($0) } == true ? stem.dropLast() : stem)
    }
}

/// Why a file is left out, without its name.
struct UnreadableFile: Error {
    let reason: String

    static let unknownJSON = Self("JSON of no known format")

    var isOfUnknownJSON: Bool { reason == Self.unknownJSON.reason }

    init(_ reason: String) { self.reason = reason }
}
