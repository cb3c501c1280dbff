import Synchronization

/// What all event loops of this replica share: its limits, and who waits for them.
final class Replica: Sendable {
    /// Scoring calls in flight: `REPLICA_MAX_CONCURRENT_REQUESTS`.
    let inFlight: SlotLimit
    /// Calls that wait, for a place in flight or for a core: `MAX_QUEUED_REQUESTS`.
    let queued: SlotLimit
    /// Threads that burn a core for `SYNTHETIC_BUSY_MS`.
    let cores: SlotLimit
    /// Client connections: `MAX_CONNECTIONS`.
    let connections: SlotLimit
    /// Connections beyond those, that are there to be asked a probe's question each; the descriptor limit has room.
    let probeConnections = SlotLimit(maximum: 32)
    /// Bytes of requests that are not complete, or wait: `MAX_BUFFERED_BYTES`.
    let bufferedBytes: SlotLimit

    private let members = Mutex<[Worker]>([])
    /// The firsts of all loops' lines for a place in flight.
    private let heads = Mutex<[WaitingHead]>([])

    init(inFlight: Int, queued: Int, cores: Int, connections: Int, bufferedBytes: Int) {
        self.inFlight = SlotLimit(maximum: inFlight)
        self.queued = SlotLimit(maximum: queued)
        self.cores = SlotLimit(maximum: cores)
        self.connections = SlotLimit(maximum: connections)
        self.bufferedBytes = SlotLimit(maximum: bufferedBytes)
    }

    /// One worker for each event loop.
    var workers: [Worker] { members.withLock { $0 } }

    /// Makes the workers known to one another.
    func register(_ workers: [Worker]) { members.withLock { $0 = workers } }

    /// Adds an event loop's line.
    func addHead() -> WaitingHead {
        let head = WaitingHead()
        heads.withLock { $0.append(head) }
        return head
    }

    /// Whether any call waits for a place in flight; calls that wait for a core do not count.
    var isAnybodyWaiting: Bool {
        queued.inUse > 0 && heads.withLock { heads in heads.contains { $0.nanoseconds != .max } }
    }

    /// Whether no other line's first has waited longer.
    func isOldest(_ own: WaitingHead) -> Bool {
        heads.withLock { heads in heads.allSatisfy { $0.nanoseconds >= own.nanoseconds } }
    }

    /// Has the waiting calls of all loops but one looked at again, after something was given back.
    func wakeWaitingCalls(except own: Worker? = nil) {
        guard queued.inUse > 0 else { return }
        for worker in workers where worker !== own { worker.wakeWaitingCalls() }
    }
}
