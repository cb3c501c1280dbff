import HTTP1
import NIOCore

/// One event loop's gate to scoring: a request gets a permit at once, waits for one, or is rejected.
///
/// Each loop has a queue of its own, and a permit goes to the request that has waited longest in any of them.
final class Admission {
    private let limits: ConcurrencyLimits
    private let log: RequestLog
    private let queue: WaitQueue<Permit>

    init(_ limits: ConcurrencyLimits, _ log: RequestLog, on eventLoop: any EventLoop, maximumWait: TimeAmount) {
        let own = limits.addQueue()
        self.limits = limits
        self.log = log
        queue = WaitQueue(on: eventLoop, places: limits.queued, maximumWait: maximumWait) { oldest in
            own.publish(oldest)
            limits.wakeQueues()
        } tryAcquire: { oldest in
            own.publish(oldest)
            // Back-pressure: no request starts while the log is full, so that no entry is lost.
            return log.hasRoom && limits.isOldest(own) ? limits.inFlight.tryAcquire() : nil
        }
    }

    /// A permit, if one is free and no request has waited longer for it.
    func tryAcquire() -> Permit? {
        guard log.hasRoom, !limits.isAnyWaiting else { return nil }
        return limits.inFlight.tryAcquire()
    }

    /// Queues a request for its permit; exactly one of the two closures is called.
    ///
    /// - Parameter body: kept while it waits, and accounted for.
    func enqueue(
        _ request: ScoringRequest, _ body: ByteBuffer, _ start: @escaping (ByteBuffer) -> Void,
        orReject reject: @escaping (RejectionReason) -> Void
    ) {
        // Most rejections end here, before anything is allocated for a waiting request.
        guard !limits.queued.isExhausted else { return reject(limits.queued.isDisabled ? .inFlight : .queueFull) }
        // A slice would keep in memory the whole read that it was cut from.
        let body = ByteBuffer(bytes: body.readableBytesView)
        guard request.buffer(body.readableBytes, within: limits.bufferedBytes) else { return reject(.bufferedBytes) }
        let arrival = NIODeadline.now()
        queue.wait(unless: { request.isAbandoned }) { permit in
            request.start(permit, waited: .now() - arrival)
            start(body)
        } orReject: {
            reject($0)
        }
    }

    /// Starts as many waiting requests as there are permits.
    func startWaiting() { queue.startWaiting() }

    /// Rejects waiting requests whose clients have gone.
    func rejectAbandoned() { queue.rejectAbandoned() }
}
