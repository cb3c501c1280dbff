import NIOCore

/// What one connection is in the middle of, and what follows from it: a value that decides, while `HTTPConnection`
/// acts. Time is a parameter.
///
///     opened ─→ waiting ─ head ─→ receiving ─ end ─→ responding ─ last response ─→ waiting
///                  │                  │ error or limit: answered early
///                  └── input ended, drain, an error, `Connection: close` ──→ closing ─ last response written ─→ ended
///
/// 1. Responses leave in the order of their requests; each request gets exactly one.
/// 2. A request that gets its response before its end is the last one: the rest of its bytes is dropped.
/// 3. Once `order` is closed no request is taken; those taken still get their responses.
/// 4. A time-out runs only while the client has something to send: never while its requests are being worked on.
/// 5. Our side ends only after all responses were written, and the client's side is read until it has ended: closing with
///    unread bytes would make the kernel send a reset, which can destroy a response on its way.
struct HTTPConnectionState {
    /// A request that has not been fully received.
    private struct Receiving {
        let position: UInt64
        var isAnswered = false
    }

    private(set) var order = ResponseOrder()
    private(set) var deadline = ReadDeadline()
    private(set) var hasInputEnded = false
    /// What the connection may be used for.
    var use = ConnectionPermits.Use.nothing

    private let timeouts: ReadTimeouts
    private var receiving: Receiving?
    /// The request whose client waits for `100 Continue`.
    private var continueAwaited: UInt64?
    /// When the connection was opened; nil once it has brought a request.
    private var openedAt: NIODeadline?

    /// Requests of one connection that may wait for their responses before no more is read.
    static let pipelinedRequests = 64
    /// How long a shutdown waits for a new connection's first request.
    static let firstRequest = TimeAmount.milliseconds(250)

    init(_ timeouts: ReadTimeouts, openedAt: NIODeadline) {
        self.timeouts = timeouts
        self.openedAt = openedAt
    }

    // MARK: What it is in the middle of

    /// Whether a request is being received.
    var isReceiving: Bool { receiving != nil }

    /// Whether the rest of the request that is being received is still wanted.
    var isRestWanted: Bool { receiving?.isAnswered == false }

    /// Whether bytes are parsed; otherwise they are read and dropped.
    var takesRequests: Bool { order.isOpen || receiving != nil }

    /// Whether nothing is owed on either side, apart from responses in the output buffer: not even the rest of a head, or
    /// the request for which a new connection was opened a moment ago.
    func isIdle(now: NIODeadline) -> Bool {
        !isRestWanted && order.outstanding == 0 && deadline.awaited != .head
            && openedAt.map { now - $0 > Self.firstRequest } ?? true
    }

    // MARK: Requests

    /// Waits for something else from the client.
    mutating func wait(for awaited: ReadDeadline.Awaited, now: NIODeadline) {
        // Err on the late side: the clock may lag by up to one step.
        deadline.wait(for: awaited, timeouts, now: now + ClientClock.step)
        // A connection without a full permit gets little time, since others wait for one.
        if use != .requests { deadline.shorten(now: now) }
    }

    /// A head has arrived.
    ///
    /// - Parameter keepAlive: whether another request may follow.
    /// - Returns: the request's position.
    mutating func receiveHead(keepAlive: Bool, now: NIODeadline) -> UInt64 {
        let position = order.admit()
        receiving = Receiving(position: position)
        openedAt = nil
        if !keepAlive { order.close(after: position) }
        wait(for: .body, now: now)
        return position
    }

    /// The client waits for `100 Continue` before it sends the body.
    mutating func expectContinue() { continueAwaited = receiving?.position }

    /// A part of the body has arrived, so `100 Continue` is not needed any more.
    mutating func receiveBody() { continueAwaited = nil }

    /// Whether to write `100 Continue` now, after the responses before it; true only once.
    mutating func takeContinue() -> Bool {
        guard let position = continueAwaited, order.isNext(position) else { return false }
        continueAwaited = nil
        return true
    }

    /// The request is complete.
    ///
    /// - Returns: whether it still needs its response.
    mutating func receiveEnd(now: NIODeadline) -> Bool {
        guard let ended = receiving else { return false }
        receiving = nil
        guard !ended.isAnswered else { return false }
        wait(for: .nothing, now: now)
        return true
    }

    /// The request that is being received gets its response now. The client may or may not send the rest, so the
    /// connection cannot take another request.
    ///
    /// - Returns: false if there is no such request, or it has its response.
    mutating func answerEarly() -> Bool {
        guard let open = receiving, !open.isAnswered else { return false }
        receiving?.isAnswered = true
        order.close(after: open.position)
        return true
    }

    /// Bytes outside of any request cannot be parsed.
    ///
    /// - Returns: the position of the error response; nil if nothing is owed any more.
    mutating func receiveNonsense() -> UInt64? {
        guard order.isOpen else { return nil }
        let position = order.admit()
        order.close(after: position)
        return position
    }

    /// A read has ended in the middle of a request.
    mutating func completeRead(now: NIODeadline) {
        // The head of another request may have begun after the end of one, and more of a body may have come after a
        // pause.
        if receiving == nil, deadline.awaited != .head { wait(for: .head, now: now) }
        if receiving != nil, deadline.awaited == .request { wait(for: .body, now: now) }
    }

    // MARK: Responses

    /// A request's response is ready.
    ///
    /// - Parameter isStopping: whether the last response is to end the connection, unless another request is on its way.
    /// - Returns: whether it is written now rather than parked, and whether the connection stays open after it.
    mutating func respond(to position: UInt64, isStopping: Bool) -> (isNext: Bool, keepAlive: Bool) {
        if isStopping, receiving == nil, order.outstanding == 1 { order.close(after: position) }
        return (order.isNext(position), !order.isLast(position))
    }

    mutating func park(_ response: ByteBuffer, at position: UInt64) { order.park(response, at: position) }

    /// Notes that the next response was written.
    ///
    /// - Returns: the response after it, if it was parked.
    mutating func advance(now: NIODeadline) -> ByteBuffer? {
        let parked = order.advance()
        if parked == nil, order.outstanding == 0, deadline.awaited == .nothing { wait(for: .request, now: now) }
        return parked
    }

    /// Whether to read on; not from a client that pipelines without end or does not read its responses.
    ///
    /// - Parameter hasRoom: whether responses can be written.
    func mayRead(hasRoom: Bool) -> Bool {
        deadline.awaited == .end || (order.outstanding < Self.pipelinedRequests && hasRoom)
    }

    // MARK: The end

    /// The client has ended its side; what is owed is still sent.
    ///
    /// - Returns: whether our side ends now.
    mutating func endInput(hasOutput: Bool) -> Bool {
        hasInputEnded = true
        order.close()
        return order.outstanding == 0 && !hasOutput
    }

    /// Takes no more requests once those under way have their responses.
    ///
    /// - Returns: whether our side ends now.
    mutating func drain(hasOutput: Bool, now: NIODeadline) -> Bool {
        order.close()
        guard deadline.awaited != .end else {
            deadline.shorten(now: now)
            return false
        }
        // Otherwise the end comes after the responses that are still to be written.
        return order.outstanding == 0 && !hasOutput
    }

    /// Ends our side; the client's is still awaited.
    mutating func endOutput(isStopping: Bool, now: NIODeadline) {
        wait(for: .end, now: now)
        if isStopping, !isRestWanted { deadline.shorten(now: now) }
    }

    /// What to do about a client that has taken too long.
    enum Overdue {
        case nothing, headTimeout, bodyTimeout, noPlace, close
    }

    /// - Parameter isReadHeld: whether reading is paused because the client does not read its responses.
    mutating func overdue(isReadHeld: Bool, now: NIODeadline) -> Overdue {
        guard deadline.isOver(now) else { return .nothing }
        switch deadline.awaited {
        case .nothing: return .nothing
        // The rest is not read until requests have their responses.
        case .head where order.outstanding >= Self.pipelinedRequests:
            wait(for: .head, now: now)
            return .nothing
        // Nor until responses are read.
        case .head where isReadHeld, .body where isReadHeld:
            wait(for: .request, now: now)
            return .nothing
        case .head: return .headTimeout
        case .body: return .bodyTimeout
        case .request where use == .probe: return .noPlace
        // The client has sent nothing, or read nothing, for the whole time-out.
        case .request, .end: return .close
        }
    }
}
