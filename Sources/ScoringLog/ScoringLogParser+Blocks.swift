import Bytes

/// What our server writes of a scored request, which is nearly all of a log, read without the steps that other lines need.
extension ScoringLogParser {
    /// Takes whole blocks of scored requests, as many as come next.
    @inline(__always)
    mutating func takeBlocks(_ scanner: inout ByteScanner, onRequest: (LoggedRequest) -> Void) {
        guard hasOwnBlocks else { return }
        while let request = fastReader.takeBlock(&scanner, only: wantedKind) {
            endRequest(onRequest: onRequest)
            hasBegun = true
            counts.lines += 3
            counts.requests += 1
            counts.scoringLines += 1
            if block.isHolding {
                // A line that belongs to no request may follow, and says something of this one.
                openRequest = request
            } else {
                finished(request, onRequest: onRequest)
            }
        }
    }

    /// Takes a line of a scored request, where it is the next one that our server writes.
    @inline(__always)
    mutating func takeOwnLine(
        _ line: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void
    ) -> Bool {
        switch line.first {
        case UInt8(ascii: "1"):
            guard let access = fastReader.ownAccess(line), access.status < 400 else { return false }
            endRequest(onRequest: onRequest)
            hasBegun = true
            counts.requests += 1
            openRequest = LoggedRequest(
                secondsSince1970: access.secondsSince1970, status: access.status, bodyBytes: access.bodyBytes)
            expectation = .requestID
        case UInt8(ascii: "X"):
            guard expectation == .requestID, line.count == 53, line.hasPrefix("X-Ms-Request-Id: "),
                let id = LoggedRequestID(ownAt: 17, in: line)
            else { return false }
            openRequest?.loggedRequestID = id
            expectation = .scoring
        case UInt8(ascii: "P"):
            guard expectation == .scoring, let (milliseconds, kind) = fastReader.ownScoring(line),
                kind == wantedKind ?? kind
            else { return false }
            counts.scoringLines += 1
            openRequest?.scoringMilliseconds = milliseconds
            openRequest?.modelKind = kind
            expectation = .nothing
        default: return false
        }
        return true
    }
}
