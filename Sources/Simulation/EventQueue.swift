/// What happens at an event's time; the index names a pod, a node, a client or a request.
enum EventKind: UInt8 {
    case sync, second, demand, phase, arrival, client, processor, waited, deadline, kubelet, scrape
    case started, probe, probeTimeout, endpoints, gone
}

/// An event in virtual time: 24 bytes, no reference.
struct Event {
    var time: Double
    /// The order of scheduling above the kind's eight bits: events of one time happen in the order of scheduling.
    fileprivate var key: UInt64
    var index: Int32
    /// Must equal the subject's number when the event happens; otherwise the event was replaced.
    var generation: UInt32

    var kind: EventKind { EventKind(rawValue: UInt8(truncatingIfNeeded: key)) ?? .second }

    fileprivate func isBefore(_ other: Event) -> Bool {
        time < other.time || (time == other.time && key < other.key)
    }
}

/// A binary heap of events, the earliest first.
struct EventQueue {
    private var events: [Event] = []
    private var count: UInt64 = 0

    mutating func schedule(_ kind: EventKind, at time: Double, index: Int = 0, generation: UInt32 = 0) {
        count += 1
        let event = Event(
            time: time, key: count << 8 | UInt64(kind.rawValue), index: Int32(truncatingIfNeeded: index),
            generation: generation)
        events.append(event)
        var hole = events.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            if !event.isBefore(events[parent]) { break }
            events[hole] = events[parent]
            hole = parent
        }
        events[hole] = event
    }

    mutating func next() -> Event? {
        guard let first = events.first, let last = events.popLast() else { return nil }
        let end = events.count
        if end == 0 { return first }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= end { break }
            if child + 1 < end, events[child + 1].isBefore(events[child]) { child += 1 }
            if !events[child].isBefore(last) { break }
            events[hole] = events[child]
            hole = child
        }
        events[hole] = last
        return first
    }
}
