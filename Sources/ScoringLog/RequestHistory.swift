/// The hashes of up to 262 144 requests in order, and where each id is among them.
struct RequestHistory: Sendable {
    private static let maximumCount = 1 << 18
    private static let sequenceMask: UInt64 = 1 << 19 - 1

    private var first = 0
    private var hashes: [UInt64] = []
    // Open addressing: the place in the lower 19 bits, counted from 1, and the id's hash above; 0 is empty.
    private var table: [UInt64] = []

    var end: Int { first + hashes.count }
    var isFull: Bool { hashes.count == Self.maximumCount }

    /// Forgets all.
    mutating func restart(first: Int) {
        self.first = first
        hashes.removeAll(keepingCapacity: true)
        for index in table.indices { table[index] = 0 }
    }

    func hash(at sequence: Int) -> UInt64? {
        hashes.indices.contains(sequence - first) ? hashes[sequence - first] : nil
    }

    @inline(__always)
    func sequence(of id: UInt64) -> Int? {
        guard !table.isEmpty else { return nil }
        let entry = table[index(of: id)]
        return entry == 0 ? nil : first + Int(entry & Self.sequenceMask) - 1
    }

    /// Puts a hash in the place of the last one; false if there is none.
    @discardableResult
    mutating func replaceLast(_ hash: UInt64) -> Bool {
        guard let last = hashes.indices.last else { return false }
        hashes[last] = hash
        return true
    }

    /// Has the processor fetch the place of an id; the result means nothing.
    @inline(__always)
    func touch(_ id: UInt64) -> UInt64 {
        table.isEmpty ? 0 : table[Int(truncatingIfNeeded: id &>> 20) & (table.count - 1)]
    }

    @inline(__always)
    mutating func append(_ hash: UInt64) { hashes.append(hash) }

    /// The place of an id; where it has none, it gets that of the hash which is appended next.
    @inline(__always)
    mutating func place(_ id: UInt64) -> Int? {
        if 2 * (hashes.count + 1) > table.count { grow() }
        let index = index(of: id)
        guard table[index] == 0 else { return first + Int(table[index] & Self.sequenceMask) - 1 }
        table[index] = id & ~Self.sequenceMask | UInt64(hashes.count + 1)
        return nil
    }

    /// Where an id is in the table, or has room.
    @inline(__always)
    private func index(of id: UInt64) -> Int {
        let mask = table.count - 1
        // An entry's place comes from its upper bits, which it still has.
        var index = Int(truncatingIfNeeded: id &>> 20) & mask
        while table[index] != 0, (table[index] ^ id) & ~Self.sequenceMask != 0 { index = (index + 1) & mask }
        return index
    }

    private mutating func grow() {
        let entries = table
        table = [UInt64](repeating: 0, count: max(4 * table.count, 128))
        for entry in entries where entry != 0 { table[index(of: entry)] = entry }
    }
}
