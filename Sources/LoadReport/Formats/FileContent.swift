/// What one file contributes to a report.
enum FileContent: Sendable {
    case run(LoadRun)
    case resources([ResourceUse])
    case serverLog(ServerLog)
    /// How far a simulation deviated from a recording.
    case prediction(FoundPrediction)
    /// A file in a known format, without events.
    case nothing
}
