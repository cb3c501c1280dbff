import Foundation
import Synchronization

/// The scoring log's one writer: event loops hand over whole batches and never wait, a thread writes them in order.
///
/// - Batches are written in the order of `append`, each contiguous; nothing is lost while the descriptor can be
///   written.
/// - The buffer is bounded by asking: a caller looks at `hasRoom` before it admits a call, and at `hasRoomForRefusal`
///   before it notes a refused one. A batch handed over is always taken, so the bound is exceeded by at most the blocks
///   of the calls admitted before the buffer was full.
/// - On a full disk the blocks taken so far are kept and tried again each second, and new ones are dropped and
///   counted; the block in hand is always completed first. A closed descriptor loses all that is and will be handed
///   over.
/// - The thread blocks SIGPIPE and SIGXFSZ for itself, so the process need not ignore them on Linux; on Darwin
///   SIGPIPE is switched off for the descriptor.
///
/// The writer neither opens nor closes the descriptor and leaves its blocking mode alone; it may be non-blocking. It
/// lives until `close`.
public final class ScoringLogWriter: Sendable {
    /// Sizes and times of the writer.
    public struct Limits: Sendable {
        /// From this many unwritten bytes on there is no room.
        public var capacityBytes = 4 << 20
        /// After being full, there is room again at or under this many unwritten bytes.
        public var lowWaterBytes = 2 << 20
        /// From this many unwritten bytes on, lines of refused calls have no room either.
        public var refusalCapacityBytes = 5 << 20
        /// How many bytes end the wait between two writes, and the most that one write is given.
        public var coalescedBytes = 64 << 10
        /// The longest wait between two writes.
        public var coalescingTime = Duration.milliseconds(5)
        /// Between two tries on a full disk.
        public var retryInterval = Duration.seconds(1)

        /// The contract's sizes.
        public init() {}
    }

    private let limits: Limits
    private let descriptor: LogDescriptor
    private let say: @Sendable (String) -> Void
    private let backlog: Mutex<ScoringLogBacklog>
    // What `hasRoom` reads; written under the lock only.
    private let full = Atomic<Bool>(false)
    private let fullForRefusals = Atomic<Bool>(false)
    private let wakeUp = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    /// Starts the writer thread.
    ///
    /// - Parameters:
    ///   - fileDescriptor: stays the caller's, and open until after `close`.
    ///   - limits: the contract's sizes unless a test wants others.
    ///   - say: is given one line, once for each reason of loss, and each time that a reader was too slow for lines of
    ///     refused calls, on the writer thread or in `close`; meant for stderr.
    public init(
        fileDescriptor: Int32, limits: Limits = Limits(), say: @escaping @Sendable (String) -> Void
    ) {
        self.limits = limits
        self.say = say
        descriptor = LogDescriptor(fileDescriptor: fileDescriptor)
        backlog = Mutex(ScoringLogBacklog(limits: limits))
        let thread = Thread { [self] in
            run()
            finished.signal()
        }
        thread.name = "scoring-log"
        thread.start()
    }

    /// True unless a slow reader keeps the buffer full; one relaxed load.
    ///
    /// An event loop that reads false and lets calls wait misses no `onRoom` if the callback hops to that loop.
    public var hasRoom: Bool { !full.load(ordering: .relaxed) }

    /// Whether a line of a refused call fits; whoever reads false drops the line and counts it with `dropped`.
    public var hasRoomForRefusal: Bool { !fullForRefusals.load(ordering: .relaxed) }

    /// Counts lines that were not handed over as there was no room; said once, when there is room again.
    public func dropped(_ lines: Int) {
        update { $0.dropped(lines) }
    }

    /// Blocks lost so far for one reason.
    public func lostBlocks(_ reason: ScoringLogLoss) -> Int {
        backlog.withLock { $0.lostBlocks[reason, default: 0] }
    }

    /// Registers a callback for each time that a full buffer has room again; once a loop, at its start.
    ///
    /// - Parameter callback: runs on the writer's thread (or in `close`) and must neither block nor call `flush` or
    ///   `close`.
    public func onRoom(_ callback: @escaping @Sendable () -> Void) {
        backlog.withLock { $0.roomCallbacks.append(callback) }
    }

    /// Hands over whole blocks; copies them and never waits for a descriptor.
    ///
    /// - Parameter batch: stays the caller's, to be emptied and used again.
    /// - Returns: `hasRoom` after it.
    @discardableResult
    public func append(_ batch: ScoringLogBatch) -> Bool {
        guard !batch.isEmpty else { return hasRoom }
        return update { backlog in
            backlog.append(batch)
            return !backlog.isFull
        }
    }

    /// Waits until all that was handed over before is written; blocks the thread, so never on an event loop.
    ///
    /// - Parameter timeout: the longest wait.
    /// - Returns: false if time ran out; true also if blocks were lost, which the counters tell.
    public func flush(within timeout: Duration) -> Bool {
        let done = DispatchSemaphore(value: 0)
        guard update({ $0.addFlush(done) }) else { return true }
        if done.wait(timeout: Self.deadline(after: timeout)) == .success { return true }
        return update { $0.removeFlush(done) }
    }

    /// Writes all that is pending and ends the writer thread; blocks the thread, so never on an event loop.
    ///
    /// What cannot be written in time is counted as lost: to `disk_full` if the disk is full (it is tried once more,
    /// not waited for), else to `closed`. If a blocking descriptor holds the thread in `write(2)` past the time, the
    /// thread ends when that write does. Batches handed over later are lost to `closed`.
    ///
    /// - Parameter timeout: the longest wait.
    /// - Returns: false if blocks were lost by closing; a second call says the same.
    @discardableResult
    public func close(within timeout: Duration) -> Bool {
        update { $0.close() }
        if finished.wait(timeout: Self.deadline(after: timeout)) == .success {
            // For whoever closes a second time.
            finished.signal()
        }
        return update { $0.abandon() }
    }

    /// Waits for the thread that a `close` out of time has left behind.
    func waitUntilThreadEnded() {
        finished.wait()
        finished.signal()
    }

    /// Makes a change under the lock, and then outside it what follows from the change.
    private func update<Result: Sendable>(_ change: (inout ScoringLogBacklog) -> Result) -> Result {
        let (result, effects) = backlog.withLock { backlog in
            let result = change(&backlog)
            // Under the lock, or two changes could store in the other order.
            full.store(backlog.isFull, ordering: .relaxed)
            fullForRefusals.store(backlog.isFullForRefusals, ordering: .relaxed)
            return (result, backlog.takeEffects())
        }
        if effects.mustWake { wakeUp.signal() }
        for callback in effects.roomCallbacks { callback() }
        if effects.droppedLines > 0 {
            say("scoring log: it is read again; \(effects.droppedLines) lines of refused calls were dropped meanwhile")
        }
        return result
    }

    private static func deadline(after duration: Duration) -> DispatchTime {
        let (seconds, attoseconds) = duration.components
        // A day is as good as for ever, and cannot overflow.
        let nanoseconds = min(max(seconds, 0), 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000
        return .now() + .nanoseconds(Int(max(nanoseconds, 0)))
    }
}

// MARK: - The writer thread

extension ScoringLogWriter {
    private func run() {
        descriptor.silenceSignalsOfCallingThread()
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

    /// Writes the chunk in hand to its end, or until the descriptor is closed.
    ///
    /// - Returns: false if the thread must leave.
    private func write(_ chunk: inout ScoringLogChunk) -> Bool {
        while let outcome = chunk.withNextBytes(atMost: limits.coalescedBytes, descriptor.write) {
            switch outcome {
            case .wrote(let count, let isWhole):
                let blocks = chunk.advance(by: count)
                guard update({ $0.wrote(bytes: count, blocks: blocks, isWhole: isWhole) }) == .go else { return false }
            case .wouldBlock:
                // In slices, so that a thread nobody waits for any more comes to its end.
                descriptor.waitUntilWritable(milliseconds: 100)
                guard !update({ $0.isAbandoned }) else { return false }
            case .failed(let loss, let reason):
                let (step, mustSay) = update { $0.failed(loss) }
                if mustSay {
                    say("scoring log: \(reason); calls are still answered, their log blocks are lost and counted")
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
