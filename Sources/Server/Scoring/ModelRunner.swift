private import Foundation
import Model
import NIOCore
import NIOPosix

/// Runs the model, at the cost that it is given: that of a linear model, or with `SYNTHETIC_SLEEP_MS` and
/// `SYNTHETIC_BUSY_MS` that of a heavier one.
final class ModelRunner {
    /// What each run costs beside the linear model.
    struct SyntheticCost: Sendable {
        var sleep: TimeAmount = .zero
        var busy: TimeAmount = .zero
        /// Runs the busy part; as many threads as cores.
        var threads: NIOThreadPool
    }

    private let cost: SyntheticCost
    private let replica: Replica
    private let admission: Admission
    private let eventLoop: any EventLoop
    private let coreLine: WaitingLine

    init(
        _ cost: SyntheticCost, _ replica: Replica, _ admission: Admission, on eventLoop: any EventLoop,
        patience: TimeAmount
    ) {
        self.cost = cost
        self.replica = replica
        self.admission = admission
        self.eventLoop = eventLoop
        // A call that waits for a core is not in flight, so it needs both to go on.
        coreLine = WaitingLine(on: eventLoop, places: replica.queued, patience: patience) {
            guard replica.cores.enter() else { return false }
            if replica.inFlight.enter() { return true }
            replica.cores.leave()
            return false
        }
    }

    /// Scores a batch; exactly one of the two is called, at once if a run costs nothing more.
    ///
    /// The call is in flight before, and after if it gets its predictions; if it is refused it is not.
    func run(
        _ model: LinearModel, _ batch: HousingBatch, for call: Call, _ completion: @escaping ([Double]) -> Void,
        orRefuse refuse: @escaping (RejectionReason) -> Void
    ) {
        guard cost.sleep > .zero || cost.busy > .zero else { return completion(model.predict(batch)) }
        sleep { [self] in
            burn(call, { completion(model.predict(batch)) }, orRefuse: refuse)
        }
    }

    /// Lets calls go on that wait for a core.
    func startWaiting() { coreLine.startWaiting() }

    /// Refuses calls that wait for a core and whose clients have gone.
    func refuseAbandoned() { coreLine.refuseAbandoned() }

    private func sleep(_ then: @escaping () -> Void) {
        guard cost.sleep > .zero else { return then() }
        eventLoop.assumeIsolated().scheduleTask(in: cost.sleep, then)
    }

    private func burn(
        _ call: Call, _ then: @escaping () -> Void, orRefuse refuse: @escaping (RejectionReason) -> Void
    ) {
        guard cost.busy > .zero else { return then() }
        if coreLine.isEmpty, replica.cores.enter() { return burnOnThread(then) }
        admission.leave()
        coreLine.wait(
            after: call.waited, unless: { call.isAbandoned }, { [self] in burnOnThread(then) }, orRefuse: refuse)
    }

    private func burnOnThread(_ then: @escaping () -> Void) {
        let busy = cost.busy
        let done = cost.threads.runIfActive(eventLoop: eventLoop) { Self.spendProcessorTime(busy) }
        done.assumeIsolated().whenComplete { [self] _ in
            replica.cores.leave()
            then()
            startWaiting()
            replica.wakeWaitingCalls()
        }
    }

    /// Burns time of the processor, not of the clock: a model's run costs as much where many compete for a core.
    ///
    /// The time of the processor is asked for by a system call, the time of the clock by none: so it is asked for rarely,
    /// or most of what is burnt would be the system's.
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
