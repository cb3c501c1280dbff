import Testing

@testable import Server

/// What a connection has taken is given back, once.
@Suite struct ReplicaShareTests {
    private let replica = Replica(inFlight: 1, queued: 1, cores: 1, connections: 2, bufferedBytes: 100)

    @Test("a connection's place is given back when it ends; one that got none gives none back")
    func places() {
        var shares = (0..<35).map { _ in ReplicaShare(of: replica) }
        for index in shares.indices { shares[index].takePlace() }
        let probes = [ReplicaShare.Place](repeating: .probe, count: 32)
        #expect(shares.map(\.place) == [.calls, .calls] + probes + [.none])
        #expect(replica.connections.inUse == 2 && replica.probeConnections.inUse == 32)
        shares[34].end()
        shares[2].leavePlace()
        shares[2].end()
        #expect(replica.connections.inUse == 2 && replica.probeConnections.inUse == 31)
        shares[0].end()
        shares[0].end()
        #expect(shares[0].place == .none && replica.connections.inUse == 1)
        shares[34].takePlace()
        #expect(shares[34].place == .calls && replica.connections.inUse == 2)
    }

    @Test("bytes are counted once as they grow, and all of them come back")
    func bytes() {
        var share = ReplicaShare(of: replica)
        for count in [10, 10, 60, 30, 100] {
            let isKept = share.keep(count)
            #expect(isKept)
        }
        #expect(replica.bufferedBytes.inUse == 100)
        share.release()
        share.release()
        #expect(replica.bufferedBytes.inUse == 0)
        let isKept = share.keep(5)
        #expect(isKept)
        share.end()
        #expect(replica.bufferedBytes.inUse == 0)
    }

    @Test("whoever keeps too many bytes keeps none, and nobody else loses any")
    func tooManyBytes() {
        var first = ReplicaShare(of: replica)
        var second = ReplicaShare(of: replica)
        let kept = [first.keep(60), second.keep(40), second.keep(41)]
        #expect(kept == [true, true, false])
        #expect(replica.bufferedBytes.inUse == 60)
        let keptThen = [first.keep(100), second.keep(1)]
        #expect(keptThen == [true, false])
        first.end()
        second.end()
        #expect(replica.bufferedBytes.inUse == 0)
    }
}
