import Bytes

/// The end of a log's text, which may have no line feed.
extension ScoringLogParser {
    mutating func endText(onRequest: (LoggedRequest) -> Void) {
        if isOverlong {
            endPartialLine(onRequest: onRequest)
        } else if !partialLine.isEmpty {
            let line = partialLine
            partialLine.removeAll()
            line.withUnsafeBytes { readLastLine($0, onRequest: onRequest) }
        }
    }

    /// Reads a line without a line feed after it: only a scoring line and a record show that they are complete.
    package mutating func readLastLine(_ line: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        switch ScoringLogLine(Self.withoutCarriageReturn(line)) {
        case .scoring, .record, .recordWithoutTime: readLine(line, onRequest: onRequest)
        default:
            counts.lines += 1
            counts.cutLines += 1
        }
    }
}
