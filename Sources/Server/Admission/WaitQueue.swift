import NIOCore

/// Calls of one event loop that wait for the same thing, first come, first served, and not for ever.
final class WaitingLine {
    private struct Waiting {
        let deadline: NIODeadline
        let isAbandoned: () -> Bool
        let start: () -> Void
        let refuse: (RejectionReason) -> Void
    }

    private let eventLoop: any EventLoop
    private let places: SlotLimit
    private let patience: TimeAmount
    private let take: () -> Bool
    private let onShorter: () -> Void
    private var waiting = CircularBuffer<Waiting>()
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var isStarting = false

    /// - Parameters:
    ///   - places: the room for waiting calls, shared with all other lines of the replica.
    ///   - patience: how long a call waits at most, here and wherever it waited before.
    ///   - take: takes all that a call needs to go on, or nothing; says whether it did.
    ///   - onShorter: called when calls have left the line.
    init(
        on eventLoop: any EventLoop, places: SlotLimit, patience: TimeAmount, take: @escaping () -> Bool,
        onShorter: @escaping () -> Void = {}
    ) {
        self.eventLoop = eventLoop
        self.places = places
        self.patience = patience
        self.take = take
        self.onShorter = onShorter
    }

    /// Whether nobody is ahead of a new call.
    var isEmpty: Bool { waiting.isEmpty }

    /// When the patience of the first ends; nil if nobody waits.
    var firstDeadline: NIODeadline? { waiting.first?.deadline }

    /// Has a call wait; exactly one of the two is called, later or, if there is no place to wait, at once.
    ///
    /// - Parameters:
    ///   - waited: how much of its patience the call has used up elsewhere.
    ///   - isAbandoned: whether its client is known to have gone.
    func wait(
        after waited: TimeAmount = .zero, unless isAbandoned: @escaping () -> Bool = { false },
        _ start: @escaping () -> Void, orRefuse refuse: @escaping (RejectionReason) -> Void
    ) {
        guard places.enter() else { return refuse(places.isNone ? .inFlight : .queueFull) }
        let deadline = NIODeadline.now() + patience - waited
        waiting.append(Waiting(deadline: deadline, isAbandoned: isAbandoned, start: start, refuse: refuse))
        armTimer(deadline)
        // What is waited for may have been given back after the call was turned away and before it stood here.
        startWaiting()
    }

    /// Lets those go on for whom there is what they wait for.
    func startWaiting() {
        // A call that ends at once gives back what it took, and comes here again.
        guard !isStarting else { return }
        isStarting = true
        var hasStarted = false
        while !waiting.isEmpty, take() {
            hasStarted = true
            let next = waiting.removeFirst()
            places.leave()
            next.start()
        }
        isStarting = false
        if hasStarted { onShorter() }
    }

    /// Refuses those whose clients have gone: nobody reads what they would cost.
    func refuseAbandoned() {
        refuseAll(.clientGone) { $0.isAbandoned() }
    }

    /// Whoever has waited elsewhere before can be behind another and still be the one whose time is up first.
    private func armTimer(_ deadline: NIODeadline) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timer = nil
            let now = NIODeadline.now()
            refuseAll(.queueDeadline) { $0.deadline <= now }
            if let next = waiting.lazy.map(\.deadline).min() { armTimer(next) }
        }
        timer = (task, deadline)
    }

    private func refuseAll(_ reason: RejectionReason, where isRefused: (Waiting) -> Bool) {
        let refused = waiting.filter(isRefused)
        guard !refused.isEmpty else { return }
        waiting.removeAll(where: isRefused)
        for call in refused {
            places.leave()
            call.refuse(reason)
        }
        onShorter()
    }
}

/// Why a call was turned away because the replica is saturated, or was given up while it waited: the `reason` of
/// `bungalow_rejected_requests_total`.
enum RejectionReason: String, CaseIterable, Sendable {
    case inFlight = "in_flight"
    case queueFull = "queue_full"
    case queueDeadline = "queue_deadline"
    case bufferedBytes = "buffered_bytes"
    case clientGone = "client_gone"
    case connections
}
