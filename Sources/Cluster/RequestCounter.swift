/// Counts the requests in a log, line by line; this target does not know the log's format.
public protocol RequestCounter: Sendable {
    /// Takes the next line, with its line feed.
    mutating func read(_ line: UnsafeRawBufferPointer) -> LogLineRole
}

/// What a line means in a log.
public enum LogLineRole: Sendable {
    /// It begins a request.
    case beginsRequest
    /// It belongs to a request whose beginning is not in the log.
    case headless
    case other
}
