import Synchronization

/// How much of one thing may be in use at once: exact, over all event loops of the replica.
///
/// Sequentially consistent, since two limits are read together: who finds no place in flight and then stands in line must
/// be seen by who gives a place back and then looks whether anybody waits.
final class SlotLimit: Sendable {
    private let maximum: Int
    private let used = Atomic<Int>(0)

    init(maximum: Int) { self.maximum = maximum }

    /// Whether there are no slots at all, taken or not.
    var isNone: Bool { maximum == 0 }

    /// Whether all slots are taken.
    var isFull: Bool { inUse >= maximum }

    /// How many slots are taken.
    var inUse: Int { used.load(ordering: .sequentiallyConsistent) }

    /// Takes slots, if there are so many; whoever took them gives them back with `leave`.
    func enter(_ count: Int = 1) -> Bool {
        var current = used.load(ordering: .sequentiallyConsistent)
        while current <= maximum - count {
            let (exchanged, original) = used.compareExchange(
                expected: current, desired: current + count, ordering: .sequentiallyConsistent)
            if exchanged { return true }
            current = original
        }
        return false
    }

    /// Gives slots back.
    func leave(_ count: Int = 1) { used.subtract(count, ordering: .sequentiallyConsistent) }
}
