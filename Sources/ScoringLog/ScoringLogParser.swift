import Bytes

/// Reads a log's bytes, in chunks of any length, into requests; broken lines are counted, and are never an error.
///
/// A request begins at its access line and takes the first request id line and the first scoring line before the next
/// access line, so the requests come in the log's order. Carriage returns before line feeds are dropped. Memory is
/// bounded by one line.
public struct ScoringLogParser: Sendable {
    /// What has been read so far.
    public private(set) var counts = ScoringLogCounts()

    private let maximumLineByteCount: Int
    private let wantedKind: ModelKind?
    private var fastReader = FastLineReader()
    private var openRequest: LoggedRequest?
    // The beginning of a line whose end has not come yet.
    private var partialLine: [UInt8] = []
    private var isOverlong = false

    /// Starts at the beginning of a log.
    ///
    /// - Parameters:
    ///   - maximumLineByteCount: longer lines are counted and not read.
    ///   - modelKind: scoring lines of the other kind give no request its time; nil reads both kinds.
    public init(maximumLineByteCount: Int = 65_536, only modelKind: ModelKind? = nil) {
        self.maximumLineByteCount = max(maximumLineByteCount, 1)
        wantedKind = modelKind
    }

    /// Reads the next bytes.
    ///
    /// - Parameters:
    ///   - bytes: any part of the log, of any length.
    ///   - onRequest: gets each request once the next one begins.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        var scanner = ByteScanner(bytes)
        while let end = scanner.take(before: .lineFeed) {
            if partialLine.isEmpty, !isOverlong, end.count <= maximumLineByteCount {
                readLine(end, onRequest: onRequest)
            } else {
                keep(end)
                endPartialLine(onRequest: onRequest)
            }
        }
        keep(scanner.rest)
    }

    /// Ends the log.
    ///
    /// - Parameter onRequest: gets the last request.
    public mutating func finish(onRequest: (LoggedRequest) -> Void) {
        if isOverlong {
            endPartialLine(onRequest: onRequest)
        } else if !partialLine.isEmpty {
            // Only a scoring line shows, by its unit, that it is complete.
            let line = partialLine
            partialLine.removeAll()
            line.withUnsafeBytes { bytes in
                if case .scoring = ScoringLogLine(Self.withoutCarriageReturn(bytes)) {
                    readLine(bytes, onRequest: onRequest)
                } else {
                    counts.lines += 1
                    counts.cutLines += 1
                }
            }
        }
        endRequest(onRequest: onRequest)
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        guard !isOverlong, !part.isEmpty else { return }
        let room = maximumLineByteCount - partialLine.count
        isOverlong = part.count > room
        partialLine.append(contentsOf: part.prefix(room))
    }

    private mutating func endPartialLine(onRequest: (LoggedRequest) -> Void) {
        var line: [UInt8] = []
        swap(&line, &partialLine)
        line.withUnsafeBytes { bytes in
            if isOverlong {
                counts.lines += 1
                counts.overlongLines += 1
                // It may have been an access line: what follows must not go to the request before it.
                if bytes.contains("127.0.0.1") { endRequest(onRequest: onRequest) }
            } else {
                readLine(bytes, onRequest: onRequest)
            }
        }
        isOverlong = false
        line.removeAll(keepingCapacity: true)
        swap(&line, &partialLine)
    }

    private mutating func readLine(_ line: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        counts.lines += 1
        let line = Self.withoutCarriageReturn(line)
        switch fastReader.read(line) ?? ScoringLogLine(line) {
        case .access(let secondsSince1970, let status, let bodyBytes):
            endRequest(onRequest: onRequest)
            counts.requests += 1
            openRequest = LoggedRequest(secondsSince1970: secondsSince1970, status: status, bodyBytes: bodyBytes)
        case .requestID(let requestID):
            readRequestID(requestID)
        case .scoring(let milliseconds, let modelKind):
            readScoring(milliseconds: milliseconds, modelKind)
        case .malformedAccess:
            counts.malformedAccessLines += 1
            endRequest(onRequest: onRequest)
        case .malformedRequestID: counts.malformedRequestIDLines += 1
        case .malformedScoring: counts.malformedScoringLines += 1
        case .foreign: counts.foreignLines += 1
        case .other: counts.otherLines += 1
        }
    }

    private mutating func readRequestID(_ requestID: LoggedRequestID) {
        if openRequest != nil, openRequest?.loggedRequestID == nil {
            openRequest?.loggedRequestID = requestID
        } else {
            counts.strayRequestIDLines += 1
            if counts.requests == 0 { counts.headlessLines += 1 }
        }
    }

    private mutating func readScoring(milliseconds: Double, _ modelKind: ModelKind) {
        if let wantedKind, modelKind != wantedKind {
            counts.otherKindLines += 1
            return
        }
        counts.scoringLines += 1
        if openRequest != nil, openRequest?.scoringMilliseconds == nil {
            openRequest?.scoringMilliseconds = milliseconds
            openRequest?.modelKind = modelKind
            counts.scoredRequests += 1
        } else {
            counts.strayScoringLines += 1
            if counts.requests == 0 { counts.headlessLines += 1 }
        }
    }

    private mutating func endRequest(onRequest: (LoggedRequest) -> Void) {
        guard let request = openRequest else { return }
        openRequest = nil
        if request.status < 400 {
            if request.loggedRequestID == nil { counts.missingRequestIDs += 1 }
            if request.scoringMilliseconds == nil { counts.missingScoringLines += 1 }
        }
        onRequest(request)
    }

    private static func withoutCarriageReturn(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == .carriageReturn ? line.part(0..<line.count - 1) : line
    }
}
