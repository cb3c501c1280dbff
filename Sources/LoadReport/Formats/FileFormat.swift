/// The formats that a report reads, recognized by a file's first lines, not by its name.
enum FileFormat: Sendable {
    case locustHistory, locustStatistics, locustFailures, locustExceptions, locustJSON
    case throughputHistory, throughputTiming, throughputScaling, clientRecords
    case siegeLog, siegeOutput, monitor, jmeter
    case k6JSONStream, k6CSVStream
    case json, resultsFile

    /// What a file's first lines show.
    struct Recognized {
        let format: FileFormat
        var layout = TableLayout()
    }

    /// The format of a file; nil if unknown.
    ///
    /// - Throws: `OperatorError` if it cannot be read.
    static func recognize(_ file: InputFile) throws -> Recognized? { recognize(head: try file.head()) }

    /// The format of a file; nil if unknown.
    ///
    /// - Parameter head: its first lines, up to some thousand characters.
    static func recognize(head: String) -> Recognized? {
        let lines = head.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = lines.first else { return nil }
        if SiegeOutput.isBeginning(lines) { return Recognized(format: .siegeOutput) }
        if first.trimmed.hasPrefix("{") {
            return Recognized(format: K6JSONStream.isLine(first) ? .k6JSONStream : .json)
        }
        if LocustJSON.isBeginning(lines) { return Recognized(format: .locustJSON) }
        if first.hasPrefix("Deployment: ") { return Recognized(format: .resultsFile) }
        let titled = titles(of: lines) ?? first
        for separator in TableLayout.separators {
            let layout = TableLayout(separator: separator)
            let columns = ColumnNames(layout.cells(of: titled))
            if let found = tables.first(where: { columns.has($0.titles) }) {
                return Recognized(format: found.format, layout: layout)
            }
        }
        if SiegeLog.isRow(titled) {
            return Recognized(format: .siegeLog, layout: TableLayout(titles: SiegeLog.titles))
        }
        return nil
    }

    /// The line that has the titles, if it is a table: with a mark, siege's log begins with the mark.
    private static func titles(of lines: [Substring]) -> Substring? {
        lines.first { !$0.trimmed.hasPrefix("****") }
    }

    /// A description of a table that only lacks one column of a known format; nil if it is not such a table.
    ///
    /// - Parameter head: its first lines.
    static func missingColumn(head: String) -> String? {
        guard let titled = titles(of: head.split(whereSeparator: \.isNewline)) else { return nil }
        for separator in TableLayout.separators {
            let columns = ColumnNames(TableLayout(separator: separator).cells(of: titled))
            for (format, titles) in tables {
                let missing = titles.filter { columns.place($0) == nil }
                // Two titles that fit may be anyone's.
                guard let title = missing.first, missing.count == 1, titles.count > 3 else { continue }
                return "it looks like \(format.name), but has no column \(title): \(format.howToAdd(title))"
            }
        }
        return nil
    }

    private var name: String {
        switch self {
        case .locustHistory, .locustStatistics, .locustFailures, .locustExceptions: "a table of Locust"
        case .throughputHistory, .throughputTiming, .throughputScaling, .clientRecords: "a table of the throughput tool"
        case .siegeLog, .siegeOutput: "siege's log"
        case .monitor: "a recording of bungalow monitor"
        case .jmeter: "JMeter's rows"
        case .k6JSONStream, .k6CSVStream: "k6's stream"
        case .locustJSON, .json, .resultsFile: "JSON"
        }
    }

    /// What to do about a column that is missing.
    private func howToAdd(_ title: String) -> String {
        let settings = ["timeStamp": "timestamp_format=ms", "elapsed": "time=true", "success": "successful=true"]
        guard self == .jmeter else { return "save the table with all its columns" }
        return "run JMeter with -Jjmeter.save.saveservice.\(settings[title] ?? "\(title)=true")"
    }

    private static let tables: [(format: Self, titles: [String])] = [
        (.locustHistory, ["Timestamp", "User Count", "Type", "Name", "Total Request Count"]),
        // Until 0.14.
        (.locustHistory, ["Type", "Name", "Timestamp", "# requests", "# failures"]),
        (.locustStatistics, ["Type", "Name", "Request Count", "Failure Count"]),
        (.locustStatistics, ["Type", "Name", "# requests", "# failures"]),
        // Until 0.13 the column of the method had its own name.
        (.locustStatistics, ["Method", "Name", "# requests", "# failures"]),
        (.locustFailures, ["Method", "Name", "Error", "Occurrences"]),
        (.locustExceptions, ["Count", "Message", "Traceback"]),
        (.throughputHistory, ["TestNo", "ThreadCount", "Records", "Failures", "RPS"]),
        (.throughputTiming, ["Time", "Record", "Success", "Attempts", "Response", "TotalTime"]),
        (.throughputScaling, ["Time", "Scale"]),
        (.clientRecords, ["Client", "Time", "AILatency", "State"]),
        (.clientRecords, ["Client", "SentTime", "Latency", "SentState"]),
        (.siegeLog, ["Date & Time", "Trans", "Elap Time", "OKAY", "Failed"]),
        (.k6CSVStream, ["metric_name", "timestamp", "metric_value"]),
        (.jmeter, ["timeStamp", "elapsed", "label", "success"]),
        (.monitor, ["time", "n_replica", "cpu_req_core", "cpu_use_core"]),
    ]
}
