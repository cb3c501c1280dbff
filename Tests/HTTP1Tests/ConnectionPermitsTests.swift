import Testing

@testable import HTTP1

/// What a connection holds of the process's limits is released exactly once.
@Suite struct ConnectionPermitsTests {
    private let bufferedBytes = Semaphore(maximum: 100)
    private let limits: ConnectionLimits

    init() { limits = ConnectionLimits(connections: 2, bufferedBytes: bufferedBytes) }

    /// A connection, reduced to its permits.
    private final class Connection {
        var permits: ConnectionPermits

        init(_ limits: ConnectionLimits) { permits = ConnectionPermits(of: limits) }

        func acquire() { permits.acquire() }
        func releaseConnection() { permits.releaseConnection() }
        func buffer(_ count: Int) -> Bool { permits.buffer(count) }
        func releaseBuffer() { permits.releaseBuffer() }
        var use: ConnectionPermits.Use { permits.use }
    }

    @Test("a connection's permit is released when it ends; a connection without one releases none")
    func places() {
        var connections = (0..<35).map { _ in Connection(limits) }
        for connection in connections { connection.acquire() }
        let probes = [ConnectionPermits.Use](repeating: .probe, count: 32)
        #expect(connections.map(\.use) == [.requests, .requests] + probes + [.nothing])
        #expect(limits.connections.inUse == 2 && limits.probes.inUse == 32)
        connections.remove(at: 34).releaseConnection()
        connections[2].releaseConnection()
        connections[2].releaseConnection()
        #expect(limits.connections.inUse == 2 && limits.probes.inUse == 31)
        connections[0].releaseConnection()
        connections[0].releaseConnection()
        #expect(connections[0].use == .nothing && limits.connections.inUse == 1)
        let late = Connection(limits)
        late.acquire()
        #expect(late.use == .requests && limits.connections.inUse == 2)
        connections.removeAll()
        #expect(limits.connections.inUse == 1 && limits.probes.inUse == 0, "the end releases all")
    }

    @Test("bytes are counted once as they grow, and all of them are released")
    func bytes() {
        var connection: Connection? = Connection(limits)
        for count in [10, 10, 60, 30, 100] { #expect(connection?.buffer(count) == true) }
        #expect(bufferedBytes.inUse == 100)
        connection?.releaseBuffer()
        connection?.releaseBuffer()
        #expect(bufferedBytes.inUse == 0)
        #expect(connection?.buffer(5) == true && bufferedBytes.inUse == 5)
        connection = nil
        #expect(bufferedBytes.inUse == 0)
    }

    @Test("a connection that keeps too many bytes ends up with none, and no other connection loses any")
    func tooManyBytes() {
        let first = Connection(limits)
        let second = Connection(limits)
        #expect([first.buffer(60), second.buffer(40), second.buffer(41)] == [true, true, false])
        #expect(bufferedBytes.inUse == 60)
        #expect([first.buffer(100), second.buffer(1)] == [true, false])
        first.releaseBuffer()
        second.releaseBuffer()
        #expect(bufferedBytes.inUse == 0)
    }
}
