import Synchronization

/// A counting semaphore: how much of one thing may be in use at once, exact over all event loops of the process.
///
/// Sequential consistency is required, since two semaphores are read together: a request that fails to acquire and then
/// enqueues must be visible to a release that then checks the queue.
package struct Semaphore: Sendable {
    private let units: UnitCount

    /// - Parameter onRelease: called after each release, on the thread that released.
    package init(maximum: Int, onRelease: @escaping @Sendable () -> Void = {}) {
        units = UnitCount(maximum: maximum, onRelease: onRelease)
    }

    /// Whether it has no units at all, in use or not.
    package var isDisabled: Bool { units.maximum == 0 }

    /// Whether all units are in use.
    package var isExhausted: Bool { inUse >= units.maximum }

    /// How many units are in use.
    package var inUse: Int { units.used.load(ordering: .sequentiallyConsistent) }

    /// Takes units, all or none of them.
    ///
    /// - Returns: a permit that releases them when it ends; nil if fewer are left.
    package func tryAcquire(_ count: Int = 1) -> Permit? {
        units.take(count) ? Permit(units, count) : nil
    }
}

/// The units of one semaphore that are in use, counted.
private final class UnitCount: Sendable {
    let maximum: Int
    let used = Atomic<Int>(0)
    private let onRelease: @Sendable () -> Void

    init(maximum: Int, onRelease: @escaping @Sendable () -> Void) {
        self.maximum = maximum
        self.onRelease = onRelease
    }

    func take(_ count: Int) -> Bool {
        var current = used.load(ordering: .sequentiallyConsistent)
        while current <= maximum - count {
            let (exchanged, original) = used.compareExchange(
                expected: current, desired: current + count, ordering: .sequentiallyConsistent)
            if exchanged { return true }
            current = original
        }
        return false
    }

    func release(_ count: Int) {
        used.subtract(count, ordering: .sequentiallyConsistent)
        onRelease()
    }
}

/// Units of a semaphore, in use for as long as this value lives. The value moves with the work and releases the units
/// where it ends, however the work ended. So no release can be forgotten or made twice.
package struct Permit: ~Copyable {
    private let units: UnitCount
    package private(set) var count: Int

    fileprivate init(_ units: UnitCount, _ count: Int) {
        self.units = units
        self.count = count
    }

    deinit { units.release(count) }

    /// Takes more units into this permit.
    ///
    /// - Returns: false if fewer are left; then the permit stays unchanged.
    package mutating func grow(by more: Int) -> Bool {
        guard units.take(more) else { return false }
        count += more
        return true
    }
}
