import Bytes
import ScoringLog

/// What was broken or missing in the logs, as sentences; nothing where all is whole.
struct BrokenLines {
    let sentences: [String]

    init(_ analysis: Analysis) {
        let counts = analysis.total.counts
        let found: [(Int, String)] = [
            (counts.missingRequestIDs, "answered calls without a request id"),
            (counts.missingScoringLines, "answered calls without a scoring time"),
            (counts.strayRequestIDLines, "request id lines that belong to no call, or are a call's second"),
            (counts.strayScoringLines, "scoring lines that belong to no call, or are a call's second"),
            (counts.headlessLines, "of these lines before the first call: the beginning of a log is missing"),
            (counts.otherKindLines, "scoring lines of the path that was not chosen"),
            (counts.malformedAccessLines, "broken access lines"),
            (counts.malformedRequestIDLines, "broken request id lines"),
            (counts.malformedScoringLines, "broken scoring lines"),
            (counts.foreignLines, "lines with 127.0.0.1 that are no access lines"),
            (counts.overlongLines, "lines too long to be read"),
            (counts.cutLines, "last lines cut short"),
        ]
        let files = analysis.pods.flatMap { pod in
            [
                pod.unreadRemark.map { "\($0) of \(pod.file.name): is it a scoring log of plain text?" },
                pod.holdsZeroBytes
                    ? "\(pod.file.name) holds zero bytes: UTF-16 after UTF-8, or other bytes that are not text, are not read"
                    : nil,
            ].compactMap(\.self)
        }
        sentences = found.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + files
    }
}
