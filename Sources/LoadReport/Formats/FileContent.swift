/// What one file contributes to a report.
enum FileContent: Sendable {
    case run(LoadRun)
    case resources([ResourceUse])
    case serverLog(ServerLog)
    /// How far a simulation was from a recording.
    case prediction(FoundPrediction)
    /// A file that is known, and in which nothing happened.
    case nothing
}
