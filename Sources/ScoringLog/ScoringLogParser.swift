import Bytes

/// Reads a log's bytes, in chunks of any length, into requests; broken lines are counted, and are never an error.
///
/// By the original scripts' rules a request begins at its access line and takes the first request id line and the first
/// scoring line before the next access line. In a log with our server's layout a request's lines follow each other, and
/// no request gets an id or a time that could be another's (`ScoringLogParser+Contiguous`). The requests come in the
/// log's order. Carriage returns before line feeds are dropped. Memory is bounded by a few lines and by what
/// `RepeatFilter` knows.
public struct ScoringLogParser: Sendable {
    /// What has been read so far.
    public internal(set) var counts = ScoringLogCounts()

    /// How the log arranges its lines.
    public let layout: ScoringLogLayout
    let wantedKind: ModelKind?
    private let maximumLineByteCount: Int
    let hasOwnBlocks: Bool
    var fastReader = FastLineReader()
    var repeats: RepeatFilter
    // The beginning of a line whose end has not come yet.
    var partialLine: [UInt8] = []
    var isOverlong = false
    // A file of the log has ended while a request was open.
    var isPartEnding = false

    /// What the open request can take next, or one whose access line is lost.
    enum Expectation { case nothing, requestID, scoring, anything, lostRequestID, lostScoring }

    var openRequest: LoggedRequest?
    var expectation = Expectation.nothing
    var hasBegun = false
    var block = ContiguousBlock()
    // With the number of requests before it.
    var lastToolMessage: (message: ToolMessage, requests: Int)?
    // The lines before an access line, where that comes last.
    var collected: [ScoringLogLine] = []

    /// Starts at the beginning of a log.
    ///
    /// - Parameters:
    ///   - maximumLineByteCount: longer lines are counted and not read.
    ///   - modelKind: scoring lines of the other kind give no request its time; nil reads both kinds.
    ///   - layout: how the log arranges its lines.
    public init(
        maximumLineByteCount: Int = 65_536, only modelKind: ModelKind? = nil, layout: ScoringLogLayout = .original
    ) {
        self.maximumLineByteCount = max(maximumLineByteCount, 1)
        wantedKind = modelKind
        self.layout = layout
        hasOwnBlocks = layout.isContiguous && !layout.readsAccessLast
        repeats = RepeatFilter(isNewestFirst: layout.isNewestFirst)
    }

    /// Reads the next bytes.
    ///
    /// - Parameters:
    ///   - bytes: any part of the log, of any length.
    ///   - onRequest: gets each request once nothing can be added to it.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        var scanner = ByteScanner(bytes)
        if partialLine.isEmpty, !isOverlong { takeBlocks(&scanner, onRequest: onRequest) }
        while let end = scanner.take(before: .lineFeed) {
            if partialLine.isEmpty, !isOverlong, end.count <= maximumLineByteCount {
                readLine(end, onRequest: onRequest)
            } else {
                keep(end)
                endPartialLine(onRequest: onRequest)
            }
            takeBlocks(&scanner, onRequest: onRequest)
        }
        keep(scanner.rest)
    }

    /// Ends the log.
    ///
    /// - Parameter onRequest: gets the last requests.
    public mutating func finish(onRequest: (LoggedRequest) -> Void) {
        endText(onRequest: onRequest)
        for line in collected { take(line, onRequest: onRequest) }
        collected.removeAll()
        endRequest(onRequest: onRequest)
        releaseHeld(onRequest: onRequest)
        repeats.finish(&counts, onRequest)
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        guard !isOverlong, !part.isEmpty else { return }
        let room = maximumLineByteCount - partialLine.count
        isOverlong = part.count > room
        partialLine.append(contentsOf: part.prefix(room))
    }

    mutating func endPartialLine(onRequest: (LoggedRequest) -> Void) {
        var line: [UInt8] = []
        swap(&line, &partialLine)
        line.withUnsafeBytes { bytes in
            if isOverlong {
                skipOverlongLine(bytes, onRequest: onRequest)
            } else {
                readLine(bytes, onRequest: onRequest)
            }
        }
        isOverlong = false
        line.removeAll(keepingCapacity: true)
        swap(&line, &partialLine)
    }

    /// Counts a line that is too long to be read.
    ///
    /// - Parameter beginning: as much of it as was kept.
    package mutating func skipOverlongLine(_ beginning: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        counts.lines += 1
        counts.overlongLines += 1
        breakBlock()
        // It may have been an access line: what follows must not go to the request before it.
        guard beginning.contains("127.0.0.1") else { return }
        endRequest(onRequest: onRequest)
        let isLost = layout.isContiguous && beginning.contains(ScoringLogLine.accessPrefix)
        if isLost { beginLost(LostRequests(in: beginning)) }
    }

    /// Reads a whole line.
    ///
    /// - Parameter line: without its line feed.
    package mutating func readLine(_ line: UnsafeRawBufferPointer, onRequest: (LoggedRequest) -> Void) {
        counts.lines += 1
        let line = Self.withoutCarriageReturn(line)
        if hasOwnBlocks, takeOwnLine(line, onRequest: onRequest) { return }
        var meaning = fastReader.read(line) ?? otherMeaning(of: line)
        if layout.hasOwnTimes, case .scoring = meaning, !Self.hasAtMostFourDigits(line) {
            meaning = .malformedScoring(isOfTwo: false)
        }
        if layout.readsAccessLast {
            collect(meaning, onRequest: onRequest)
        } else {
            take(meaning, onRequest: onRequest)
        }
    }

    /// Whether a scoring line's point is where a time of ours can have it: more digits are those of two lines.
    private static func hasAtMostFourDigits(_ line: UnsafeRawBufferPointer) -> Bool {
        line.dropping(max(line.count - 8, 0)).position(of: UInt8(ascii: ".")) != nil
    }

    private mutating func otherMeaning(of line: UnsafeRawBufferPointer) -> ScoringLogLine {
        let meaning = ScoringLogLine(line)
        noteToolMessage(in: line)
        // An id line of ours has a form of its own: `X-Ms-Request-Id: 000error: unexpected EOF` has it not.
        if layout.isContiguous, case .requestID = meaning {
            return .malformedRequestID(isOfTwo: ScoringLogLine.isOfTwo(line))
        }
        return meaning
    }

    mutating func take(_ line: ScoringLogLine, onRequest: (LoggedRequest) -> Void) {
        if !hasBegun { beginTorn(with: line) }
        switch line {
        case .access(let secondsSince1970, let status, let bodyBytes, let isScoring):
            endRequest(onRequest: onRequest)
            // The scripts count every line of 127.0.0.1; elsewhere only requests for scores are counted.
            guard isScoring || layout == .original else {
                counts.foreignLines += 1
                return
            }
            hasBegun = true
            counts.requests += 1
            openRequest = LoggedRequest(secondsSince1970: secondsSince1970, status: status, bodyBytes: bodyBytes)
            let canHaveLines = isScoring && (status < 400 || !layout.isContiguous)
            expectation = !canHaveLines ? .nothing : layout.isContiguous ? .requestID : .anything
        case .requestID(let requestID): readRequestID(requestID)
        case .scoring(let milliseconds, let modelKind): readScoring(milliseconds: milliseconds, modelKind)
        case .record(let request):
            endRequest(onRequest: onRequest)
            hasBegun = true
            counts.requests += 1
            if request.scoringMilliseconds != nil { counts.scoringLines += 1 }
            finished(request, onRequest: onRequest)
        case .recordWithoutTime(let request):
            counts.malformedScoringLines += 1
            take(.record(request), onRequest: onRequest)
        default: takeRest(line, onRequest: onRequest)
        }
    }

    private mutating func takeRest(_ line: ScoringLogLine, onRequest: (LoggedRequest) -> Void) {
        switch line {
        case .malformedAccess(let lost), .joinedAccess(let lost, _):
            counts.malformedAccessLines += 1
            if case .joinedAccess(_, isAfterPiece: true) = line { skipPiece() }
            endRequest(onRequest: onRequest)
            if layout.isContiguous { beginLost(lost) }
        case .foreignAccess:
            counts.foreignLines += 1
            endRequest(onRequest: onRequest)
        case .malformedRequestID(let isOfTwo):
            counts.malformedRequestIDLines += 1
            skipID()
            if isOfTwo { mix() }
        case .malformedScoring(let isOfTwo):
            counts.malformedScoringLines += 1
            skipTime()
            if isOfTwo { mix() }
        case .foreign:
            counts.foreignLines += 1
            breakBlock()
        case .message: counts.otherLines += 1
        case .piece:
            counts.otherLines += 1
            skipPiece()
        default:
            counts.otherLines += 1
            breakBlock()
        }
    }

    private mutating func readRequestID(_ requestID: LoggedRequestID) {
        switch expectation {
        case .anything where openRequest?.loggedRequestID == nil:
            openRequest?.loggedRequestID = requestID
        case .requestID:
            expectation = .scoring
            if layout.hasOwnIDs, requestID.isPiece {
                counts.malformedRequestIDLines += 1
                block.hasBrokenLine = true
            } else {
                openRequest?.loggedRequestID = requestID
            }
        default:
            counts.strayRequestIDLines += 1
            if !hasBegun { counts.headlessLines += 1 }
            if expectation == .lostRequestID { expectation = .lostScoring } else { takeExcess() }
        }
    }

    mutating func readScoring(milliseconds: Double, _ modelKind: ModelKind?) {
        if let wantedKind, modelKind != wantedKind {
            counts.otherKindLines += 1
            skipTime()
            return
        }
        counts.scoringLines += 1
        switch expectation {
        case .anything where openRequest?.scoringMilliseconds == nil, .requestID, .scoring:
            openRequest?.scoringMilliseconds = milliseconds
            openRequest?.modelKind = modelKind
            if expectation != .anything { expectation = .nothing }
        default:
            counts.strayScoringLines += 1
            if !hasBegun { counts.headlessLines += 1 }
            if expectation == .lostScoring { expectation = .nothing } else { takeExcess() }
        }
    }

    mutating func endRequest(onRequest: (LoggedRequest) -> Void) {
        guard let request = openRequest else {
            if isLost { loseRequest() }
            return
        }
        openRequest = nil
        let isWhole = expectation == .nothing
        expectation = .nothing
        if layout.isContiguous {
            endBlock(request, isWhole: isWhole, onRequest: onRequest)
        } else {
            finished(request, onRequest: onRequest)
        }
        if isPartEnding {
            isPartEnding = false
            beginPart(onRequest: onRequest)
        }
    }

    @inline(__always)
    mutating func finished(_ request: LoggedRequest, onRequest: (LoggedRequest) -> Void) {
        repeats.take(request, &counts, onRequest)
    }

    static func withoutCarriageReturn(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == .carriageReturn ? line.part(0..<line.count - 1) : line
    }
}
