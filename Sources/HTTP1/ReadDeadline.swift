package import NIOCore

/// What a connection expects from its client, and by when.
struct ReadDeadline {
    /// What the client has to send next.
    enum Awaited {
        /// Nothing: its requests are being worked on.
        case nothing
        /// A new request, or the end of the client's side.
        case request
        /// The rest of a request's head.
        case head
        /// The rest of a request's body.
        case body
        /// The end of the client's side, after ours has ended.
        case end
    }

    private(set) var awaited = Awaited.nothing
    private var deadline = NIODeadline.distantFuture

    /// Starts waiting for something else.
    ///
    /// - Parameter now: read from `ClientClock`, which costs nothing.
    mutating func wait(for awaited: Awaited, _ timeouts: ReadTimeouts, now: NIODeadline) {
        self.awaited = awaited
        switch awaited {
        case .nothing: deadline = .distantFuture
        case .request: deadline = now + timeouts.idle
        case .head: deadline = now + timeouts.head
        case .body, .end: deadline = now + timeouts.body
        }
    }

    /// Continues to wait for the same, for at most one second.
    mutating func shorten(now: NIODeadline) { deadline = min(deadline, now + .seconds(1)) }

    /// Whether the time is up.
    func isOver(_ now: NIODeadline) -> Bool { deadline < now }
}

/// How long a client may take.
package struct ReadTimeouts: Sendable {
    let head: TimeAmount
    let body: TimeAmount
    let idle: TimeAmount

    package init(head: TimeAmount, body: TimeAmount, idle: TimeAmount) {
        self.head = head
        self.body = body
        self.idle = idle
    }
}
