import ScoringLog

/// What a pod's log shows to be missing, as sentences; where a count says that all is there, they do not hold.
struct PodGaps {
    let sentences: [String]

    init(_ pod: LogReading.Pod, in file: LogFile) {
        let counts = pod.counts
        let found: [(Int, String)] = [
            (counts.headlessLines, "the log of \(file.pod) begins in the middle of a call"),
            (
                counts.timesBack,
                "the time goes back \(counts.timesBack) times in \(file.name): it holds several logs, or parts of them, one "
                    + "after the other; kubectl logs -l LABEL --prefix --tail=-1 gives all lines of all pods, told apart"
            ),
            (counts.malformedAccessLines, "\(counts.malformedAccessLines) requests of \(file.name) have a broken access line"),
            (
                pod.isContiguous ? strays(counts) : 0,
                "\(strays(counts)) lines of \(file.name) are of requests whose access lines are missing"
            ),
            (counts.overlongLines, "\(counts.overlongLines) lines of \(file.name) are too long to be read"),
            (counts.cutLines, "\(file.name) ends within a line"),
        ]
        sentences = found.filter { $0.0 > 0 }.map(\.1)
    }
}

private func strays(_ counts: ScoringLogCounts) -> Int {
    counts.strayRequestIDLines + counts.strayScoringLines - counts.headlessLines
}
