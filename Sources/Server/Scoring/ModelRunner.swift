import HTTP1
import NIOCore
import NIOPosix
private import Platform

/// What a model run costs beyond the linear model itself: nothing, or with `SYNTHETIC_SLEEP_MS` and `SYNTHETIC_BUSY_MS`
/// what a heavier model would cost.
final class ModelRunner {
    /// What each run costs beyond the linear model.
    struct SyntheticCost: Sendable {
        var sleep: TimeAmount = .zero
        var busy: TimeAmount = .zero
        /// Runs the busy part; as many threads as cores.
        var threads: NIOThreadPool
    }

    private let cost: SyntheticCost
    private let limits: ConcurrencyLimits
    private let eventLoop: any EventLoop
    private let queue: WaitQueue<Grant>

    /// What a request that waits for a core needs; it is not in flight meanwhile.
    private struct Grant: ~Copyable {
        let core: Permit
        let inFlight: Permit
    }

    init(_ cost: SyntheticCost, _ limits: ConcurrencyLimits, on eventLoop: any EventLoop, maximumWait: TimeAmount) {
        self.cost = cost
        self.eventLoop = eventLoop
        self.limits = limits
        queue = WaitQueue(on: eventLoop, places: limits.queued, maximumWait: maximumWait) { _ in
            guard let core = limits.cores.tryAcquire(), let inFlight = limits.inFlight.tryAcquire() else { return nil }
            return Grant(core: core, inFlight: inFlight)
        }
    }

    /// Whether a run costs nothing beyond the linear model.
    var isFree: Bool { cost.sleep == .zero && cost.busy == .zero }

    /// Spends the cost of a run, then calls `completion`, at once if there is no cost; or rejects the request.
    func run(_ request: ScoringRequest, _ completion: @escaping () -> Void) {
        sleep { [self] in burn(request, completion) }
    }

    /// Starts requests that wait for a core.
    func startWaiting() { queue.startWaiting() }

    /// Rejects requests that wait for a core and whose clients have gone.
    func rejectAbandoned() { queue.rejectAbandoned() }

    private func sleep(_ then: @escaping () -> Void) {
        guard cost.sleep > .zero else { return then() }
        eventLoop.assumeIsolated().scheduleTask(in: cost.sleep, then)
    }

    private func burn(_ request: ScoringRequest, _ then: @escaping () -> Void) {
        guard cost.busy > .zero else { return then() }
        if queue.isEmpty, let core = limits.cores.tryAcquire() { return burn(on: core, request, then) }
        request.pause()
        queue.wait(after: request.waited, unless: { request.isAbandoned }) { [self] grant in
            request.start(grant.inFlight)
            burn(on: grant.core, request, then)
        } orReject: {
            request.finish(.rejected($0))
        }
    }

    private func burn(on core: consuming Permit, _ request: ScoringRequest, _ then: @escaping () -> Void) {
        request.occupy(core)
        let busy = cost.busy
        let done = cost.threads.runIfActive(eventLoop: eventLoop) { Self.spendProcessorTime(busy) }
        done.assumeIsolated().whenComplete { _ in
            request.vacate()
            then()
        }
    }

    /// Burns processor time rather than clock time: a run costs the same when many compete for a core.
    ///
    /// Reading processor time needs a system call, reading the clock does not. So processor time is read rarely, or
    /// most of the burnt time would be the system's.
    private static func spendProcessorTime(_ amount: TimeAmount) {
        let end = processorTime() + amount.nanoseconds
        while true {
            let left = end - processorTime()
            guard left > 0 else { return }
            let slice = NIODeadline.now() + .nanoseconds(min(left, 50_000))
            while NIODeadline.now() < slice {}
        }
    }

    private static func processorTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
