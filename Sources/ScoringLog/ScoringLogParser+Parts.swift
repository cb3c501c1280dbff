/// The files of a log that was rotated.
extension ScoringLogParser {
    private static let longestRequestSeconds = 5

    /// Ends a file of the log; the next one may begin with what this one ends with.
    public mutating func finishPart(onRequest: (LoggedRequest) -> Void) {
        endText(onRequest: onRequest)
        // A request's lines may go on in the next file.
        guard openRequest != nil else { return beginPart(onRequest: onRequest) }
        isPartEnding = true
        isPartTorn = expectation != .nothing
    }

    /// Ends the open request, if any, where another one begins.
    @inline(__always)
    mutating func endRequest(before second: Int, onRequest: (LoggedRequest) -> Void) {
        if isPartEnding { forgetLinesAfterGap(before: second) }
        endRequest(onRequest: onRequest)
    }

    /// What a file begins with does not belong to a request that the file before ends within, if the next one came much
    /// later: files between them are missing.
    private mutating func forgetLinesAfterGap(before second: Int) {
        guard isPartTorn, layout.isContiguous, let open = openRequest,
            abs(second - open.secondsSince1970) > Self.longestRequestSeconds, openRequest?.forgetLines() == true
        else { return }
        counts.mixedRequests += 1
        expectation = .nothing
        block.hasBrokenLine = true
    }
}
