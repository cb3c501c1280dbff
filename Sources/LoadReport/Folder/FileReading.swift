import Foundation

/// The reading of one file, whatever it is.
struct FileReading {
    let file: InputFile
    let zone: TimeZone
    let database: RecordDatabase?

    /// - Throws: `UnreadableFile` or `OperatorError` if the file is left out.
    func read() throws -> (content: FileContent, losses: RecordReader.Losses) {
        guard file.byteCount > 0 else { throw UnreadableFile("empty") }
        guard let format = try file.format() else { throw UnreadableFile("of no known format") }
        switch format {
        case .json: return (try JSONFormats.read(file), .init())
        case .resultsFile: return (.serverLog(try AnalysisText.read(file)), .init())
        case .monitor:
            let (use, losses) = try MonitorFile.read(file)
            return (.resources(use), losses)
        case .locustExceptions: return (.nothing, .init())
        case .locustHistory: return run(try LocustFiles.readHistory(file))
        case .locustStatistics: return run(try LocustFiles.readStatistics(file))
        case .locustFailures: return run(try LocustFiles.readFailures(file))
        case .throughputHistory: return run(try ThroughputFiles.readHistory(file))
        case .throughputScaling: return run(try ThroughputFiles.readScaling(file))
        case .siegeLog: return run(try SiegeLog.read(file, in: zone))
        case .throughputTiming, .clientRecords:
            guard let database else { return run(try ClientRecordsFile.read(file, as: format, in: zone) { _ in }) }
            return run(try database.store { try ClientRecordsFile.read(file, as: format, in: zone, $0) })
        }
    }

    private func run(
        _ reading: (run: LoadRun, losses: RecordReader.Losses)
    ) -> (content: FileContent, losses: RecordReader.Losses) {
        (.run(reading.run), reading.losses)
    }
}
