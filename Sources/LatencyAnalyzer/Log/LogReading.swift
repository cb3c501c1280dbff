import Bytes
import ScoringLog

/// What a log held, pod by pod.
public struct LogReading: Sendable {
    /// A pod's part of a log.
    struct Pod: Sendable {
        /// Its number, which calls are passed with.
        let number: Int
        let name: String
        let counts: ScoringLogCounts
        let isContiguous: Bool

        /// The same, without an understood line.
        var unread: Self {
            var counts = ScoringLogCounts()
            counts.lines = self.counts.lines
            counts.otherLines = self.counts.lines
            return Self(number: number, name: name, counts: counts, isContiguous: isContiguous)
        }
    }

    let pods: [Pod]
    /// Lines for people on how the log was read.
    let notes: [String]
    /// The messages of tools among the lines, which stand for missing ones, one sentence each.
    let toolMessages: [String]
    /// The parts of the file that were not read, one sentence each.
    let unread: [String]
    let holdsZeroBytes: Bool

    init(_ reader: LogReader, of file: LogFile) {
        var all = reader.pods.enumerated().map { number, name in
            let sources = reader.sources.filter { $0.pod == number }
            return Pod(
                number: number, name: name,
                counts: sources.reduce(into: ScoringLogCounts()) { $0.add($1.counts) },
                isContiguous: sources.contains { $0.parser.layout.isContiguous })
        }
        if all.allSatisfy({ $0.counts.requests == 0 }), LogKind.prefix(in: reader.sample, file.name) != nil {
            // A line with a prefix is not broken.
            all = all.map(\.unread)
        }
        if all.isEmpty { all = [Pod(number: 0, name: file.pod, counts: ScoringLogCounts(), isContiguous: false)] }
        let read = all.filter(\.counts.hasMarks)
        let readNumbers = Set(read.map(\.number))
        let containers = Set(reader.sources.filter { readNumbers.contains($0.pod) }.map(\.container))
        // An idle pod has the same container as the busy ones; the lines of other containers are not missing.
        let pods =
            read.isEmpty
            ? [Self.whole(all, file)]
            : all.filter { pod in
                pod.counts.hasMarks
                    || reader.sources.contains {
                        $0.pod == pod.number && $0.container != nil && containers.contains($0.container)
                    }
            }
        self.pods = pods
        var notes: [String] = []
        if let name = reader.format?.name {
            let others = all.count { pod in
                !pods.contains { $0.number == pod.number }
                    && reader.sources.contains { $0.pod == pod.number && LogReader.namesPod($0.key) }
            }
            let rest = read.isEmpty || others == 0 ? "" : ", and \(others) without requests"
            notes.append("\(file.name): read as \(name), \(pods.count) pod\(pods.count == 1 ? "" : "s")\(rest)")
        }
        self.notes = notes
        var unread = reader.damages.map { "\(file.name) \($0)" }
        if read.isEmpty, !file.isMissing, reader.damages.isEmpty {
            let kind = LogKind.sentence(of: reader.sample, name: file.name)
            unread.append("\(file.name) holds no readable request: \(kind)")
        }
        if reader.unreadSourceLines > 0 {
            unread.append("\(reader.unreadSourceLines) lines of \(file.name) are of more pods than can be read at once")
        }
        if !read.isEmpty { unread += reader.emptyParts + reader.openFiles }
        unread += reader.fileGaps
        self.unread = unread
        toolMessages = read.isEmpty ? [] : Self.toolMessages(reader, file)
        holdsZeroBytes = reader.holdsZeroBytes
    }

    /// Each message once: kubectl's own have no prefix, while a node's come in each pod's log.
    private static func toolMessages(_ reader: LogReader, _ file: LogFile) -> [String] {
        var texts: [String] = []
        for message in reader.sources.compactMap(\.parser.toolMessage) {
            let text = "\(message.kind) \"\(message.text.printable())\""
            if !texts.contains(text) { texts.append(text) }
        }
        return texts.map { "\(file.name) has \($0): lines may be missing" }
    }

    private static func whole(_ pods: [Pod], _ file: LogFile) -> Pod {
        Pod(
            number: 0, name: file.pod, counts: pods.reduce(into: ScoringLogCounts()) { $0.add($1.counts) },
            isContiguous: false)
    }
}

extension ScoringLogCounts {
    /// Whether any line was one of a scoring log, or a piece of one.
    var hasMarks: Bool { marks > 0 }

    /// The number of lines of a scoring log. It only grows: a repeated request still counts.
    var marks: Int {
        requests + scoringLines + strayRequestIDLines + malformedAccessLines + 2 * repeatedRequests
    }
}
