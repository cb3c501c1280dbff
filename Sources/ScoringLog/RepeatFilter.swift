/// Lets each request pass once: drops a run of requests that repeats an earlier one, and counts other repeats.
///
/// A run is one of at least three requests that have ids of the server's own form and follow each other as they did
/// before, equal in everything; where two files of one log meet, one is enough. The lines that are there twice may begin
/// and end within a request: so the one before a run has its id and time only if the run shows that they are its own.
/// Memory is bounded: it knows the last 262 144 requests, and up to as many before them.
struct RepeatFilter: Sendable {
    private static let runLength = 3
    private static let maximumPendingCount = 4096
    private static let batchCount = 64

    private let isNewestFirst: Bool
    // Requests that have come. The first may be the newest that is known already, and has not passed on.
    private var batch: [LoggedRequest] = []
    // Where in the batch that one is.
    private var newest: Int?
    private var touched: UInt64 = 0
    private var current = RequestHistory()
    private var older = RequestHistory()
    private var latest = Int.min
    // Requests that may turn out to be repeats.
    private var pending: [LoggedRequest] = []
    // The sequence number of the earlier request that the next one has to equal; nil outside of a run.
    private var next: Int?
    private var matches = 0
    private var isJoint = false

    init(isNewestFirst: Bool = false) { self.isNewestFirst = isNewestFirst }

    /// The next file of the same log begins.
    mutating func beginPart(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        takeBatch(&counts, onRequest)
        isJoint = true
    }

    /// Takes the next request.
    ///
    /// Where an id has its place is rarely in the processor's cache. To wait for one place at a time would take most of
    /// the time that a log takes; the places of a batch come at the same time.
    @inline(__always)
    mutating func take(
        _ request: LoggedRequest, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        batch.append(request)
        if batch.count >= Self.batchCount { takeBatch(&counts, onRequest) }
    }

    /// Ends the log: what was pending has not turned out to be a repeat.
    mutating func finish(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        takeBatch(&counts, onRequest)
        release(&counts, onRequest)
        batch.removeAll(keepingCapacity: true)
    }

    private mutating func takeBatch(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        for index in batch.indices {
            guard let id = batch[index].loggedRequestID?.fingerprint else { continue }
            touched |= current.touch(id) | older.touch(id)
        }
        var index = newest == nil ? 0 : 1
        while index < batch.count {
            lookUp(index, &counts, onRequest)
            index += 1
        }
        guard let newest else { return batch.removeAll(keepingCapacity: true) }
        batch.swapAt(0, newest)
        batch.removeSubrange(1...)
        self.newest = 0
    }

    @inline(__always)
    private mutating func lookUp(
        _ index: Int, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        let id = batch[index].loggedRequestID?.fingerprint
        let hash = batch[index].fingerprint(id: id)
        var earlier: Int?
        if next == nil, pending.isEmpty {
            if let id { earlier = place(id) }
            if earlier == nil, id != nil || !isBack(batch[index]) {
                admit(batch[index], hash, isRepeated: false, &counts)
                passNewest(&counts, onRequest)
                newest = index
                return
            }
        } else if let id {
            earlier = sequence(of: id)
        }
        takeDoubtful(index, hash, earlier, &counts, onRequest)
    }

    private mutating func takeDoubtful(
        _ index: Int, _ hash: UInt64, _ earlier: Int?, _ counts: inout ScoringLogCounts,
        _ onRequest: (LoggedRequest) -> Void
    ) {
        let request = batch[index]
        if let next {
            if self.hash(at: next) == hash {
                if next == newestSequence { passNewest(&counts, onRequest) }
                self.next = next + 1
                match(request, &counts)
                if pending.count > Self.maximumPendingCount { release(&counts, onRequest) }
                return
            }
            if isRun, takeTorn(request, hash, next, earlier, &counts, onRequest) { return }
            release(&counts, onRequest)
        }
        if let earlier, self.hash(at: earlier) == hash, request.loggedRequestID?.isOwnForm == true {
            keepRejected(before: earlier, &counts, onRequest)
            next = earlier + 1
            matches = 0
            if earlier == newestSequence { passNewest(&counts, onRequest) }
            match(request, &counts)
        } else if request.loggedRequestID == nil, isBack(request), pending.count < Self.maximumPendingCount {
            // A rejected request cannot be distinguished from others, but may be the beginning of a run.
            pending.append(request)
        } else {
            release(&counts, onRequest)
            let isRepeated = request.loggedRequestID.flatMap { place($0.fingerprint) } != nil
            admit(request, hash, isRepeated: isRepeated, &counts)
            newest = index
        }
    }

    /// Takes a request that is at the place of an equal one in a run, if it is the same and one of the two has lines
    /// that are not its own.
    private mutating func takeTorn(
        _ request: LoggedRequest, _ hash: UInt64, _ next: Int, _ earlier: Int?, _ counts: inout ScoringLogCounts,
        _ onRequest: (LoggedRequest) -> Void
    ) -> Bool {
        if next == newestSequence, let newest, batch[newest].canBe(request) {
            drop(batch[newest], &counts)
            batch[newest] = request
            replaceNewest(hash)
            passNewest(&counts, onRequest)
        } else if earlier == next {
            drop(request, &counts)
        } else {
            return false
        }
        self.next = next + 1
        return true
    }

    /// Whether enough were equal to show that the lines are there twice.
    private var isRun: Bool { next != nil && matches >= (isJoint ? 1 : Self.runLength) }

    private var newestSequence: Int? { newest.map { _ in current.end - 1 } }

    private func isBack(_ request: LoggedRequest) -> Bool {
        (isNewestFirst ? -request.secondsSince1970 : request.secondsSince1970) < latest
    }

    private mutating func match(_ request: LoggedRequest, _ counts: inout ScoringLogCounts) {
        if request.loggedRequestID?.isOwnForm == true { matches += 1 }
        pending.append(request)
        guard isRun else { return }
        for request in pending { drop(request, &counts) }
        pending.removeAll(keepingCapacity: true)
    }

    private func drop(_ request: LoggedRequest, _ counts: inout ScoringLogCounts) {
        counts.requests -= 1
        counts.repeatedRequests += 1
        if request.scoringMilliseconds != nil { counts.scoringLines -= 1 }
        if request.isDoubtful { counts.mixedRequests -= 1 }
    }

    /// Ends a run; of the rejected requests before a new one, only those that equal what was before it are kept.
    private mutating func keepRejected(
        before earlier: Int, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        var kept = 0
        while kept < pending.count, hash(at: earlier - 1 - kept) == pending[pending.count - 1 - kept].fingerprint {
            kept += 1
        }
        guard kept < pending.count else { return }
        let rest = pending.suffix(kept)
        pending.removeLast(kept)
        release(&counts, onRequest)
        pending += rest
    }

    private mutating func release(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        if next != nil, let newest, batch[newest].doubt() { counts.mixedRequests += 1 }
        next = nil
        passNewest(&counts, onRequest)
        let requests = pending
        pending.removeAll(keepingCapacity: true)
        for request in requests {
            let id = request.loggedRequestID?.fingerprint
            let hash = request.fingerprint(id: id)
            let earlier = id.flatMap { place($0) }
            if let earlier, self.hash(at: earlier) == hash { counts.doubledRequests += 1 }
            admit(request, hash, isRepeated: earlier != nil, &counts)
            pass(request, &counts, onRequest)
        }
    }

    /// Makes a request known, whose id has its place.
    @inline(__always)
    private mutating func admit(
        _ request: LoggedRequest, _ hash: UInt64, isRepeated: Bool, _ counts: inout ScoringLogCounts
    ) {
        let second = isNewestFirst ? -request.secondsSince1970 : request.secondsSince1970
        if second < latest {
            if second < latest - 1 {
                counts.timesBack += 1
                latest = second
            }
        } else {
            latest = second
        }
        if isRepeated { counts.repeatedIDs += 1 }
        isJoint = false
        makeRoom()
        current.append(hash)
    }

    @inline(__always)
    private mutating func passNewest(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        guard let newest else { return }
        pass(batch[newest], &counts, onRequest)
        self.newest = nil
    }

    @inline(__always)
    private func pass(
        _ request: LoggedRequest, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        let request = request.withoutDoubtfulLines
        if request.scoringMilliseconds != nil { counts.scoredRequests += 1 }
        if request.status < 400 {
            if request.loggedRequestID == nil { counts.missingRequestIDs += 1 }
            if request.scoringMilliseconds == nil { counts.missingScoringLines += 1 }
        }
        onRequest(request)
    }

    // MARK: - What was before

    private func sequence(of id: UInt64) -> Int? { current.sequence(of: id) ?? older.sequence(of: id) }

    private func hash(at sequence: Int) -> UInt64? { current.hash(at: sequence) ?? older.hash(at: sequence) }

    private mutating func replaceNewest(_ hash: UInt64) {
        if !current.replaceLast(hash) { older.replaceLast(hash) }
    }

    /// Gives an id the place of the request that is admitted next, unless an earlier one has the id.
    ///
    /// - Returns: the earlier one's place.
    @inline(__always)
    private mutating func place(_ id: UInt64) -> Int? {
        makeRoom()
        return older.sequence(of: id) ?? current.place(id)
    }

    @inline(__always)
    private mutating func makeRoom() {
        guard current.isFull else { return }
        swap(&older, &current)
        current.restart(first: older.end)
    }
}

extension LoggedRequest {
    /// Whether both have the same access line.
    fileprivate func canBe(_ other: Self) -> Bool {
        secondsSince1970 == other.secondsSince1970 && status == other.status && bodyBytes == other.bodyBytes
    }
}
