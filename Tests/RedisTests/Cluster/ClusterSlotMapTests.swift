import TestSupport
import Testing

@testable import Redis

@Suite struct ClusterSlotMapTests {
    private func node(_ port: Int) -> NodeAddress { NodeAddress(host: "10.0.0.1", port: port) }

    private func owner(_ map: ClusterSlotMap, _ slot: Int) -> Int? { map.owner(of: slot).map { map.nodes[$0].port } }

    @Test("a slot has the owner that was last announced or moved to, or none")
    func owners() throws {
        var map = ClusterSlotMap()
        #expect(owner(map, 0) == nil && owner(map, 16_383) == nil)
        try map.replace(with: [(0...99, node(1)), (100...16_383, node(2))])
        #expect(owner(map, 0) == 1 && owner(map, 99) == 1 && owner(map, 100) == 2 && owner(map, 16_383) == 2)
        let third = try map.move(99, to: node(3))
        #expect(third == 2)
        #expect(owner(map, 99) == 3 && owner(map, 98) == 1)
        let again = try map.add(node(3))
        #expect(again == 2)
        try map.replace(with: [(0...49, node(3)), (50...99, node(2)), (200...299, node(3))])
        #expect(map.nodes == [node(2), node(3)], "a node without slots is dropped")
        #expect(owner(map, 0) == 3 && owner(map, 50) == 2 && owner(map, 100) == nil && owner(map, 299) == 3)
    }

    @Test("64 primaries are accepted and no more; a map with more is rejected", .proves("T56"))
    func bound() throws {
        var map = ClusterSlotMap()
        try map.replace(with: (0..<64).map { ($0...$0, node($0 + 1)) })
        #expect(map.nodes.count == 64 && owner(map, 63) == 64)
        #expect(throws: ClusterSlotMap.TooManyNodes.self) { _ = try map.move(0, to: node(65)) }
        #expect(throws: ClusterSlotMap.TooManyNodes.self) {
            try map.replace(with: (0..<65).map { ($0...$0, node($0 + 100)) })
        }
        #expect(map.nodes.count == 64 && owner(map, 0) == 1)
    }
}
