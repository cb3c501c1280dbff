/// The rules for logs of our server's layout, in which no id or time may go to another request.
///
/// A request's lines follow each other, and a rejected request has one line. Where a request's id or time is missing,
/// it may stand further down, between other requests' lines, as where two logs were mixed line by line. So the next
/// requests wait until sixteen in a row were whole, in the order of their times. Where lines come meanwhile that belong
/// to no request, none of those that waited keeps its id and time. The first sixteen wait, too, since the log may begin
/// in such a place.
struct ContiguousBlock: Sendable {
    static let wholeRunLength = 16
    static let maximumHeldCount = 512

    /// A line that belongs to no request came after the open one was whole.
    var hasExcess = false
    /// The open request's lines are mixed with others.
    var isMixed = false
    /// Another line came between the open request's lines.
    var isBroken = false
    /// The open request's id or time is broken, or the time of the kind that was not asked for: neither is elsewhere.
    var hasBrokenLine = false
    /// Whether requests wait.
    var isHolding = true
    /// The first waiting request that lacks something; -1 for one before them.
    var firstTorn: Int?
    var held: [LoggedRequest] = []
    var wholeCount = 0
    /// Whether a line came that belongs to no request, while requests waited.
    var hasHadExcess = false
    /// The log begins within a request, whose lines may stand between those of the first requests that wait.
    var beginsTorn = false
    /// Those that wait that are the first of a further file of the log.
    var firstsOfParts: [Int] = []
}

extension ScoringLogParser {
    /// Takes note of a line that can stand between two requests, but not between a request's lines.
    @inline(__always)
    mutating func breakBlock() {
        if isLost { loseRequest() }
        guard expectation == .requestID || expectation == .scoring else { return }
        expectation = .nothing
        block.isBroken = true
    }

    /// Takes note of a line that came between this log's lines and may be of another log.
    package mutating func readOther(_ line: UnsafeRawBufferPointer) {
        guard !line.isEmpty else { return }
        if case .message = ScoringLogLine(line) { return }
        breakBlock()
    }

    /// Takes note of a line before the first request: a piece of one shows that the log begins within it.
    mutating func beginTorn(with line: ScoringLogLine) {
        switch line {
        // The rest of an access line of ours is one of another address, such as 27.0.0.1.
        case .foreignAccess: if counts.lines == 1 { block.beginsTorn = true }
        case .access, .record, .recordWithoutTime, .foreign, .message: break
        default: block.beginsTorn = true
        }
    }

    /// Takes note of an id or a time that the open request cannot have.
    mutating func takeExcess() {
        guard openRequest != nil else {
            // Its access line is not there, or is another client's.
            if isLost { loseRequest() }
            if block.isHolding, hasBegun { block.hasExcess = true }
            return
        }
        if expectation == .nothing, !block.isBroken {
            block.hasExcess = true
        } else {
            block.isMixed = true
            if layout.isContiguous { expectation = .nothing }
        }
    }

    /// Takes note of an id that cannot be read.
    mutating func skipID() {
        if expectation == .requestID {
            // It stands where the request's id belongs, so the id is not somewhere else.
            expectation = .scoring
            block.hasBrokenLine = true
        } else if expectation == .lostRequestID {
            expectation = .lostScoring
        } else {
            skipPiece()
        }
    }

    /// Takes note of a time that cannot be read or is of the other kind.
    mutating func skipTime() {
        if expectation == .requestID || expectation == .scoring {
            expectation = .nothing
            block.hasBrokenLine = true
        } else if expectation == .lostScoring {
            expectation = .nothing
        } else if isLost || isWhole {
            takeExcess()
        }
    }

    /// Takes note of a line that only lines of two logs can make.
    mutating func mix() {
        guard layout.isContiguous else { return }
        if openRequest == nil { loseRequest() } else { block.isMixed = true }
    }

    /// Takes note of a piece of a line with an id or a time.
    mutating func skipPiece() {
        if isWhole { takeExcess() } else { breakBlock() }
    }

    /// Takes note of requests that have no access line that can be read. The other lines of the last one may follow.
    mutating func beginLost(_ lost: LostRequests) {
        if lost.areSeveral { loseRequest() }
        switch lost.rest {
        case .idAndTime: expectation = .lostRequestID
        case .time: expectation = .lostScoring
        case .nothing: expectation = .nothing
        }
    }

    /// Whether lines of a request can follow whose access line is lost.
    @inline(__always)
    var isLost: Bool { expectation == .lostRequestID || expectation == .lostScoring }

    /// Takes note that other lines came instead of a lost request's, which may now be anywhere.
    mutating func loseRequest() {
        expectation = .nothing
        block.isHolding = true
        block.wholeCount = 0
        if block.firstTorn == nil { block.firstTorn = block.held.count - 1 }
    }

    /// Whether the open request has its lines, and the line before was one of them.
    private var isWhole: Bool {
        openRequest != nil && expectation == .nothing && !block.isBroken && layout.isContiguous
    }

    /// Ends a request, which may have to wait.
    @inline(__always)
    mutating func endBlock(_ request: LoggedRequest, isWhole: Bool, onRequest: (LoggedRequest) -> Void) {
        let lacksID = request.status < 400 && request.loggedRequestID == nil && !block.hasBrokenLine
        let isTorn = !isWhole || block.isBroken || lacksID
        if lacksID, request.scoringMilliseconds == nil { counts.bareRequests += 1 }
        if isTorn || block.isHolding || block.isMixed {
            endDoubtfulBlock(request, isTorn: isTorn, onRequest: onRequest)
        } else {
            finished(request, onRequest: onRequest)
        }
        (block.hasExcess, block.isMixed, block.isBroken, block.hasBrokenLine) = (false, false, false, false)
    }

    private mutating func endDoubtfulBlock(
        _ request: LoggedRequest, isTorn: Bool, onRequest: (LoggedRequest) -> Void
    ) {
        let before = block.held.last ?? request
        block.held.append(request)
        let last = block.held.count - 1
        if block.hasExcess { block.hasHadExcess = true }
        if block.isMixed || block.hasHadExcess && (isTorn || block.firstTorn != nil || block.beginsTorn) {
            // What belongs to none may be the id or the time of any that waits.
            doubtLines(from: block.isHolding ? 0 : last)
            sendHeld(onRequest: onRequest)
            block.hasHadExcess = false
            block.firstTorn = -1
            block.wholeCount = 0
        } else if isTorn {
            if block.firstTorn == nil { block.firstTorn = last }
            block.wholeCount = 0
        } else {
            block.wholeCount = isBack(request, after: before) ? 0 : block.wholeCount + 1
        }
        block.isHolding = block.wholeCount < ContiguousBlock.wholeRunLength
        if !block.isHolding {
            block.firstTorn = nil
            block.hasHadExcess = false
            block.beginsTorn = false
            block.wholeCount = 0
            sendHeld(onRequest: onRequest)
        } else if block.held.count >= ContiguousBlock.maximumHeldCount {
            sendHeld(onRequest: onRequest)
            if block.firstTorn != nil { block.firstTorn = -1 }
        }
    }

    /// Whether the time goes back by more than a second, as from one log's lines to those of another.
    private func isBack(_ request: LoggedRequest, after before: LoggedRequest) -> Bool {
        let seconds = request.secondsSince1970 - before.secondsSince1970
        return layout.isNewestFirst ? seconds > 1 : seconds < -1
    }

    private mutating func doubtLines(from first: Int, onlyWithTime: Bool = false) {
        for index in block.held.indices.dropFirst(first)
        where !onlyWithTime || block.held[index].scoringMilliseconds != nil {
            if block.held[index].doubt() { counts.mixedRequests += 1 }
        }
    }

    private mutating func sendHeld(onRequest: (LoggedRequest) -> Void) {
        for (index, request) in block.held.enumerated() {
            if block.firstsOfParts.contains(index) { repeats.beginPart(&counts, onRequest) }
            finished(request, onRequest: onRequest)
        }
        if block.firstsOfParts.contains(block.held.count) { repeats.beginPart(&counts, onRequest) }
        block.firstsOfParts.removeAll()
        block.held.removeAll(keepingCapacity: true)
    }

    /// Takes note of the beginning of the log's next file.
    mutating func beginPart(onRequest: (LoggedRequest) -> Void) {
        if block.held.isEmpty {
            repeats.beginPart(&counts, onRequest)
        } else {
            block.firstsOfParts.append(block.held.count)
        }
    }

    /// Ends the log: what is missing does not come any more, so that times after it stay in doubt.
    mutating func releaseHeld(onRequest: (LoggedRequest) -> Void) {
        if let torn = block.firstTorn { doubtLines(from: torn + 1, onlyWithTime: true) }
        sendHeld(onRequest: onRequest)
    }
}
