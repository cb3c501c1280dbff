import ScoringLog

/// The requests with ids of the server's own form in a file, so that those that another file has, too, are found.
///
/// It keeps the hashes of all of them or, of more than it has room for, those below a limit.
struct RequestSketch: Sendable {
    private static let totalCapacity = 1 << 20
    private static let minimumCapacity = 1 << 10
    /// Fewer may be those of a caller that sends an id of this form again.
    private static let leastShared = 3

    private let name: String
    private let capacity: Int
    private var limit = UInt64.max
    private var hashes: [UInt64] = []

    /// How many hashes a sketch may keep, so that those of all files together are bounded; a file alone needs none.
    static func capacity(ofFiles count: Int) -> Int {
        count < 2 ? 0 : max(totalCapacity / count, minimumCapacity)
    }

    /// - Parameter name: the file's, for people.
    init(of name: String, capacity: Int) { (self.name, self.capacity) = (name, capacity) }

    @inline(__always)
    mutating func add(_ request: LoggedRequest) {
        guard capacity > 0, let hash = request.serverFingerprint, hash <= limit else { return }
        hashes.append(hash)
        if hashes.count == capacity { makeRoom() }
    }

    private mutating func makeRoom() {
        while hashes.count > capacity / 2, limit > 0 {
            limit /= 2
            hashes.removeAll { $0 > limit }
        }
        // All are of one request.
        if hashes.count == capacity { hashes.removeAll() }
    }

    /// What files share, one sentence for each that has requests of the ones before it.
    static func sentences(_ sketches: [RequestSketch]) -> [String] {
        guard sketches.count > 1 else { return [] }
        var owners = OwnerTable(capacity: sketches.reduce(0) { $0 + $1.hashes.count })
        return sketches.indices.compactMap { index in
            var shared: [Int: Int] = [:]
            for hash in sketches[index].hashes {
                let owner = owners.owner(of: hash, orNew: index)
                if owner != index { shared[owner, default: 0] += 1 }
            }
            let count = shared.values.reduce(0, +)
            guard count >= leastShared,
                let most = shared.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) })?.key
            else { return nil }
            let compared = [sketches[index]] + shared.keys.map { sketches[$0] }
            let least = compared.contains { $0.limit < .max } ? "at least " : ""
            let others = shared.count > 1 ? " and \(shared.count - 1) more" : ""
            return "\(least)\(count) requests of \(sketches[index].name) are in \(sketches[most].name)\(others), too, "
                + "byte for byte, and count twice: name only one of the files, or cut what they share"
        }
    }
}

/// Which file was the first with a request, by the request's hash.
private struct OwnerTable {
    // Open addressing; the owners count from 1, and 0 is an empty place.
    private var hashes: [UInt64]
    private var owners: [Int32]

    init(capacity: Int) {
        var count = 16
        while count < 2 * capacity { count *= 2 }
        hashes = [UInt64](repeating: 0, count: count)
        owners = [Int32](repeating: 0, count: count)
    }

    /// The owner of a hash; where it has none, the new one gets it.
    mutating func owner(of hash: UInt64, orNew new: Int) -> Int {
        let mask = hashes.count - 1
        // The upper bits are alike where the hashes are below a limit.
        var place = Int(truncatingIfNeeded: hash) & mask
        while owners[place] != 0 {
            if hashes[place] == hash { return Int(owners[place]) - 1 }
            place = (place + 1) & mask
        }
        (hashes[place], owners[place]) = (hash, Int32(new + 1))
        return new
    }
}
