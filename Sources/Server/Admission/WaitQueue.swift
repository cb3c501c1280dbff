import HTTP1
import NIOCore

/// Requests of one event loop that wait for the same thing: first come, first served, with a limit on the wait.
final class WaitQueue<Grant: ~Copyable> {
    private final class Waiter {
        let deadline: NIODeadline
        let isAbandoned: () -> Bool
        let start: (consuming Grant) -> Void
        let reject: (RejectionReason) -> Void
        /// Its place in the queue.
        var place: Permit?

        init(
            _ place: consuming Permit, until deadline: NIODeadline, unless isAbandoned: @escaping () -> Bool,
            _ start: @escaping (consuming Grant) -> Void, orReject reject: @escaping (RejectionReason) -> Void
        ) {
            self.place = consume place
            self.deadline = deadline
            self.isAbandoned = isAbandoned
            self.start = start
            self.reject = reject
        }
    }

    private let eventLoop: any EventLoop
    private let places: Semaphore
    private let maximumWait: TimeAmount
    private let tryAcquire: (_ oldest: NIODeadline?) -> Grant?
    private let onShorter: (_ oldest: NIODeadline?) -> Void
    private var waiters = CircularBuffer<Waiter>()
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var isStarting = false

    /// - Parameters:
    ///   - places: the room for waiting requests, which all queues of the process share.
    ///   - maximumWait: how long a request may wait in total, here and in other queues before.
    ///   - onShorter: called when requests have left the queue, with the deadline of the oldest one.
    ///   - tryAcquire: acquires everything that a request needs to continue, or nothing.
    init(
        on eventLoop: any EventLoop, places: Semaphore, maximumWait: TimeAmount,
        onShorter: @escaping (_ oldest: NIODeadline?) -> Void = { _ in },
        tryAcquire: @escaping (_ oldest: NIODeadline?) -> Grant?
    ) {
        self.eventLoop = eventLoop
        self.places = places
        self.maximumWait = maximumWait
        self.onShorter = onShorter
        self.tryAcquire = tryAcquire
    }

    /// Whether no request is ahead of a new one.
    var isEmpty: Bool { waiters.isEmpty }

    private var oldest: NIODeadline? { waiters.first?.deadline }

    /// Queues a request. Exactly one of the two closures is called: later, or at once if there is no place to wait.
    ///
    /// - Parameters:
    ///   - waited: how much of its time the request has already waited elsewhere.
    ///   - isAbandoned: whether its client is known to have gone.
    func wait(
        after waited: TimeAmount = .zero, unless isAbandoned: @escaping () -> Bool = { false },
        _ start: @escaping (consuming Grant) -> Void, orReject reject: @escaping (RejectionReason) -> Void
    ) {
        guard let place = places.tryAcquire() else { return reject(places.isDisabled ? .inFlight : .queueFull) }
        let deadline = NIODeadline.now() + maximumWait - waited
        waiters.append(Waiter(place, until: deadline, unless: isAbandoned, start, orReject: reject))
        armTimer(deadline)
        // A permit may have been released after the request failed to acquire it and before it was queued.
        startWaiting()
    }

    /// Starts requests as long as what they wait for is available.
    func startWaiting() {
        // A request that ends at once releases what it acquired, which calls this function again.
        guard !isStarting else { return }
        isStarting = true
        var hasStarted = false
        while !waiters.isEmpty, let grant = tryAcquire(oldest) {
            hasStarted = true
            let next = waiters.removeFirst()
            next.place = nil
            next.start(grant)
        }
        isStarting = false
        if hasStarted { onShorter(oldest) }
    }

    /// Rejects requests whose clients have gone: their responses could not be delivered.
    func rejectAbandoned() {
        rejectAll(.clientGone) { $0.isAbandoned() }
    }

    /// A request that has already waited elsewhere can be the first to time out although others are ahead of it.
    private func armTimer(_ deadline: NIODeadline) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timer = nil
            let now = NIODeadline.now()
            rejectAll(.queueDeadline) { $0.deadline <= now }
            if let next = waiters.lazy.map(\.deadline).min() { armTimer(next) }
        }
        timer = (task, deadline)
    }

    private func rejectAll(_ reason: RejectionReason, where isRejected: (Waiter) -> Bool) {
        let rejected = waiters.filter(isRejected)
        guard !rejected.isEmpty else { return }
        waiters.removeAll(where: isRejected)
        for waiter in rejected {
            waiter.place = nil
            waiter.reject(reason)
        }
        onShorter(oldest)
    }
}
