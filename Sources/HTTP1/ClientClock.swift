import NIOCore

/// Clock for client time-outs. It advances at most 500 ms per look, so that a suspended server (SIGSTOP, frozen
/// container) does not time out its clients; a loop that can look less often than that waits longer.
struct ClientClock {
    private(set) var now: NIODeadline
    private var lastLook: NIODeadline

    static let lookInterval = TimeAmount.milliseconds(250)
    /// The most that the clock advances per look, and so the most that it lags.
    static let step = TimeAmount.milliseconds(500)

    init(_ time: NIODeadline) { (now, lastLook) = (time, time) }

    mutating func look(_ time: NIODeadline) {
        now = now + min(time - lastLook, Self.step)
        lastLook = time
    }
}
