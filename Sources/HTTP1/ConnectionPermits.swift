/// What one connection has taken of the replica's limits, given back when it ends.
struct ReplicaShare {
    private let replica: Replica
    private(set) var place = Place.none
    private var bytes = 0

    /// What there is a place for.
    enum Place {
        case none
        /// One probe, and not for long.
        case probe
        /// Any calls.
        case calls
    }

    init(of replica: Replica) { self.replica = replica }

    /// Takes a connection's place, or else a probe's, if there is one.
    mutating func takePlace() {
        place = replica.connections.enter() ? .calls : replica.probeConnections.enter() ? .probe : .none
    }

    /// Gives the place back.
    mutating func leavePlace() {
        switch place {
        case .none: break
        case .probe: replica.probeConnections.leave()
        case .calls: replica.connections.leave()
        }
        place = .none
    }

    /// Counts that this many bytes are kept of a request that is not complete.
    ///
    /// - Returns: false if they are too many for the replica; then none are counted any more.
    mutating func keep(_ count: Int) -> Bool {
        let more = count - bytes
        guard more > 0, !replica.bufferedBytes.enter(more) else {
            bytes = max(bytes, count)
            return true
        }
        release()
        return false
    }

    /// Counts no bytes any more.
    mutating func release() {
        guard bytes > 0 else { return }
        replica.bufferedBytes.leave(bytes)
        bytes = 0
    }

    /// Gives everything back.
    mutating func end() {
        release()
        leavePlace()
    }
}
