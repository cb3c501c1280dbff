import ScoringLog

/// What a pod's log shows to be missing, as sentences.
struct PodGaps {
    /// Gaps that the right number of requests disproves.
    let gaps: [String]
    /// Gaps that it does not disprove.
    let losses: [String]
    /// Why the right number proves nothing.
    let countDoubts: [String]

    init(_ pod: LogReading.Pod, in file: LogFile) {
        let counts = pod.counts
        let strays = counts.strayRequestIDLines + counts.strayScoringLines - counts.headlessLines
        gaps = Self.sentences([
            (
                counts.timesBack,
                "the time goes back in \(file.name) (places: \(counts.timesBack)): it holds several logs, or parts of them, "
                    + "in a row; kubectl logs -l LABEL --prefix --tail=-1 prints all lines, each with its pod"
            ),
            (counts.overlongLines, "\(counts.overlongLines) lines of \(file.name) are too long to be read"),
        ])
        losses = Self.sentences([
            (counts.headlessLines, "the log of \(file.pod) begins in the middle of a request"),
            (counts.malformedAccessLines, "\(counts.malformedAccessLines) access lines of \(file.name) are broken"),
            (
                pod.isContiguous ? strays : 0,
                "\(strays) lines of \(file.name) are of requests whose access lines are missing"
            ),
            (counts.cutLines, "\(file.name) ends within a line"),
        ])
        countDoubts = Self.sentences([
            (counts.doubledRequests, "\(counts.doubledRequests) requests are in \(file.name) twice"),
            (
                pod.isContiguous ? counts.bareRequests : 0,
                "\(counts.bareRequests) requests in \(file.name) are only an access line, which may be another's"
            ),
        ])
    }

    private static func sentences(_ found: [(count: Int, sentence: String)]) -> [String] {
        found.filter { $0.count > 0 }.map(\.sentence)
    }
}
