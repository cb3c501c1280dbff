/// What a timeline keeps for each stretch of time.
public protocol TimelineSlot: Sendable {
    /// An empty stretch.
    init()
    /// Joins the stretch after this one.
    mutating func add(_ other: Self)
}

extension Int: TimelineSlot {
    /// Adds a count.
    public mutating func add(_ other: Int) { self += other }
}

/// Time in slots of equal width, never more than a given number of them: for longer logs, slots grow wider.
///
/// Slots begin at whole multiples of their width since 1970, UTC.
public struct Timeline<Slot: TimelineSlot>: Sendable {
    /// Each width is a multiple of the one before, so that slots can be joined; past them, days are doubled.
    private static var widths: [Int] { [1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400] }

    private let maximumCount: Int
    /// How wide each slot is.
    public private(set) var slotSeconds: Int
    /// In order, empty ones between the first and the last too.
    public private(set) var slots: [Slot] = []
    // The first slot's number, counted in slots since 1970.
    private var first = 0

    /// - Parameters:
    ///   - slotSeconds: the narrowest width, one of the known ones.
    ///   - maximumCount: slots at most.
    public init(slotSeconds: Int = 1, maximumCount: Int) {
        self.slotSeconds = slotSeconds
        self.maximumCount = max(maximumCount, 2)
    }

    /// The slots with the second at which each begins, in order, empty ones between the first and the last too.
    public var entries: [(start: Int, slot: Slot)] {
        slots.enumerated().map { ((first + $0.offset) * slotSeconds, $0.element) }
    }

    /// Changes the slot of a second.
    @inline(__always)
    public mutating func update(at second: Int, _ change: (inout Slot) -> Void) {
        let position = number(of: second) - first
        if slots.indices.contains(position) {
            change(&slots[position])
        } else {
            change(&slots[makeRoom(for: second)])
        }
    }

    /// Adds another timeline's slots, at the wider one's width.
    public mutating func add(_ other: Self) {
        while slotSeconds < other.slotSeconds { widen() }
        for (start, slot) in other.entries {
            update(at: start) { $0.add(slot) }
        }
    }

    /// The same timeline with less in each slot.
    public func map<Other>(_ transform: (Slot) -> Other) -> Timeline<Other> {
        var result = Timeline<Other>(slotSeconds: slotSeconds, maximumCount: maximumCount)
        for (start, slot) in entries {
            result.update(at: start) { $0 = transform(slot) }
        }
        return result
    }

    /// Widens the slots as far as another timeline's are, so that both can be compared.
    public func widened(to seconds: Int) -> Self {
        var result = self
        while result.slotSeconds < seconds { result.widen() }
        return result
    }

    private func number(of second: Int) -> Int {
        // Towards the past, also before 1970.
        second >= 0 ? second / slotSeconds : -((-second + slotSeconds - 1) / slotSeconds)
    }

    /// - Returns: the position of the second's slot.
    private mutating func makeRoom(for second: Int) -> Int {
        if slots.isEmpty { first = number(of: second) }
        while max(number(of: second), first + slots.count - 1) - min(number(of: second), first) >= maximumCount {
            widen()
        }
        let number = number(of: second)
        if number < first {
            slots.insert(contentsOf: repeatElement(Slot(), count: first - number), at: 0)
            first = number
        }
        if number >= first + slots.count {
            slots.append(contentsOf: repeatElement(Slot(), count: number - first - slots.count + 1))
        }
        return number - first
    }

    private mutating func widen() {
        let old = entries
        slotSeconds = Self.widths.first { $0 > slotSeconds } ?? slotSeconds * 2
        slots.removeAll(keepingCapacity: true)
        guard let start = old.first?.start, let end = old.last?.start else { return }
        first = number(of: start)
        slots.append(contentsOf: repeatElement(Slot(), count: number(of: end) - first + 1))
        for (start, slot) in old { slots[number(of: start) - first].add(slot) }
    }
}
