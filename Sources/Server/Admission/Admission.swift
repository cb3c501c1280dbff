import NIOCore
import ScoringLog

/// One event loop's gate to scoring: a call is in flight from here until its answer is written, or it waits, or it is
/// turned away.
final class Admission {
    private let replica: Replica
    private let log: CallLog
    private let line: WaitingLine
    private weak var worker: Worker?

    init(_ replica: Replica, _ log: CallLog, on eventLoop: any EventLoop, patience: TimeAmount) {
        self.replica = replica
        self.log = log
        // Nothing is lost from the log: while its reader is too slow, no call goes on that would have to stand in it.
        line = WaitingLine(on: eventLoop, places: replica.queued, patience: patience) {
            log.hasRoom && replica.inFlight.enter()
        }
    }

    /// Makes the worker known whose lines need no waking from outside.
    func register(_ worker: Worker) { self.worker = worker }

    /// Takes a place in flight if there is one and nobody has waited for it longer.
    func enter() -> Bool {
        line.isEmpty && log.hasRoom && replica.inFlight.enter()
    }

    /// Has a call wait for a place in flight.
    func wait(_ start: @escaping () -> Void, orRefuse refuse: @escaping (RejectionReason) -> Void) {
        line.wait(start, orRefuse: refuse)
    }

    /// Gives a place in flight back.
    func leave() {
        replica.inFlight.leave()
        guard replica.queued.inUse > 0 else { return }
        worker?.startWaitingCalls()
        replica.wakeWaitingCalls(except: worker)
    }

    /// Lets waiting calls go on.
    func startWaiting() { line.startWaiting() }
}
