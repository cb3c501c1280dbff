import LatencyAnalyzer

/// The results of load tests in a folder's files.
public struct LoadEvidence: Sendable {
    /// In the order of their beginnings, those without a time last.
    public internal(set) var runs: [LoadRun] = []
    /// What pods reserved and used.
    public internal(set) var resources: [ResourceUse] = []
    /// What the servers logged.
    public internal(set) var serverLogs: [ServerLog] = []
    /// How far simulations deviated from recordings.
    public internal(set) var predictions: [Claim] = []
    /// The files with runs, or with what pods reserved and used, by their paths in the folder.
    package internal(set) var sources: [String] = []
    /// Files that were left out, wholly or in part, one line each.
    public internal(set) var skipped: [String] = []
    /// Files that were left out although they may hold results.
    var unread: [String] = []

    /// Adds an analysis; if there is both text and JSON, keeps the one that was checked.
    mutating func add(_ log: ServerLog) {
        guard let index = serverLogs.firstIndex(where: { $0.isSameAnalysis(as: log) }) else {
            serverLogs.append(log)
            return
        }
        if case .notChecked = serverLogs[index].completeness { serverLogs[index] = log }
    }

    /// Whether there is anything to report.
    public var isEmpty: Bool { runs.isEmpty && resources.isEmpty && serverLogs.isEmpty && predictions.isEmpty }

    /// From the first moment in any file to the last; files' dates count only if there is nothing else.
    ///
    /// Otherwise a summary that was copied yesterday would stretch the axis of all charts to a day.
    var times: ClosedRange<Instant>? {
        let told =
            runs.filter { !$0.isTimeOfFile }.compactMap(\.times)
            + resources.filter { !$0.isTimeOfFile }.compactMap(\.times)
        let ranges = told.isEmpty ? runs.compactMap(\.times) + resources.compactMap(\.times) : told
        guard let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max() else { return nil }
        return first...last
    }
}
