import LatencyAnalyzer

/// The results of `bungalow analyze` for the servers' logs.
public struct ServerLog: Sendable {
    /// The file.
    public let source: String
    let deployment: String
    let pods: Int
    let calls, scored: Int
    /// Whether the logs hold all requests, as stated in the file.
    let completeness: Completeness
    let times: ClosedRange<Instant>?
    let percentiles: Percentiles

    /// Whether two files are results of the same logs: text and JSON of one analysis.
    func isSameAnalysis(as other: Self) -> Bool {
        (deployment, pods, calls, scored) == (other.deployment, other.pods, other.calls, other.scored)
            && times == other.times
    }
}
