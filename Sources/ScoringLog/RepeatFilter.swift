/// Lets each request pass once: drops a run of requests that repeats an earlier one, and counts other repeats.
///
/// A run is one of at least three requests that have ids of the server's own form and follow each other as they did
/// before, equal in everything; where two files of one log meet, one is enough. Memory is bounded: it knows the last
/// 262 144 requests, and up to as many before them.
struct RepeatFilter: Sendable {
    private static let runLength = 3
    private static let maximumPendingCount = 4096

    private static let batchCount = 64

    private let isNewestFirst: Bool
    // Requests that have come and were not looked up yet.
    private var batch: [LoggedRequest] = []
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
        if batch.count == Self.batchCount { takeBatch(&counts, onRequest) }
    }

    private mutating func takeBatch(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        for index in batch.indices {
            guard let id = batch[index].loggedRequestID?.fingerprint else { continue }
            touched |= current.touch(id) | older.touch(id)
        }
        var requests: [LoggedRequest] = []
        swap(&requests, &batch)
        for index in requests.indices { lookUp(requests[index], &counts, onRequest) }
        requests.removeAll(keepingCapacity: true)
        swap(&requests, &batch)
    }

    @inline(__always)
    private mutating func lookUp(
        _ request: LoggedRequest, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        let id = request.loggedRequestID?.fingerprint
        let hash = request.fingerprint(id: id)
        let isUsual = next == nil && pending.isEmpty
        if isUsual, let id {
            if let earlier = place(id) {
                takeDoubtful(request, hash, earlier, &counts, onRequest)
            } else {
                pass(request, hash, isRepeated: false, &counts, onRequest)
            }
        } else if isUsual, !isBack(request) {
            pass(request, hash, isRepeated: false, &counts, onRequest)
        } else {
            takeDoubtful(request, hash, id.flatMap(sequence(of:)), &counts, onRequest)
        }
    }

    private mutating func takeDoubtful(
        _ request: LoggedRequest, _ hash: UInt64, _ earlier: Int?, _ counts: inout ScoringLogCounts,
        _ onRequest: (LoggedRequest) -> Void
    ) {
        if let next {
            if self.hash(at: next) == hash {
                self.next = next + 1
                match(request, &counts)
                if pending.count > Self.maximumPendingCount { release(&counts, onRequest) }
                return
            }
            release(&counts, onRequest)
        }
        if let earlier, self.hash(at: earlier) == hash, request.loggedRequestID?.isOwnForm == true {
            keepRejected(before: earlier, &counts, onRequest)
            next = earlier + 1
            matches = 0
            match(request, &counts)
        } else if request.loggedRequestID == nil, isBack(request), pending.count < Self.maximumPendingCount {
            // A rejected request cannot be told from others, but may be the beginning of a run.
            pending.append(request)
        } else {
            release(&counts, onRequest)
            let isRepeated = request.loggedRequestID.flatMap { place($0.fingerprint) } != nil
            pass(request, hash, isRepeated: isRepeated, &counts, onRequest)
        }
    }

    /// Ends the log: what was pending has not turned out to be a repeat.
    mutating func finish(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        takeBatch(&counts, onRequest)
        release(&counts, onRequest)
    }

    private func isBack(_ request: LoggedRequest) -> Bool {
        (isNewestFirst ? -request.secondsSince1970 : request.secondsSince1970) < latest
    }

    private mutating func match(_ request: LoggedRequest, _ counts: inout ScoringLogCounts) {
        if request.loggedRequestID?.isOwnForm == true { matches += 1 }
        pending.append(request)
        guard matches >= (isJoint ? 1 : Self.runLength) else { return }
        for request in pending {
            counts.requests -= 1
            counts.repeatedRequests += 1
            if request.scoringMilliseconds != nil { counts.scoringLines -= 1 }
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// Ends a run; of the rejected requests before a new one, only those that equal what was before it are kept.
    private mutating func keepRejected(
        before earlier: Int, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        var kept = 0
        while kept < pending.count, hash(at: earlier - 1 - kept) == pending[pending.count - 1 - kept].fingerprint {
            kept += 1
        }
        let rest = pending.suffix(kept)
        pending.removeLast(kept)
        release(&counts, onRequest)
        pending += rest
    }

    private mutating func release(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
        next = nil
        let requests = pending
        pending.removeAll(keepingCapacity: true)
        for request in requests {
            let id = request.loggedRequestID?.fingerprint
            let hash = request.fingerprint(id: id)
            let earlier = id.flatMap { place($0) }
            if let earlier, self.hash(at: earlier) == hash { counts.doubledRequests += 1 }
            pass(request, hash, isRepeated: earlier != nil, &counts, onRequest)
        }
    }

    /// Lets a request pass, whose id has its place.
    @inline(__always)
    private mutating func pass(
        _ request: LoggedRequest, _ hash: UInt64, isRepeated: Bool, _ counts: inout ScoringLogCounts,
        _ onRequest: (LoggedRequest) -> Void
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

    /// Gives an id the place of the request that passes next, unless an earlier one has the id.
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

/// The hashes of up to 262 144 requests in order, and where each id is among them.
private struct RequestHistory: Sendable {
    private static let maximumCount = 1 << 18
    private static let sequenceMask: UInt64 = 1 << 19 - 1

    private var first = 0
    private var hashes: [UInt64] = []
    // Open addressing: the place in the lower 19 bits, counted from 1, and the id's hash above; 0 is empty.
    private var table: [UInt64] = []

    var end: Int { first + hashes.count }
    var isFull: Bool { hashes.count == Self.maximumCount }

    /// Forgets all.
    mutating func restart(first: Int) {
        self.first = first
        hashes.removeAll(keepingCapacity: true)
        for index in table.indices { table[index] = 0 }
    }

    func hash(at sequence: Int) -> UInt64? {
        hashes.indices.contains(sequence - first) ? hashes[sequence - first] : nil
    }

    @inline(__always)
    func sequence(of id: UInt64) -> Int? {
        guard !table.isEmpty else { return nil }
        let entry = table[index(of: id)]
        return entry == 0 ? nil : first + Int(entry & Self.sequenceMask) - 1
    }

    /// Has the processor fetch the place of an id; the result means nothing.
    @inline(__always)
    func touch(_ id: UInt64) -> UInt64 {
        table.isEmpty ? 0 : table[Int(truncatingIfNeeded: id &>> 20) & (table.count - 1)]
    }

    @inline(__always)
    mutating func append(_ hash: UInt64) { hashes.append(hash) }

    /// The place of an id; where it has none, it gets that of the hash which is appended next.
    @inline(__always)
    mutating func place(_ id: UInt64) -> Int? {
        if 2 * (hashes.count + 1) > table.count { grow() }
        let index = index(of: id)
        guard table[index] == 0 else { return first + Int(table[index] & Self.sequenceMask) - 1 }
        table[index] = id & ~Self.sequenceMask | UInt64(hashes.count + 1)
        return nil
    }

    /// Where an id is in the table, or has room.
    @inline(__always)
    private func index(of id: UInt64) -> Int {
        let mask = table.count - 1
        // An entry's place comes from its upper bits, which it still has.
        var index = Int(truncatingIfNeeded: id &>> 20) & mask
        while table[index] != 0, (table[index] ^ id) & ~Self.sequenceMask != 0 { index = (index + 1) & mask }
        return index
    }

    private mutating func grow() {
        let entries = table
        table = [UInt64](repeating: 0, count: max(4 * table.count, 128))
        for entry in entries where entry != 0 { table[index(of: entry)] = entry }
    }
}
