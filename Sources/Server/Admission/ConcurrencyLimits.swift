import HTTP1
import Synchronization

/// The limits that all event loops of the process share, and the queues that wait for them.
final class ConcurrencyLimits: Sendable {
    /// Scoring requests in flight: `REPLICA_MAX_CONCURRENT_REQUESTS`.
    let inFlight: Semaphore
    /// Requests that wait for a permit or for a core: `MAX_QUEUED_REQUESTS`.
    let queued: Semaphore
    /// Threads that burn a core for `SYNTHETIC_BUSY_MS`.
    let cores: Semaphore
    /// Bytes of requests that are incomplete or waiting: `MAX_BUFFERED_BYTES`.
    let bufferedBytes: Semaphore
    /// Client connections (`MAX_CONNECTIONS`), and what they buffer.
    let connections: ConnectionLimits

    private let wakeUps: WakeUps
    /// One for each event loop's permit queue.
    private let oldestWaiters = Mutex<[OldestWaiter]>([])

    /// The closures to call when waiting requests may be able to start.
    private final class WakeUps: Sendable {
        let calls = Mutex<[@Sendable () -> Void]>([])
        private let queued: Semaphore

        init(_ queued: Semaphore) { self.queued = queued }

        /// Wakes all queues, if any request waits.
        func wakeAll() {
            guard queued.inUse > 0 else { return }
            for call in calls.withLock({ $0 }) { call() }
        }
    }

    init(inFlight: Int, queued: Int, cores: Int, connections: Int, bufferedBytes: Int) {
        let queued = Semaphore(maximum: queued)
        let wakeUps = WakeUps(queued)
        self.queued = queued
        self.wakeUps = wakeUps
        self.inFlight = Semaphore(maximum: inFlight, onRelease: wakeUps.wakeAll)
        self.cores = Semaphore(maximum: cores, onRelease: wakeUps.wakeAll)
        self.bufferedBytes = Semaphore(maximum: bufferedBytes)
        self.connections = ConnectionLimits(connections: connections, bufferedBytes: self.bufferedBytes)
    }

    /// Adds an event loop's permit queue.
    func addQueue() -> OldestWaiter {
        let waiter = OldestWaiter()
        oldestWaiters.withLock { $0.append(waiter) }
        return waiter
    }

    /// Adds a closure that wakes an event loop's queues; called from any thread whenever a permit was released.
    func onWakeUp(_ call: @escaping @Sendable () -> Void) { wakeUps.calls.withLock { $0.append(call) } }

    /// Wakes all queues, if any request waits.
    func wakeQueues() { wakeUps.wakeAll() }

    /// Whether any request waits for a permit; those that wait for a core do not count.
    var isAnyWaiting: Bool {
        queued.inUse > 0 && oldestWaiters.withLock { waiters in waiters.contains { $0.nanoseconds != .max } }
    }

    /// Whether no other queue's oldest request has waited longer.
    func isOldest(_ own: OldestWaiter) -> Bool {
        oldestWaiters.withLock { waiters in waiters.allSatisfy { $0.nanoseconds >= own.nanoseconds } }
    }
}
