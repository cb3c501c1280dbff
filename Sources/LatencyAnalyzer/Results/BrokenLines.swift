import Bytes
import ScoringLog

/// What was broken or missing in the logs, as sentences; empty if nothing was.
struct BrokenLines {
    let sentences: [String]

    init(_ analysis: Analysis) {
        let counts = analysis.total.counts
        let found: [(Int, String)] = [
            (counts.missingRequestIDs, "responses without a request id"),
            (counts.missingScoringLines, "responses without a scoring time"),
            (counts.strayRequestIDLines, "request id lines that belong to no request, or are a request's second"),
            (counts.strayScoringLines, "scoring lines that belong to no request, or are a request's second"),
            (counts.headlessLines, "of these lines before the first request: the beginning of a log is missing"),
            (counts.otherKindLines, "scoring lines of the path that was not chosen"),
            (counts.malformedAccessLines, "broken access lines"),
            (counts.malformedRequestIDLines, "broken request id lines"),
            (counts.malformedScoringLines, "broken scoring lines"),
            (counts.foreignLines, "lines with 127.0.0.1 that are not access lines, or of other clients or paths"),
            (counts.overlongLines, "lines too long to be read"),
            (counts.cutLines, "last lines cut short"),
            (counts.mixedRequests, "requests beside torn or mixed lines, whose ids and times are not used"),
            (counts.repeatedRequests, "requests that a log holds again, byte for byte, which count once"),
            (counts.repeatedIDs, "requests with the id of an earlier one"),
        ]
        let files = analysis.pods.filter(\.holdsZeroBytes).map {
            "\($0.file.name) holds zero bytes: UTF-16 after UTF-8, or other bytes that are not text, are not read"
        }
        let missing = Self.missing(analysis)
        var disproved: [String] = []
        if missing.isEmpty {
            if counts.timesBack > 0 { disproved = ["\(counts.timesBack) places where the time goes back"] }
            disproved += analysis.pods.flatMap(\.toolMessages)
        }
        sentences =
            missing + disproved + found.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + files
    }

    /// What makes the log incomplete or the count doubtful: it must not appear beside "Broken or missing: nothing".
    private static func missing(_ analysis: Analysis) -> [String] {
        switch analysis.completeness {
        case .complete: return []
        case .notChecked: return analysis.gaps + analysis.losses
        case .incomplete: break
        }
        let difference = (analysis.expectedCalls?.calls ?? 0) - analysis.total.counts.requests
        guard analysis.expectedCalls != nil else { return analysis.gaps + analysis.losses }
        let count = "\(abs(difference)) requests \(difference > 0 ? "fewer" : "more") than there should be"
        return [count] + analysis.gaps + analysis.losses
    }
}
