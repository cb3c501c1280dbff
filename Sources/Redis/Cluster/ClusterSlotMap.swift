/// Which node owns each slot, as far as it is known.
struct ClusterSlotMap {
    static let maximumNodes = 64
    private static let unassigned = UInt8.max

    /// The primaries; a slot's owner is a position in this list.
    private(set) var nodes: [NodeAddress] = []
    private var owners = [UInt8](repeating: unassigned, count: KeySlot.count)

    /// A cluster of more than 64 primaries.
    struct TooManyNodes: Error, CustomStringConvertible {
        let description = "the cluster has more than \(maximumNodes) primaries"
    }

    /// The position of a slot's owner in `nodes`; nil while the owner is not known.
    func owner(of slot: Int) -> Int? {
        let owner = owners[slot]
        return owner == Self.unassigned ? nil : Int(owner)
    }

    /// Rebuilds the map. Nodes that own no slot any more are dropped; the others keep their order.
    mutating func replace(with ranges: [(slots: ClosedRange<Int>, node: NodeAddress)]) throws(TooManyNodes) {
        var map = ClusterSlotMap()
        let announced = Set(ranges.map(\.node))
        map.nodes = nodes.filter(announced.contains)
        for range in ranges {
            let owner = try map.add(range.node)
            for slot in range.slots { map.owners[slot] = UInt8(owner) }
        }
        self = map
    }

    /// One slot has a new owner. Returns the owner's position in `nodes`.
    mutating func move(_ slot: Int, to node: NodeAddress) throws(TooManyNodes) -> Int {
        let owner = try add(node)
        owners[slot] = UInt8(owner)
        return owner
    }

    /// Adds a node, perhaps one without slots. Returns its position in `nodes`.
    mutating func add(_ node: NodeAddress) throws(TooManyNodes) -> Int {
        if let position = nodes.firstIndex(of: node) { return position }
        guard nodes.count < Self.maximumNodes else { throw TooManyNodes() }
        nodes.append(node)
        return nodes.count - 1
    }
}
