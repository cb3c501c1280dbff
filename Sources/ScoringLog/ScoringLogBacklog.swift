/// What the scoring log's writer has taken and not yet written: a state machine without threads, clocks or descriptors.
///
/// Callers use `append`, `countDropped`, `close` and `abandon`; the writer thread uses `next`, `coalesce`, `wokeUp`,
/// `wrote` and `failed`, in this order:
///
///                    ┌──────────────────── sleeps until a batch ◀──┐ nothing is pending
///                    ▼                       (append, close)       │
///                   next ──────────────────────────────────────────┘
///                    │ takes all that is pending into its hand; leaves if closing and nothing is pending
///                    ▼
///          ┌──▶ write(2) ─── failed(diskFull) ──▶ sleeps until the retry time or close ──┐
///          │         │  ▲                          (closing: leaves)                     │
///          │         │  └────────────────────────────────────────────────────────────────┘
///          └─ wrote ─┤ until the hand is empty, or failed(closed): everything is lost
///                    ▼
///                 coalesce ──▶ sleeps until enough is pending, the coalescing time is over, or close ──▶ next
///
/// Invariants:
///
/// 1. `bufferedBytes` are the bytes of `pending` and those in the thread's hand that are not written. A block counts
///    in `bufferedBlocks` until its last byte is written.
/// 2. A block is written, or counted once in `lostBlocks`. (One whose write was held up beyond `abandon` may be both.)
/// 3. Batches are written in the order of `append`, and the thread has at most one in its hand.
/// 4. `isFull` is false while blocks are dropped (`failure` is set), since waiting for room would then be in vain. Each
///    change from full to not full hands out the room callbacks once.
/// 5. `sleep` is set only while the thread sleeps. The caller that clears it for the thread also wakes it, once.
/// 6. Nothing is pending after `close` that was not before. After `abandon` only `lostBlocks` changes, by `append`, and
///    the thread has to leave.
///
/// Each change may leave effects, which `takeEffects` hands out once, to be done outside the lock.
struct ScoringLogBacklog: Sendable {
    /// What the writer thread does next.
    enum Step: Equatable {
        case go
        case sleep
        case leave
    }

    struct Effects {
        var mustWake = false
        var roomCallbacks: [@Sendable () -> Void] = []
        /// Lines of rejected requests that were dropped until there was room again.
        var droppedLines = 0
    }

    private enum Sleep {
        case untilBatch
        case untilCoalesced
        case untilRetry
    }

    var roomCallbacks: [@Sendable () -> Void] = []
    private(set) var isFull = false
    private(set) var lostBlocks: [ScoringLogLossReason: Int] = [:]

    private let limits: ScoringLogWriter.Limits
    private var pending = ScoringLogBatch()
    private(set) var bufferedBytes = 0
    private(set) var bufferedBlocks = 0
    /// Why writing fails at present.
    private var failure: ScoringLogLossReason?
    private var reportedReasons: Set<ScoringLogLossReason> = []
    private var sleep: Sleep?
    private var isClosing = false
    /// What `abandon` returned first; nil before.
    private var closeLostNothing: Bool?
    private var mustWake = false
    private var hasRoomAgain = false
    private var droppedLines = 0

    init(limits: ScoringLogWriter.Limits) {
        self.limits = limits
    }

    mutating func takeEffects() -> Effects {
        guard mustWake || hasRoomAgain else { return Effects() }
        defer {
            if hasRoomAgain { droppedLines = 0 }
            (mustWake, hasRoomAgain) = (false, false)
        }
        guard hasRoomAgain else { return Effects(mustWake: mustWake) }
        return Effects(mustWake: mustWake, roomCallbacks: roomCallbacks, droppedLines: droppedLines)
    }

    /// Whether lines of rejected requests are dropped. Blocks of admitted requests never are while the descriptor can be
    /// written.
    var isFullForRejected: Bool { failure == nil && bufferedBytes >= limits.rejectedCapacityBytes }

    /// Whether `close` stopped waiting for the thread.
    var isAbandoned: Bool { closeLostNothing != nil }
}

// MARK: - The callers

extension ScoringLogBacklog {
    mutating func append(_ batch: ScoringLogBatch) {
        if let reason = isClosing ? .closed : failure {
            lostBlocks[reason, default: 0] += batch.blockCount
            return
        }
        pending.append(batch)
        bufferedBytes += batch.bytes.count
        bufferedBlocks += batch.blockCount
        updateRoom()
        if sleep == .untilBatch || sleep == .untilCoalesced && pending.bytes.count >= limits.coalescedBytes {
            endSleep()
        }
    }

    mutating func countDropped(_ lines: Int) {
        lostBlocks[.slowReader, default: 0] += lines
        droppedLines += lines
    }

    mutating func close() {
        isClosing = true
        endSleep()
    }

    /// Counts what is left as lost.
    ///
    /// - Returns: true if nothing was left at the first call.
    mutating func abandon() -> Bool {
        if let closeLostNothing { return closeLostNothing }
        let lostNothing = bufferedBlocks == 0
        loseBuffered(to: failure ?? .closed)
        closeLostNothing = lostNothing
        return lostNothing
    }
}

// MARK: - The writer thread

extension ScoringLogBacklog {
    /// Swaps what is pending with the thread's empty batch.
    mutating func next(into batch: inout ScoringLogBatch) -> Step {
        guard !isAbandoned else { return .leave }
        guard pending.isEmpty else {
            swap(&pending, &batch)
            return .go
        }
        return isClosing ? .leave : sleeping(.untilBatch)
    }

    /// After a batch is written: whether to wait for more, so that one write takes many blocks.
    mutating func coalesce() -> Step {
        if isClosing || pending.bytes.count >= limits.coalescedBytes { return .go }
        return sleeping(.untilCoalesced)
    }

    /// Ends the sleep of `coalesce` or `failed`, whether woken or timed out.
    mutating func wokeUp() {
        sleep = nil
    }

    /// Takes written bytes off the buffer.
    ///
    /// - Parameter isWhole: the descriptor took all that it was given, so a full disk has room again.
    mutating func wrote(bytes: Int, blocks: Int, isWhole: Bool) -> Step {
        guard !isAbandoned else { return .leave }
        if isWhole { failure = nil }
        settle(bytes: bytes, blocks: blocks)
        return .go
    }

    /// Takes a failed write: a closed descriptor loses everything, a full disk keeps what was taken.
    ///
    /// - Returns: what to do, and whether to report the reason, which is done once for each.
    mutating func failed(_ reason: ScoringLogLossReason) -> (step: Step, mustReport: Bool) {
        guard !isAbandoned else { return (.leave, false) }
        failure = reason
        let mustReport = reportedReasons.insert(reason).inserted
        switch reason {
        case .closed:
            loseBuffered(to: .closed)
            return (.go, mustReport)
        case .slowReader:
            // No write fails for this reason.
            return (.go, false)
        case .diskFull:
            updateRoom()
            return (isClosing ? .leave : sleeping(.untilRetry), mustReport)
        }
    }

    private mutating func sleeping(_ reason: Sleep) -> Step {
        sleep = reason
        return .sleep
    }

    private mutating func endSleep() {
        guard sleep != nil else { return }
        sleep = nil
        mustWake = true
    }

    private mutating func loseBuffered(to reason: ScoringLogLossReason) {
        lostBlocks[reason, default: 0] += bufferedBlocks
        pending = ScoringLogBatch()
        settle(bytes: bufferedBytes, blocks: bufferedBlocks)
    }

    private mutating func settle(bytes: Int, blocks: Int) {
        bufferedBytes -= bytes
        bufferedBlocks -= blocks
        updateRoom()
    }

    /// Full from the capacity on, until the low-water mark is reached.
    private mutating func updateRoom() {
        let wasFull = isFull
        isFull = failure == nil && bufferedBytes >= (wasFull ? limits.lowWaterBytes + 1 : limits.capacityBytes)
        if wasFull, !isFull { hasRoomAgain = true }
    }
}
