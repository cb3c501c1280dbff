/// The rules for logs of our server's layout, in which no id or time may go to another request.
///
/// A request's lines follow each other, and a rejected request has one line. Where a request's id or time is missing,
/// it may stand further down, between other requests' lines, as where two logs were mixed line by line. So the next
/// requests wait until sixteen in a row were whole. Where lines come before that that belong to no request, none of
/// those that waited keeps its id and time.
struct ContiguousBlock: Sendable {
    static let wholeRunLength = 16
    static let maximumHeldCount = 512

    /// A line that belongs to no request came after the open one was whole.
    var hasExcess = false
    /// The open request's lines are mixed with others.
    var isMixed = false
    /// Another line came between the open request's lines.
    var isBroken = false
    /// The open request's time is of the kind that was not asked for.
    var hasOtherKind = false
    /// Whether requests wait, because one before them is torn.
    var isHolding = false
    var held: [LoggedRequest] = []
    var wholeCount = 0
}

extension ScoringLogParser {
    /// Takes note of a line that can stand between two requests, but not between a request's lines.
    @inline(__always)
    mutating func breakBlock() {
        guard expectation == .requestID || expectation == .scoring else { return }
        expectation = .nothing
        block.isBroken = true
    }

    /// Takes note of an id or a time that the open request cannot have.
    mutating func takeExcess() {
        guard openRequest != nil else {
            // Its access line is not there, or is another client's.
            if block.isHolding { block.hasExcess = true }
            return
        }
        if expectation == .nothing, !block.isBroken {
            block.hasExcess = true
        } else {
            block.isMixed = true
            if layout.isContiguous { expectation = .nothing }
        }
    }

    /// Takes note of a time of the other kind.
    mutating func skipOtherKind() {
        guard expectation == .requestID || expectation == .scoring else { return }
        expectation = .nothing
        block.hasOtherKind = true
    }

    /// Ends a request, which may have to wait.
    @inline(__always)
    mutating func endBlock(_ request: LoggedRequest, isWhole: Bool, onRequest: (LoggedRequest) -> Void) {
        if isWhole, !block.isHolding, !block.isMixed, !block.isBroken {
            block.hasExcess = false
            let isTorn = request.status < 400 && request.loggedRequestID == nil
            if !isTorn || block.hasOtherKind {
                block.hasOtherKind = false
                finished(request, onRequest: onRequest)
                return
            }
        }
        endDoubtfulBlock(request, isWhole: isWhole, onRequest: onRequest)
    }

    private mutating func endDoubtfulBlock(
        _ request: LoggedRequest, isWhole: Bool, onRequest: (LoggedRequest) -> Void
    ) {
        var request = request
        let isTorn =
            !isWhole || block.isBroken || request.status < 400 && request.loggedRequestID == nil && !block.hasOtherKind
        if block.isMixed { forgetLines(of: &request) }
        block.held.append(request)
        if block.isMixed || block.hasExcess, block.isHolding {
            var held = block.held
            for index in held.indices { forgetLines(of: &held[index]) }
            block.held = held
            releaseHeld(onRequest: onRequest)
            block.isHolding = true
            block.wholeCount = 0
        } else if block.isMixed || isTorn {
            block.isHolding = true
            block.wholeCount = 0
        } else {
            block.wholeCount += 1
        }
        (block.hasExcess, block.isMixed, block.isBroken, block.hasOtherKind) = (false, false, false, false)
        if block.wholeCount >= ContiguousBlock.wholeRunLength {
            releaseHeld(onRequest: onRequest)
        } else if block.held.count >= ContiguousBlock.maximumHeldCount {
            releaseHeld(onRequest: onRequest)
            block.isHolding = true
        }
    }

    private mutating func forgetLines(of request: inout LoggedRequest) {
        guard request.loggedRequestID != nil || request.scoringMilliseconds != nil else { return }
        request.loggedRequestID = nil
        request.scoringMilliseconds = nil
        request.modelKind = nil
        counts.mixedRequests += 1
    }

    /// Lets the requests that wait go.
    mutating func releaseHeld(onRequest: (LoggedRequest) -> Void) {
        guard !block.held.isEmpty || block.isHolding else { return }
        block.isHolding = false
        block.wholeCount = 0
        for request in block.held { finished(request, onRequest: onRequest) }
        block.held.removeAll(keepingCapacity: true)
    }
}
