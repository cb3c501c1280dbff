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

    /// Reads a line without a line feed after it: only some show that they are complete.
    package mutating func readLastLine(_ line: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        let text = Self.withoutCarriageReturn(line)
        switch ScoringLogLine(text) {
        case .scoring, .record, .recordWithoutTime: readLine(line, onRequest: onRequest)
        case .access(_, let status, _, let isScoring) where ScoringLogLine.endsAsOwnAccess(text):
            readLine(line, onRequest: onRequest)
            // The request's other lines are missing.
            if isScoring, status < 400, !layout.readsAccessLast { counts.cutLines += 1 }
        case _ where ToolMessage(in: text) != nil: readLine(line, onRequest: onRequest)
        default:
            counts.lines += 1
            counts.cutLines += 1
        }
    }

    /// Takes note of a message of the tool that wrote the log: lines may be missing there.
    mutating func noteToolMessage(in line: UnsafeRawBufferPointer) {
        guard let message = ToolMessage(in: line) else { return }
        lastToolMessage = (message, begunRequests)
    }

    /// The last message of a tool, at the log's end; our server writes none of its own, so also before it.
    package var toolMessage: ToolMessage? {
        guard let (message, requests) = lastToolMessage, layout.isContiguous || requests == begunRequests else {
            return nil
        }
        return message
    }

    /// A repeated request does not count, but has begun.
    private var begunRequests: Int { counts.requests + counts.repeatedRequests }
}
