package import Cluster
import LatencyAnalyzer

/// What pods reserved and used while tests ran.
public struct ResourceUse: Sendable {
    /// The file.
    public let source: String
    package let start: Instant
    /// Whether the start was taken from the file's last change.
    package let isTimeOfFile: Bool
    /// The samples as taken; if there are very many, only the first ones.
    package private(set) var samples: [ResourceMonitor.Sample] = []
    private static let maximumSampleCount = 200_000
    /// Whether it is known when it was made.
    let hasTime: Bool
    private(set) var totals = ResourceMonitor.Totals()
    private(set) var slots = Timeline<Slot>(maximumCount: LoadSlot.maximumCount)
    private(set) var end: Instant
    private var last: ResourceMonitor.Sample?

    /// One stretch of time; a sample holds until the next.
    struct Slot: TimelineSlot {
        var seconds = 0.0
        var replicaSeconds = 0.0
        var most = 0
        var least = Int.max
        var reservedCoreSeconds = 0.0
        var usedCoreSeconds = 0.0
        var knownUseSeconds = 0.0

        mutating func add(_ other: Self) {
            seconds += other.seconds
            replicaSeconds += other.replicaSeconds
            most = max(most, other.most)
            least = min(least, other.least)
            reservedCoreSeconds += other.reservedCoreSeconds
            usedCoreSeconds += other.usedCoreSeconds
            knownUseSeconds += other.knownUseSeconds
        }
    }

    init(source: String, start: Instant, isTimeOfFile: Bool, hasTime: Bool = true) {
        (self.source, self.start, self.isTimeOfFile, self.hasTime) = (source, start, isTimeOfFile, hasTime)
        end = start
    }

    /// Nil if it is unknown when the recording was made.
    var times: ClosedRange<Instant>? { hasTime ? span : nil }

    private var span: ClosedRange<Instant> { min(start, end)...max(start, end) }

    /// All of it.
    var whole: Slot? { sum(of: span) }

    /// Adds a sample, later than the one before.
    mutating func add(_ sample: ResourceMonitor.Sample) {
        totals.add(sample)
        if samples.count < Self.maximumSampleCount { samples.append(sample) }
        if let last { hold(last, until: sample.seconds) }
        last = sample
        end = start.advanced(by: sample.seconds)
    }

    private mutating func hold(_ sample: ResourceMonitor.Sample, until end: Double) {
        let (from, to) = (start.advanced(by: sample.seconds), start.advanced(by: end))
        // A monitor that was suspended for long must not fill a million slots.
        let parts = min(max(to.second - from.second, 1), LoadSlot.maximumCount)
        let seconds = (to.seconds - from.seconds) / Double(parts)
        var slot = Slot(seconds: seconds, replicaSeconds: seconds * Double(sample.replicas), most: sample.replicas)
        slot.least = sample.replicas
        slot.reservedCoreSeconds = seconds * sample.reservedCores
        slot.usedCoreSeconds = seconds * (sample.usedCores ?? 0)
        slot.knownUseSeconds = sample.usedCores == nil ? 0 : seconds
        for part in 0..<parts {
            slots.update(at: from.advanced(by: seconds * Double(part)).second) { $0.add(slot) }
        }
    }

    /// The use in a stretch of time, slots at its ends in proportion; nil if the monitor did not cover any of it.
    func during(_ times: ClosedRange<Instant>) -> Slot? { hasTime ? sum(of: times) : nil }

    private func sum(of times: ClosedRange<Instant>) -> Slot? {
        var sum = Slot()
        for (begin, slot) in slots.entries where slot.seconds > 0 {
            let (begin, width) = (Double(begin), Double(slots.slotSeconds))
            let overlap = min(times.upperBound.seconds, begin + width) - max(times.lowerBound.seconds, begin)
            guard overlap > 0 else { continue }
            sum.add(slot.part(min(overlap / width, 1)))
        }
        return sum.seconds > 0 ? sum : nil
    }
}

extension ResourceUse.Slot {
    fileprivate func part(_ share: Double) -> Self {
        var part = self
        part.seconds *= share
        part.replicaSeconds *= share
        part.reservedCoreSeconds *= share
        part.usedCoreSeconds *= share
        part.knownUseSeconds *= share
        return part
    }
}
