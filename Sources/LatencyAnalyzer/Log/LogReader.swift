import Bytes
import Files
import Foundation
import ScoringLog

/// Reads one log, of one file or of several that continue each other, into the requests of its pods.
///
/// The format is recognized by the first 64 KiB of each file. A plain log's bytes go to the parser unchanged; from all
/// other formats each line is extracted, without an allocation, and goes to the parser of its pod and container.
/// Memory is bounded by the sample and, for each of up to a thousand pods, by a line and what its parser knows.
struct LogReader {
    static let maximumLineByteCount = 65_536
    static let maximumSourceCount = 1000

    /// The lines of one pod's container, or of one process.
    struct Source {
        let key: [UInt8]
        /// The number of its pod in `pods`.
        let pod: Int
        let container: String?
        var parser: ScoringLogParser
        /// What it held before files that are missing.
        var earlier = ScoringLogCounts()
        // Lines that a runtime has cut, from standard output and standard error.
        var parts: ([UInt8], [UInt8]) = ([], [])
    }

    let onlyPath: ModelKind?
    let ownName: String
    var sources: [Source] = []
    var pods: [String] = []
    private(set) var format: LogFormat?
    private(set) var damages: [String] = []
    /// Which of several files hold no readable request, one sentence each.
    private(set) var emptyParts: [String] = []
    /// The missing files between those that were read, one sentence each.
    var fileGaps: [String] = []
    /// The ends of the file that is being read, where another follows it, and of the one before.
    var tail: [UInt8] = []
    var tailBefore: [UInt8] = []
    private(set) var holdsZeroBytes = false
    var unreadSourceLines = 0
    private(set) var sample: [UInt8] = []
    private var isSampling = true
    private var carry: [UInt8] = []
    private var isCarryOverlong = false
    var numbers: [UInt64: Int] = [:]
    var latest = -1
    private var objects = ObjectReader()
    private var table: TableReader?
    private var isRowOpen = false
    /// Which files end within an object, a list or a row, one sentence each.
    private(set) var openFiles: [String] = []

    /// - Parameter ownName: of the pod, where the lines name none.
    init(onlyPath: ModelKind?, ownName: String) {
        self.onlyPath = onlyPath
        self.ownName = ownName
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - isNewest: whether it may be empty, since no file of the log follows it.
    ///   - onCall: gets a pod's number and each of its requests.
    mutating func read(
        _ file: TextFile, isNewest: Bool, onCall: (Int, LoggedRequest) -> Void, check: () throws -> Void
    ) throws {
        let marks = sources.reduce(0) { $0 + $1.counts.marks }
        beginFile()
        var found: GzipDamage?
        try file.forEachPiece(
            { piece in
                take(piece, onCall)
                if !isNewest { keepTail(piece) }
                try check()
            }, onDamage: { found = $0 })
        if isSampling { endSample(onCall) }
        endFile(onCall)
        let name = file.path.map { URL(filePath: $0).lastPathComponent } ?? "stdin"
        if let found {
            damages.append(found.sentence)
        } else if objects.isOpen || isRowOpen {
            openFiles.append("\(name) ends within \(isRowOpen ? "a row" : "a JSON object or list"): its end is missing")
        } else if marks == sources.reduce(0, { $0 + $1.counts.marks }), !(isNewest && sample.isEmpty) {
            emptyParts.append("\(name) holds no readable request: \(LogKind.sentence(of: sample, name: name))")
        }
    }

    /// Ends the log.
    mutating func finish(onCall: (Int, LoggedRequest) -> Void) {
        for index in sources.indices {
            let pod = sources[index].pod
            // The last part of a line is missing.
            for part in [sources[index].parts.0, sources[index].parts.1] where !part.isEmpty {
                part.withUnsafeBytes { bytes in sources[index].parser.readLastLine(bytes) { onCall(pod, $0) } }
            }
            sources[index].parser.finish { onCall(pod, $0) }
        }
    }

    private mutating func beginFile() {
        (tailBefore, tail) = (tail, [])
        isSampling = true
        carry.removeAll(keepingCapacity: true)
        isCarryOverlong = false
        objects = ObjectReader()
        isRowOpen = false
        sample.removeAll(keepingCapacity: true)
    }

    private mutating func take(_ piece: UnsafeRawBufferPointer, _ onCall: (Int, LoggedRequest) -> Void) {
        if !holdsZeroBytes, let start = piece.baseAddress { holdsZeroBytes = memchr(start, 0, piece.count) != nil }
        guard isSampling else { return read(piece, onCall) }
        let part = piece.prefix(LogFormat.sampleByteCount - sample.count)
        sample.append(contentsOf: part)
        guard sample.count == LogFormat.sampleByteCount else { return }
        endSample(onCall)
        read(piece.dropping(part.count), onCall)
    }

    private mutating func endSample(_ onCall: (Int, LoggedRequest) -> Void) {
        isSampling = false
        var sample: [UInt8] = []
        swap(&sample, &self.sample)
        sample.withUnsafeBytes { bytes in
            let format = LogFormat(sample: bytes)
            self.format = format
            partIfLater(bytes, onCall)
            var rest = bytes
            table = nil
            if case .table(let table) = format.container {
                self.table = table
                // The header is not a row.
                rest = bytes.dropping(bytes.position(of: .lineFeed).map { $0 + 1 } ?? bytes.count)
            }
            read(rest, onCall)
        }
        swap(&sample, &self.sample)
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ onCall: (Int, LoggedRequest) -> Void) {
        guard let format, !format.isArchive else { return }
        if format.isPlain {
            let index = source(UnsafeRawBufferPointer(start: nil, count: 0))
            let pod = sources[index].pod
            sources[index].parser.read(bytes) { onCall(pod, $0) }
        } else if format.container == .objects {
            var reader = objects
            objects = ObjectReader()
            reader.read(bytes) { takeObject($0, onCall) }
            objects = reader
        } else {
            readLines(bytes, format, onCall)
        }
    }

    private mutating func endFile(_ onCall: (Int, LoggedRequest) -> Void) {
        if !carry.isEmpty || isCarryOverlong, let format {
            endCarry(format, isLast: true, onCall)
        }
        for index in sources.indices {
            let pod = sources[index].pod
            sources[index].parser.finishPart { onCall(pod, $0) }
        }
    }

    // MARK: - Lines

    private mutating func readLines(
        _ bytes: UnsafeRawBufferPointer, _ format: LogFormat, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        var scanner = ByteScanner(bytes)
        while let line = scanner.take(before: .lineFeed) {
            if carry.isEmpty, !isCarryOverlong, line.count <= Self.maximumLineByteCount {
                readLine(line, format, isLast: false, onCall)
            } else {
                keep(line)
                endCarry(format, isLast: false, onCall)
            }
        }
        keep(scanner.rest)
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        guard !isCarryOverlong, !part.isEmpty else { return }
        let room = Self.maximumLineByteCount - carry.count
        isCarryOverlong = part.count > room
        carry.append(contentsOf: part.prefix(room))
    }

    private mutating func endCarry(
        _ format: LogFormat, isLast: Bool, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        var line: [UInt8] = []
        swap(&line, &carry)
        line.withUnsafeBytes { bytes in
            if isCarryOverlong {
                skipOverlongLine(bytes, source: Self.strip(bytes, format).source, onCall)
            } else {
                readLine(bytes, format, isLast: isLast, onCall)
            }
        }
        isCarryOverlong = false
        line.removeAll(keepingCapacity: true)
        swap(&line, &carry)
    }

    private static func strip(_ line: UnsafeRawBufferPointer, _ format: LogFormat) -> LinePrefix.Line {
        guard case .prefixed(let prefix) = format.container else { return LinePrefix.Line(text: line) }
        if let stripped = prefix.strip(line) { return stripped }
        return LinePrefix.Line(text: line, source: unprefixedSource)
    }

    // A key that no prefix has: lines without a prefix must not go to the pod of the line before.
    static var unprefixedSource: UnsafeRawBufferPointer {
        let text: StaticString = "\u{1}"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    @inline(__always)
    private mutating func readLine(
        _ line: UnsafeRawBufferPointer, _ format: LogFormat, isLast: Bool, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        if var table {
            // Moved out and back in, so that its memory is reused.
            self.table = nil
            let isWhole = table.read(line) { text, pod, isWhole in
                let line = LinePrefix.Line(text: text, source: pod)
                takeText(line, format.stamp, isLast: isLast && !isWhole, onCall)
            }
            if isLast, !isWhole { isRowOpen = true }
            self.table = table
            return
        }
        var stripped = Self.strip(line, format)
        if stripped.text.last == .carriageReturn { stripped.text = stripped.text.part(0..<stripped.text.count - 1) }
        takeText(stripped, format.stamp, isLast: isLast, onCall)
    }
}
