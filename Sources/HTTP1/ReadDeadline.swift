import NIOCore

/// What a connection waits for from its client, and until when.
struct ConnectionPatience {
    /// What the client owes.
    enum Subject {
        /// Nothing: its calls are being worked on.
        case nothing
        /// A new request, or the end.
        case request
        /// The rest of a request's head.
        case head
        /// The rest of a request's body.
        case body
        /// The end of its side, after ours has ended.
        case end
    }

    /// `HEAD_TIMEOUT_SECONDS`, `BODY_TIMEOUT_SECONDS`, `IDLE_TIMEOUT_SECONDS`.
    struct Timeouts {
        let head: TimeAmount
        let body: TimeAmount
        let idle: TimeAmount
    }

    private(set) var subject = Subject.nothing
    private var deadline = NIODeadline.distantFuture

    /// Begins to wait for something else.
    ///
    /// - Parameter now: by the clock that goes on when all connections are looked at, which costs nothing to ask.
    mutating func wait(for subject: Subject, _ timeouts: Timeouts, now: NIODeadline) {
        self.subject = subject
        switch subject {
        case .nothing: deadline = .distantFuture
        case .request: deadline = now + timeouts.idle
        case .head: deadline = now + timeouts.head
        case .body, .end: deadline = now + timeouts.body
        }
    }

    /// Waits for the same, but not long.
    mutating func hurry(now: NIODeadline) {
        deadline = min(deadline, now + .seconds(1))
    }

    /// Whether the time is up.
    func isOver(_ now: NIODeadline) -> Bool { deadline < now }
}
