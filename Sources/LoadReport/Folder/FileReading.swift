import Foundation

/// Reads one file of any format.
struct FileReading {
    let file: InputFile
    let zone: TimeZone
    let database: RecordDatabase?

    /// - Throws: `UnreadableFile` or `OperatorError` if the file is left out.
    func read() throws -> (content: FileContent, losses: RecordReader.Losses) {
        guard file.byteCount > 0 else { throw UnreadableFile("empty") }
        guard let found = try FileFormat.recognize(file) else {
            let head = try file.head()
            throw UnreadableFile(
                ForeignTool.description(head: head) ?? FileFormat.missingColumn(head: head) ?? "of no known format")
        }
        let layout = found.layout
        switch found.format {
        case .json: return (try json(), .init())
        case .locustJSON: return (.run(try whole { try LocustJSON.read(file) }), .init())
        case .resultsFile: return (.serverLog(try AnalysisText.read(file)), .init())
        case .monitor:
            let (uses, losses) = try MonitorFile.read(file, layout)
            return (.resources(uses), losses)
        case .locustExceptions: return (.nothing, .init())
        case .locustHistory: return run(try LocustFiles.readHistory(file, layout))
        case .locustStatistics: return run(try LocustFiles.readStatistics(file, layout))
        case .locustFailures: return run(try LocustFiles.readFailures(file, layout))
        case .throughputHistory: return run(try ThroughputFiles.readHistory(file, layout))
        case .throughputScaling: return run(try ThroughputFiles.readScaling(file, layout))
        case .siegeLog: return run(try siegeLog(layout))
        case .siegeOutput: return run(try SiegeOutput.read(file))
        case .k6JSONStream: return run(try K6JSONStream.read(file))
        case .k6CSVStream: return run(try K6CSVStream.read(file, layout))
        case .jmeter: return run(try JMeterFile.read(file, layout, in: zone))
        case .throughputTiming, .clientRecords:
            guard let database else { return run(try ClientRecordsFile.read(file, as: found, in: zone) { _ in }) }
            return run(try database.store { try ClientRecordsFile.read(file, as: found, in: zone, $0) })
        }
    }

    private func json() throws -> FileContent {
        do {
            return try JSONFormats.read(file)
        } catch let error as UnreadableFile where error.isOfUnknownJSON {
            throw UnreadableFile(ForeignTool.description(head: try file.head()) ?? error.reason)
        }
    }

    private func whole<Result>(_ read: () throws -> Result) throws -> Result {
        do { return try read() } catch let error as DecodingError { throw UnreadableFile(error.reason) }
    }

    /// `loadtest/siege` runs siege in UTC, and records that in the file beside the log.
    private func siegeLog(_ layout: TableLayout) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        if let ended = SiegeSums.beside(file)?.ended {
            let found = try SiegeLog.read(file, layout, in: .gmt)
            if let last = found.run.times?.upperBound, abs(last.seconds - ended.seconds) < 1.5 { return found }
        }
        return try SiegeLog.read(file, layout, in: zone)
    }

    private func run(
        _ reading: (run: LoadRun, losses: RecordReader.Losses)
    ) -> (content: FileContent, losses: RecordReader.Losses) {
        (.run(reading.run), reading.losses)
    }
}
