/// Lets each request pass once: drops a run of requests that repeats an earlier one, and counts other repeats.
///
/// A run is one of at least three requests that have ids of the server's own form and follow each other as they did
/// before, equal in everything; where two files of one log meet, one is enough. Memory is bounded: it knows the last
/// 262 144 requests, and up to as many before them.
struct RepeatFilter: Sendable {
    private static let runLength = 3
    private static let maximumPendingCount = 4096

    private let isNewestFirst: Bool
    private var current = RequestHistory(first: 0)
    private var older = RequestHistory(first: 0)
    private var latest = Int.min
    // Requests that may turn out to be repeats.
    private var pending: [LoggedRequest] = []
    // The sequence number of the earlier request that the next one has to equal; nil outside of a run.
    private var next: Int?
    private var matches = 0
    private var isJoint = false

    init(isNewestFirst: Bool = false) { self.isNewestFirst = isNewestFirst }

    /// The next file of the same log begins.
    mutating func beginPart() { isJoint = true }

    /// Takes the next request.
    @inline(__always)
    mutating func take(
        _ request: LoggedRequest, _ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void
    ) {
        let hash = request.fingerprint
        let id = request.loggedRequestID?.fingerprint
        let earlier = id.flatMap(sequence(of:))
        if next == nil, earlier == nil, pending.isEmpty, !(isBack(request) && id == nil) {
            pass(request, hash, id, isRepeated: false, &counts, onRequest)
        } else {
            takeDoubtful(request, hash, earlier, &counts, onRequest)
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
            pass(request, hash, request.loggedRequestID?.fingerprint, isRepeated: earlier != nil, &counts, onRequest)
        }
    }

    /// Ends the log: what was pending has not turned out to be a repeat.
    mutating func finish(_ counts: inout ScoringLogCounts, _ onRequest: (LoggedRequest) -> Void) {
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
            let earlier = id.flatMap(sequence(of:))
            let isRepeated = earlier != nil
            if let earlier, self.hash(at: earlier) == request.fingerprint { counts.doubledRequests += 1 }
            pass(request, request.fingerprint, id, isRepeated: isRepeated, &counts, onRequest)
        }
    }

    @inline(__always)
    private mutating func pass(
        _ request: LoggedRequest, _ hash: UInt64, _ id: UInt64?, isRepeated: Bool, _ counts: inout ScoringLogCounts,
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
        remember(hash, id: isRepeated ? nil : id)
        if request.scoringMilliseconds != nil { counts.scoredRequests += 1 }
        if request.status < 400 {
            if request.loggedRequestID == nil { counts.missingRequestIDs += 1 }
            if request.scoringMilliseconds == nil { counts.missingScoringLines += 1 }
        }
        onRequest(request)
    }

    // MARK: - What was before

    @inline(__always)
    private func sequence(of id: UInt64) -> Int? { current.sequence(of: id) ?? older.sequence(of: id) }

    private func hash(at sequence: Int) -> UInt64? { current.hash(at: sequence) ?? older.hash(at: sequence) }

    @inline(__always)
    private mutating func remember(_ hash: UInt64, id: UInt64?) {
        if current.isFull {
            older = current
            current = RequestHistory(first: older.end)
        }
        current.append(hash, id: id)
    }
}

/// The hashes of up to 262 144 requests in order, and where each id is among them.
private struct RequestHistory: Sendable {
    private static let maximumCount = 1 << 18
    // Sixteen bits for each request: one lookup in thirty goes to the table for nothing.
    private static let filterWordCount = maximumCount / 4
    private static let sequenceMask: UInt64 = 1 << 19 - 1

    private let first: Int
    private var hashes: [UInt64] = []
    // Open addressing: the place in the lower 19 bits, counted from 1, and the id's hash above; 0 is empty.
    private var table: [UInt64] = []
    private var ids = 0
    // A bit for each id, at a place of its hash: a few bits each are in the processor's cache where the table is not.
    private var seen: [UInt64] = []

    init(first: Int) { self.first = first }

    var end: Int { first + hashes.count }
    var isFull: Bool { hashes.count == Self.maximumCount }

    func hash(at sequence: Int) -> UInt64? {
        hashes.indices.contains(sequence - first) ? hashes[sequence - first] : nil
    }

    @inline(__always)
    func sequence(of id: UInt64) -> Int? {
        guard !seen.isEmpty else { return nil }
        let bit = Int(truncatingIfNeeded: id &>> 40) & (64 * seen.count - 1)
        guard seen[bit >> 6] & 1 << UInt64(bit & 63) != 0 else { return nil }
        return find(id)
    }

    private func find(_ id: UInt64) -> Int? {
        let mask = table.count - 1
        var index = Int(truncatingIfNeeded: id &>> 20) & mask
        while table[index] != 0 {
            if (table[index] ^ id) & ~Self.sequenceMask == 0 {
                return first + Int(table[index] & Self.sequenceMask) - 1
            }
            index = (index + 1) & mask
        }
        return nil
    }

    @inline(__always)
    mutating func append(_ hash: UInt64, id: UInt64?) {
        hashes.append(hash)
        guard let id else { return }
        if 2 * (ids + 1) > table.count { grow() }
        ids += 1
        if seen.isEmpty { seen = [UInt64](repeating: 0, count: Self.filterWordCount) }
        let bit = Int(truncatingIfNeeded: id &>> 40) & (64 * seen.count - 1)
        seen[bit >> 6] |= 1 << UInt64(bit & 63)
        Self.insert(id & ~Self.sequenceMask | UInt64(hashes.count), at: id, into: &table)
    }

    private static func insert(_ entry: UInt64, at id: UInt64, into table: inout [UInt64]) {
        let mask = table.count - 1
        var index = Int(truncatingIfNeeded: id &>> 20) & mask
        while table[index] != 0 { index = (index + 1) & mask }
        table[index] = entry
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: max(2 * table.count, 64))
        // An entry's place comes from its upper bits, which it still has.
        for entry in table where entry != 0 { Self.insert(entry, at: entry, into: &larger) }
        table = larger
    }
}
