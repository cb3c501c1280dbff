/// What the files of a folder tell about load tests.
public struct LoadEvidence: Sendable {
    /// In the order of their beginnings, those without a time last.
    public internal(set) var runs: [LoadRun] = []
    /// What pods reserved and used.
    public internal(set) var resources: [ResourceUse] = []
    /// What the servers logged.
    public internal(set) var serverLogs: [ServerLog] = []
    /// Files that were left out, wholly or in part, one line each.
    public internal(set) var skipped: [String] = []

    /// Whether there is anything to report.
    public var isEmpty: Bool { runs.isEmpty && resources.isEmpty && serverLogs.isEmpty }

    /// From the first moment that any file tells of to the last.
    var times: ClosedRange<Instant>? {
        let ranges = runs.compactMap(\.times) + resources.map(\.times)
        guard let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max() else { return nil }
        return first...last
    }
}
