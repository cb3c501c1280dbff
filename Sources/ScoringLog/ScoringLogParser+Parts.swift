/// The files of a log that was rotated.
extension ScoringLogParser {
    /// Ends a file of the log; the next one may begin with what this one ends with.
    public mutating func finishPart(onRequest: (LoggedRequest) -> Void) {
        endText(onRequest: onRequest)
        // A request's lines may continue in the next file.
        if openRequest == nil { beginPart(onRequest: onRequest) } else { isPartEnding = true }
    }
}
