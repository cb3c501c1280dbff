import Bytes
import ScoringLog

/// How a file holds a log, found from its first lines.
struct LogFormat: Sendable {
    /// What the lines are wrapped in.
    enum Container: Sendable, Equatable {
        /// The lines are there as they were written, or with a stamp.
        case lines
        case prefixed(LinePrefix)
        case objects
        case table(TableReader)
    }

    private(set) var container = Container.lines
    private(set) var stamp = LineStamp()
    private(set) var layout = ScoringLogLayout.original
    /// Whether the texts of objects end with a line feed, so that one without is part of a line, as in Docker's files.
    private(set) var objectsEndLines = false

    /// Whether it is an archive, whose members are not one log.
    let isArchive: Bool

    /// Whether the bytes are the log's own.
    var isPlain: Bool { container == .lines && stamp.isEmpty }

    /// How much of a file shows its format, in bytes.
    static let sampleByteCount = 65_536

    private typealias Text = (bytes: [UInt8], source: Int)

    /// Finds the format.
    ///
    /// - Parameter sample: the beginning of the text; its last line may be cut.
    init(sample: UnsafeRawBufferPointer) {
        isArchive = LogKind.isTar(sample)
        var lines: [UnsafeRawBufferPointer] = []
        var scanner = ByteScanner(sample)
        while let line = scanner.take(before: .lineFeed) { lines.append(line) }
        if lines.isEmpty { lines = [scanner.rest] }
        container = Self.container(of: lines, sample)
        var texts = texts(of: lines, sample)
        stamp = Self.stamp(of: texts.map(\.bytes))
        texts = texts.map { text in
            text.bytes.withUnsafeBytes { bytes in
                let line = stamp.strip(bytes)
                // The lines of one pod's processes are interleaved.
                return (Array(line.text), text.source &* 31 &+ Self.number(of: line.process))
            }
        }
        layout = Self.layout(of: texts, isAzureML: stamp.azureML != .none || Self.isAzureMLStart(sample))
    }

    private static func number(of bytes: UnsafeRawBufferPointer) -> Int { bytes.decimal ?? 0 }

    /// The first lines of Azure ML's older containers, whose own lines have no stamp.
    private static func isAzureMLStart(_ sample: UnsafeRawBufferPointer) -> Bool {
        sample.contains("Invoking user's init function") || sample.contains("Starting gunicorn")
    }

    // MARK: - The container

    private static func container(of lines: [UnsafeRawBufferPointer], _ sample: UnsafeRawBufferPointer) -> Container {
        let start = sample.trimmed { $0 <= .space }.first
        let isJSON = start == UInt8(ascii: "{") || start == UInt8(ascii: "[") && !sample.contains("[pod/")
        let keys = ObjectReader.messageKeys
        if isJSON, keys.contains(where: { holds(key: $0, sample) }) { return .objects }
        if let header = lines.first, let table = TableReader(header: header) { return .table(table) }
        let written = lines.filter { !$0.trimmed.isEmpty }
        for prefix in [LinePrefix.kubectl, .cri, .compose] {
            let count = written.count { prefix.strip($0) != nil }
            if count > 0, 2 * count >= written.count { return .prefixed(prefix) }
        }
        // Many lines begin with two words and a blank: only a log's own text after them shows stern.
        for words in [2, 3] {
            let count = written.count { line in
                guard !isOwn(line), let text = LinePrefix.stern(words: words).strip(line)?.text else { return false }
                return isOwn(text) || isOwn(LineStamp(hasTimestamps: true).strip(text).text)
            }
            if count > 0, 2 * count >= written.count { return .prefixed(.stern(words: words)) }
        }
        return .lines
    }

    private static func holds(key: StaticString, _ sample: UnsafeRawBufferPointer) -> Bool {
        let quote = UInt8(ascii: "\"")
        var start = 0
        while let found = sample.position(of: quote, from: start) {
            var scanner = ByteScanner(sample, from: found + 1)
            start = found + 1
            guard scanner.skip(key), scanner.skip(quote) else { continue }
            _ = scanner.skip(.space)
            if scanner.skip(UInt8(ascii: ":")) { return true }
        }
        return false
    }

    private static func isOwn(_ line: UnsafeRawBufferPointer) -> Bool {
        line.hasPrefix("127.0.0.1 - - [") || line.hasPrefix("X-Ms-Request-Id: ") || line.hasPrefix("Prediction took ")
            || line.hasPrefix("Predictions took ") || line.hasPrefix(#"{"time":"#)
    }

    // MARK: - The lines

    private mutating func texts(of lines: [UnsafeRawBufferPointer], _ sample: UnsafeRawBufferPointer) -> [Text] {
        var numbers: [[UInt8]: Int] = [:]
        func number(_ source: UnsafeRawBufferPointer) -> Int {
            let name = Array(source)
            let number = numbers[name] ?? numbers.count
            numbers[name] = number
            return number
        }
        switch container {
        case .lines: return lines.map { (Array($0), 0) }
        case .prefixed(let prefix):
            return lines.compactMap { line in prefix.strip(line).map { (Array($0.text), number($0.source)) } }
        case .objects:
            var (reader, texts, endLines) = (ObjectReader(), [Text](), false)
            reader.read(sample) { object in
                if object.message.last == .lineFeed, object.source.isEmpty { endLines = true }
                texts.append((Array(object.message.trimmed { $0 == .lineFeed }), number(object.source)))
            }
            objectsEndLines = endLines
            return texts
        case .table(var table):
            var texts: [Text] = []
            for line in lines.dropFirst() {
                table.read(line) { text, pod, _ in texts.append((Array(text), number(pod))) }
            }
            return texts
        }
    }

    private static func stamp(of texts: [[UInt8]]) -> LineStamp {
        let written = texts.filter { !$0.isEmpty }
        var stamp = LineStamp()
        let count = { (stamp: LineStamp) in
            written.count { text in text.withUnsafeBytes { stamp.strip($0).isStamped } }
        }
        if !written.isEmpty, 2 * count(LineStamp(hasTimestamps: true)) >= written.count { stamp.hasTimestamps = true }
        let rests = written.map { text in text.withUnsafeBytes { Array(stamp.strip($0).text) } }
        let today = rests.count { text in text.withUnsafeBytes { LineStamp.afterTodaysStamp($0) != nil } }
        let dated = rests.count { text in text.withUnsafeBytes { LineStamp.afterDatedStamp($0) != nil } }
        if max(today, dated) > 0, 10 * max(today, dated) >= rests.count {
            stamp.azureML = today >= dated ? .today : .dated
        }
        return stamp
    }

    private static func layout(of texts: [Text], isAzureML: Bool) -> ScoringLogLayout {
        var sample = ScoringLogSample()
        for text in texts { text.bytes.withUnsafeBytes { sample.add($0, source: text.source) } }
        return sample.layout(isAzureML: isAzureML)
    }

    // MARK: - For people

    /// The form's name, to follow "read as"; nil for a log's own bytes.
    var name: String? {
        let holder: String? =
            switch container {
            case .lines: nil
            case .prefixed(.kubectl): "the prefix of kubectl logs --prefix"
            case .prefixed(.stern): "stern's prefix"
            case .prefixed(.compose): "docker compose's prefix"
            case .prefixed(.cri): "a node's log file"
            case .objects: "JSON with a line in each object"
            case .table: "a table with a line in each row"
            }
        let stamps: [String?] = [
            stamp.hasTimestamps ? "timestamps" : nil, stamp.azureML == .none ? nil : "Azure ML's stamps",
            layout.isNewestFirst ? "newest first" : nil,
        ]
        let parts = [holder].compactMap(\.self) + stamps.compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
