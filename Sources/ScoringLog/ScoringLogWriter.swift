import Dispatch
import Platform
import Synchronization

/// The scoring log's one writer: event loops hand over whole batches and never wait; a thread writes them in order.
///
/// - Batches are written in the order of `append`, each contiguous; nothing is lost while the descriptor can be
///   written.
/// - The callers bound the buffer: they check `hasRoom` before they admit a request, and `hasRoomForRejected` before
///   they log a rejected one. A batch that is handed over is always taken, so the bound is exceeded by at most the
///   blocks of the requests that were admitted before the buffer was full.
/// - While the disk is full, the blocks taken so far are kept and tried again each second, and new ones are dropped and
///   counted. The block in hand is always completed first. A closed descriptor loses everything from then on.
/// - The thread blocks SIGPIPE and SIGXFSZ for itself, so the process need not ignore them on Linux; on Darwin
///   SIGPIPE is switched off for the descriptor.
///
/// The writer neither opens nor closes the descriptor, which may be non-blocking. It lives until `close`.
public final class ScoringLogWriter: Sendable {
    /// Sizes and times of the writer.
    public struct Limits: Sendable {
        /// There is no room from this many unwritten bytes on.
        public var capacityBytes = 4 << 20
        /// After being full, there is room again at or under this many unwritten bytes.
        public var lowWaterBytes = 2 << 20
        /// There is no room for lines of rejected requests from this many unwritten bytes on.
        public var rejectedCapacityBytes = 5 << 20
        /// This many pending bytes end the wait between two writes; also the most that one write gets.
        public var coalescedBytes = 64 << 10
        /// The longest wait between two writes.
        public var coalescingTime = Duration.milliseconds(5)
        /// The wait between two tries on a full disk.
        public var retryInterval = Duration.seconds(1)

        package init() {}
    }

    private let limits: Limits
    private let descriptor: LogDescriptor
    private let report: @Sendable (String) -> Void
    private let backlog: Mutex<ScoringLogBacklog>
    // What `hasRoom` and `hasRoomForRejected` read; written under the lock only.
    private let full = Atomic<Bool>(false)
    private let fullForRejected = Atomic<Bool>(false)
    private let wakeUp = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    /// Starts the writer thread.
    ///
    /// - Parameters:
    ///   - fileDescriptor: belongs to the caller, and must stay open until after `close`.
    ///   - limits: the contract's sizes unless a test needs others.
    ///   - report: gets one line for people, once for each reason of loss, and each time that the reader caught up after
    ///     lines of rejected requests were dropped; called on the writer thread or in `close`.
    package init(
        fileDescriptor: Int32, limits: Limits = Limits(), report: @escaping @Sendable (String) -> Void
    ) {
        self.limits = limits
        self.report = report
        descriptor = LogDescriptor(fileDescriptor: fileDescriptor)
        backlog = Mutex(ScoringLogBacklog(limits: limits))
        startThread(named: "scoring log") { [self] in
            run()
            finished.signal()
        }
    }

    /// True unless a slow reader keeps the buffer full; one relaxed load.
    ///
    /// An event loop that reads false and queues requests misses no `onRoom` if the callback hops to that loop.
    public var hasRoom: Bool { !full.load(ordering: .relaxed) }

    /// Whether there is room for a rejected request's line; if not, the caller drops it and counts it with `countDropped`.
    public var hasRoomForRejected: Bool { !fullForRejected.load(ordering: .relaxed) }

    /// Counts lines that had no room; reported once, when there is room again.
    public func countDropped(_ lines: Int) {
        update { $0.countDropped(lines) }
    }

    /// How many blocks were lost so far for one reason.
    public func lostBlocks(_ reason: ScoringLogLossReason) -> Int {
        backlog.withLock { $0.lostBlocks[reason, default: 0] }
    }

    /// Registers a callback for each time that a full buffer has room again; each loop does so once, when it starts.
    ///
    /// - Parameter callback: runs on the writer's thread, or in `close`; must neither block nor call `close`.
    public func onRoom(_ callback: @escaping @Sendable () -> Void) {
        backlog.withLock { $0.roomCallbacks.append(callback) }
    }

    /// Hands over whole blocks; copies them and never waits for a descriptor.
    ///
    /// - Parameter batch: belongs to the caller, to be emptied and used again.
    public func append(_ batch: ScoringLogBatch) {
        guard !batch.isEmpty else { return }
        update { $0.append(batch) }
    }

    /// Writes all that is pending and ends the writer thread; blocks the thread, so never on an event loop.
    ///
    /// What cannot be written in time is counted as lost: as `disk_full` if the disk is full (it is tried once more,
    /// without waiting), else as `closed`. If a blocking descriptor holds the thread in `write(2)` beyond the time, the
    /// thread ends when that write does. Batches handed over later are lost as `closed`.
    ///
    /// - Parameter timeout: the longest wait.
    /// - Returns: false if closing lost blocks; a second call returns the same.
    @discardableResult
    public func close(within timeout: Duration) -> Bool {
        update { $0.close() }
        if finished.wait(timeout: Self.deadline(after: timeout)) == .success {
            // For a second call.
            finished.signal()
        }
        return update { $0.abandon() }
    }

    /// Makes a change under the lock, and then, outside it, the change's effects.
    private func update<Result: Sendable>(_ change: (inout ScoringLogBacklog) -> Result) -> Result {
        let (result, effects) = backlog.withLock { backlog in
            let result = change(&backlog)
            // Under the lock, or two changes could store in reverse order.
            full.store(backlog.isFull, ordering: .relaxed)
            fullForRejected.store(backlog.isFullForRejected, ordering: .relaxed)
            return (result, backlog.takeEffects())
        }
        if effects.mustWake { wakeUp.signal() }
        for callback in effects.roomCallbacks { callback() }
        if effects.droppedLines > 0 {
            report(
                "scoring log: the reader caught up; \(effects.droppedLines) lines of rejected requests were dropped meanwhile"
            )
        }
        return result
    }

    private static func deadline(after duration: Duration) -> DispatchTime {
        let (seconds, attoseconds) = duration.components
        // At most a day, which cannot overflow.
        let nanoseconds = min(max(seconds, 0), 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000
        return .now() + .nanoseconds(Int(max(nanoseconds, 0)))
    }
}

// MARK: - The writer thread

extension ScoringLogWriter {
    private func run() {
        descriptor.blockSignalsOfCallingThread()
        var chunk = ScoringLogChunk()
        while receive(&chunk), write(&chunk) {
            if update({ $0.coalesce() }) == .sleep { sleep(atMost: limits.coalescingTime) }
        }
    }

    /// - Returns: false if the thread must leave.
    private func receive(_ chunk: inout ScoringLogChunk) -> Bool {
        var batch = chunk.takeEmptied()
        while true {
            switch update({ $0.next(into: &batch) }) {
            case .go:
                chunk = ScoringLogChunk(batch)
                return true
            case .sleep: wakeUp.wait()
            case .leave: return false
            }
        }
    }

    /// Writes the whole chunk, or as much as the descriptor takes before it is closed.
    ///
    /// - Returns: false if the thread must leave.
    private func write(_ chunk: inout ScoringLogChunk) -> Bool {
        while let outcome = chunk.withNextBytes(atMost: limits.coalescedBytes, descriptor.write) {
            switch outcome {
            case .wrote(let count, let isWhole):
                let blocks = chunk.advance(by: count)
                guard update({ $0.wrote(bytes: count, blocks: blocks, isWhole: isWhole) }) == .go else { return false }
            case .wouldBlock:
                // In slices, so that the thread ends soon after `close` stopped waiting for it.
                descriptor.waitUntilWritable(milliseconds: 100)
                guard !update({ $0.isAbandoned }) else { return false }
            case .failed(let reason, let message):
                let (step, mustReport) = update { $0.failed(reason) }
                if mustReport {
                    report("scoring log: \(message); requests are still served, their log blocks are lost and counted")
                }
                switch step {
                case .go: return true
                case .sleep: sleep(atMost: limits.retryInterval)
                case .leave: return false
                }
            }
        }
        return true
    }

    private func sleep(atMost duration: Duration) {
        _ = wakeUp.wait(timeout: Self.deadline(after: duration))
        update { $0.wokeUp() }
    }
}
