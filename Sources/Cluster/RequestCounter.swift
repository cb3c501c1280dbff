/// Counts the requests in a log, line by line; the log's form is not this target's business.
public protocol RequestCounter: Sendable {
    /// Takes the next line, with its line feed.
    mutating func read(_ line: UnsafeRawBufferPointer) -> LogLineRole
}

/// What a line does in a log.
public enum LogLineRole: Sendable {
    /// It begins a request.
    case beginsRequest
    /// It belongs to a request whose beginning is not in the log.
    case headless
    case other
}
