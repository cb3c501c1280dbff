/// The limits that all connections of the process share.
package struct ConnectionLimits: Sendable {
    /// Connections that may send any request.
    package let connections: Semaphore
    /// Extra connections reserved for health probes, one request each; included in the descriptor budget.
    package let probes: Semaphore
    /// Bytes of requests that are incomplete or waiting.
    package let bufferedBytes: Semaphore

    package init(connections: Int, probes: Int = 32, bufferedBytes: Semaphore) {
        self.connections = Semaphore(maximum: connections)
        self.probes = Semaphore(maximum: probes)
        self.bufferedBytes = bufferedBytes
    }
}

/// What one connection holds of the process's limits; released when the connection ends, at the latest.
struct ConnectionPermits: ~Copyable {
    /// What a connection may be used for.
    enum Use {
        /// Nothing: the process has reached its limit of connections.
        case nothing
        /// One probe's request.
        case probe
        /// Any requests.
        case requests
    }

    private let limits: ConnectionLimits
    private var connection: Permit?
    private var buffered: Permit?
    private(set) var use = Use.nothing

    init(of limits: ConnectionLimits) { self.limits = limits }

    /// Acquires a connection's permit, or else a probe's if one is free.
    mutating func acquire() {
        connection = limits.connections.tryAcquire()
        guard connection == nil else {
            use = .requests
            return
        }
        connection = limits.probes.tryAcquire()
        use = connection == nil ? .nothing : .probe
    }

    /// Releases the connection's permit.
    mutating func releaseConnection() {
        connection = nil
        use = .nothing
    }

    /// Accounts for the kept bytes of an incomplete request; the count only grows until it is released.
    ///
    /// - Returns: false if the process would exceed its limit; then nothing is accounted for any more.
    mutating func buffer(_ count: Int) -> Bool {
        let more = count - (buffered?.count ?? 0)
        guard more > 0 else { return true }
        if buffered == nil {
            buffered = limits.bufferedBytes.tryAcquire(more)
        } else if buffered?.grow(by: more) != true {
            buffered = nil
        }
        return buffered != nil
    }

    /// Releases the buffered bytes.
    mutating func releaseBuffer() { buffered = nil }
}
