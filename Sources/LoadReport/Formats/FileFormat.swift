/// The formats that a report reads, recognized by a file's first line, not by its name.
enum FileFormat: Sendable {
    case locustHistory, locustStatistics, locustFailures, locustExceptions
    case throughputHistory, throughputTiming, throughputScaling, clientRecords
    case siegeLog, monitor
    case json, resultsFile

    /// The format of a first line; nil if unknown.
    ///
    /// - Parameter line: the first that is not empty, up to some hundred characters.
    init?(firstLine line: String) {
        if line.trimmed.hasPrefix("{") {
            self = .json
            return
        }
        if line.hasPrefix("Deployment: ") {
            self = .resultsFile
            return
        }
        let columns = ColumnNames(line.split(separator: ",", omittingEmptySubsequences: false).map { $0.unquoted })
        guard let format = Self.tables.first(where: { columns.has($0.titles) }) else { return nil }
        self = format.format
    }

    private static let tables: [(format: Self, titles: [String])] = [
        (.locustHistory, ["Timestamp", "User Count", "Type", "Name", "Total Request Count"]),
        (.locustStatistics, ["Type", "Name", "Request Count", "Failure Count"]),
        (.locustFailures, ["Method", "Name", "Error", "Occurrences"]),
        (.locustExceptions, ["Count", "Message", "Traceback"]),
        (.throughputHistory, ["TestNo", "ThreadCount", "Records", "Failures", "RPS"]),
        (.throughputTiming, ["Time", "Record", "Success", "Attempts", "Response", "TotalTime"]),
        (.throughputScaling, ["Time", "Scale"]),
        (.clientRecords, ["Client", "Time", "AILatency", "State"]),
        (.clientRecords, ["Client", "SentTime", "Latency", "SentState"]),
        (.siegeLog, ["Date & Time", "Trans", "Elap Time", "OKAY", "Failed"]),
        (.monitor, ["time", "n_replica", "cpu_req_core", "cpu_use_core"]),
    ]
}

extension Substring {
    /// Without blanks and quotes around it.
    fileprivate var unquoted: String {
        let text = trimmed
        guard text.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast())
    }
}
