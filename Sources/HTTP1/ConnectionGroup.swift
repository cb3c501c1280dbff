import Bytes
package import NIOCore

/// All connections of one event loop, and what they share. Loops share nothing but `ConnectionLimits`.
package final class ConnectionGroup {
    /// What a group needs from its connections.
    package protocol Member: AnyObject {
        /// Whether neither side owes the other anything.
        var isIdle: Bool { get }
        func closeIfOverdue(_ now: NIODeadline)
        func drain()
        func close()
    }

    package struct Settings: Sendable {
        let maximumBodyBytes: Int
        let timeouts: ReadTimeouts
        /// How long an idle connection is kept, as header fields for its client; each begins with a line break.
        let keepAliveFields: String

        package init(maximumBodyBytes: Int, timeouts: ReadTimeouts) {
            self.maximumBodyBytes = maximumBodyBytes
            self.timeouts = timeouts
            let seconds = timeouts.idle.nanoseconds / 1_000_000_000
            keepAliveFields = "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\(seconds)"
        }
    }

    package let eventLoop: any EventLoop
    let settings: Settings
    let limits: ConnectionLimits
    let tick: Tick
    /// Whether responses announce that their connection closes.
    private(set) var isStopping = false
    private(set) var clientClock = ClientClock(.now())
    private var requestIDs = RequestIDGenerator()
    private var members: [ObjectIdentifier: any Member] = [:]
    private var drained: EventLoopPromise<Void>?

    package init(_ settings: Settings, _ limits: ConnectionLimits, _ tick: Tick, on eventLoop: any EventLoop) {
        self.settings = settings
        self.limits = limits
        self.tick = tick
        self.eventLoop = eventLoop
    }

    func makeRequestID() -> RequestID { requestIDs.next() }

    func add(_ member: any Member) {
        members[ObjectIdentifier(member)] = member
        if drained != nil { member.drain() }
    }

    func remove(_ member: any Member) {
        members[ObjectIdentifier(member)] = nil
        if members.isEmpty { drained?.succeed() }
    }

    /// How often `checkDeadlines` is to be called.
    package static let lookInterval = ClientClock.lookInterval

    /// Closes connections whose clients have taken too long.
    package func checkDeadlines() {
        clientClock.look(.now())
        for member in members.values { member.closeIfOverdue(clientClock.now) }
    }

    /// Whether no connection has a request under way.
    package var isIdle: Bool { members.values.allSatisfy(\.isIdle) }

    /// Lets every response announce that its connection closes, so that clients open another one.
    package func beginStopping() { isStopping = true }

    /// Responds to the requests under way, takes no new ones, and closes connections as they become idle.
    ///
    /// - Returns: done when the last connection has closed.
    package func drain() -> EventLoopFuture<Void> {
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        for member in members.values { member.drain() }
        if members.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    /// Closes all connections, even those with requests under way.
    package func close() {
        for member in members.values { member.close() }
    }
}
