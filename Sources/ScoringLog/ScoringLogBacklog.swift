import Foundation

/// What the scoring log's writer has taken and not yet written, as a state machine without threads, clocks or
/// descriptors.
///
/// Methods of the callers: `append`, `dropped`, `addFlush`, `removeFlush`, `close`, `abandon`. Methods of the writer thread:
/// `next`, `coalesce`, `wokeUp`, `wrote`, `failed`. Each may leave effects behind, which `takeEffects` hands out
/// once.
struct ScoringLogBacklog: Sendable {
    /// What the writer thread does next.
    enum Step: Equatable {
        case go
        case sleep
        case leave
    }

    /// What a change asks for, to be done outside the lock.
    struct Effects {
        var mustWake = false
        var roomCallbacks: [@Sendable () -> Void] = []
        /// Lines of refused calls that were dropped until there was room again.
        var droppedLines = 0
    }

    private enum Sleep {
        case untilBatch
        case untilCoalesced
        case untilRetry
    }

    private struct Flush {
        /// Bytes taken since the start that must be off the buffer.
        let target: UInt64
        let done: DispatchSemaphore
    }

    var roomCallbacks: [@Sendable () -> Void] = []
    private(set) var isFull = false
    private(set) var lostBlocks: [ScoringLogLoss: Int] = [:]

    private let limits: ScoringLogWriter.Limits
    /// Taken and not yet in the writer thread's hand.
    private var pending = ScoringLogBatch()
    /// Taken and not yet written, what the writer thread has in hand included.
    private var bufferedBytes = 0
    private var bufferedBlocks = 0
    private var takenBytes: UInt64 = 0
    private var failure: ScoringLogLoss?
    private var saidLosses: Set<ScoringLogLoss> = []
    /// What the writer thread sleeps for; nil while it is awake or already called.
    private var sleep: Sleep?
    private var flushes: [Flush] = []
    private var isClosing = false
    /// What `close` was told; from then on the writer thread changes nothing.
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

    /// Whether lines of refused calls are given up; blocks of admitted calls never are while the descriptor can be
    /// written.
    var isFullForRefusals: Bool { failure == nil && bufferedBytes >= limits.refusalCapacityBytes }
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
        takenBytes += UInt64(batch.bytes.count)
        updateRoom()
        if sleep == .untilBatch || sleep == .untilCoalesced && pending.bytes.count >= limits.coalescedBytes {
            endSleep()
        }
    }

    mutating func dropped(_ lines: Int) {
        lostBlocks[.slowReader, default: 0] += lines
        droppedLines += lines
    }

    /// - Returns: false if there is nothing to wait for.
    mutating func addFlush(_ done: DispatchSemaphore) -> Bool {
        guard bufferedBytes > 0 else { return false }
        flushes.append(Flush(target: takenBytes, done: done))
        endSleep()
        return true
    }

    /// - Returns: false if it was still waiting.
    mutating func removeFlush(_ done: DispatchSemaphore) -> Bool {
        guard let index = flushes.firstIndex(where: { $0.done === done }) else { return true }
        flushes.remove(at: index)
        return false
    }

    mutating func close() {
        isClosing = true
        endSleep()
    }

    /// Counts what is left as lost.
    ///
    /// - Returns: true if nothing was left when this was first asked.
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
        guard closeLostNothing == nil else { return .leave }
        guard pending.isEmpty else {
            swap(&pending, &batch)
            return .go
        }
        return isClosing ? .leave : sleeping(.untilBatch)
    }

    /// After a write: whether to wait for more to come together.
    mutating func coalesce() -> Step {
        if isClosing || !flushes.isEmpty || pending.bytes.count >= limits.coalescedBytes { return .go }
        return sleeping(.untilCoalesced)
    }

    /// Ends the wait of `coalesce` or `failed`, however it ended.
    mutating func wokeUp() {
        sleep = nil
    }

    /// Takes written bytes off the buffer.
    ///
    /// - Parameter isWhole: all that was tried was written, so that a disk that was full is no longer.
    mutating func wrote(bytes: Int, blocks: Int, isWhole: Bool) -> Step {
        guard closeLostNothing == nil else { return .leave }
        if isWhole { failure = nil }
        settle(bytes: bytes, blocks: blocks)
        return .go
    }

    /// Takes a failed write: a closed descriptor loses everything, a full disk keeps what was taken.
    ///
    /// - Returns: what to do, and whether this loss is to be said.
    mutating func failed(_ reason: ScoringLogLoss) -> (step: Step, mustSay: Bool) {
        guard closeLostNothing == nil else { return (.leave, false) }
        failure = reason
        let mustSay = saidLosses.insert(reason).inserted
        switch reason {
        case .closed:
            loseBuffered(to: .closed)
            return (.go, mustSay)
        case .slowReader:
            // No write fails for that.
            return (.go, false)
        case .diskFull:
            updateRoom()
            return (isClosing ? .leave : sleeping(.untilRetry), mustSay)
        }
    }

    /// Whether the thread is still wanted while a non-blocking descriptor takes nothing.
    var isAbandoned: Bool { closeLostNothing != nil }

    private mutating func sleeping(_ reason: Sleep) -> Step {
        sleep = reason
        return .sleep
    }

    private mutating func endSleep() {
        guard sleep != nil else { return }
        sleep = nil
        mustWake = true
    }

    private mutating func loseBuffered(to reason: ScoringLogLoss) {
        lostBlocks[reason, default: 0] += bufferedBlocks
        pending = ScoringLogBatch()
        settle(bytes: bufferedBytes, blocks: bufferedBlocks)
    }

    private mutating func settle(bytes: Int, blocks: Int) {
        bufferedBytes -= bytes
        bufferedBlocks -= blocks
        let settled = takenBytes - UInt64(bufferedBytes)
        flushes.removeAll { flush in
            guard flush.target <= settled else { return false }
            flush.done.signal()
            return true
        }
        updateRoom()
    }

    /// Full from the capacity on, until the low-water mark is reached; never while blocks are dropped, or calls would
    /// wait for nothing.
    private mutating func updateRoom() {
        let wasFull = isFull
        isFull = failure == nil && bufferedBytes >= (wasFull ? limits.lowWaterBytes + 1 : limits.capacityBytes)
        if wasFull, !isFull { hasRoomAgain = true }
    }
}
