import NIOCore
import ScoringLog

/// One event loop's gate to scoring: a call is in flight from here until its answer is written, or it waits, or it is
/// turned away.
///
/// Each loop has a line of its own, and a place in flight goes to the call that has waited longest in any of them.
final class Admission {
    private let replica: Replica
    private let log: CallLog
    private let own: WaitingHead
    private var line: WaitingLine?
    private weak var worker: Worker?

    init(_ replica: Replica, _ log: CallLog, on eventLoop: any EventLoop, patience: TimeAmount) {
        self.replica = replica
        self.log = log
        own = replica.addHead()
        line = WaitingLine(on: eventLoop, places: replica.queued, patience: patience) { [unowned self] in
            publishHead()
            // Nothing is lost from the log: while its reader is too slow, no call goes on that would have to stand in it.
            return log.hasRoom && replica.isOldest(own) && replica.inFlight.enter()
        } onShorter: { [unowned self] in
            publishHead()
            if let worker { replica.wakeWaitingCalls(except: worker) }
        }
    }

    /// Makes the worker known whose lines need no waking from outside.
    func register(_ worker: Worker) { self.worker = worker }

    /// Takes a place in flight if there is one and nobody has waited for it longer.
    func enter() -> Bool {
        log.hasRoom && !replica.isAnybodyWaiting && replica.inFlight.enter()
    }

    /// Has a call wait for a place in flight.
    func wait(
        _ call: Call, _ start: @escaping () -> Void, orRefuse refuse: @escaping (RejectionReason) -> Void
    ) {
        line?.wait(after: call.waited, unless: { call.isAbandoned }, start, orRefuse: refuse)
    }

    /// Gives a place in flight back.
    func leave() {
        replica.inFlight.leave()
        guard replica.queued.inUse > 0 else { return }
        worker?.startWaitingCalls()
        replica.wakeWaitingCalls(except: worker)
    }

    /// Lets waiting calls go on.
    func startWaiting() { line?.startWaiting() }

    /// Refuses waiting calls whose clients have gone.
    func refuseAbandoned() { line?.refuseAbandoned() }

    private func publishHead() { own.publish(line?.firstDeadline) }
}
