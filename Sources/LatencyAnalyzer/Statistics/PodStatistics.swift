import Files
import Histogram
public import ScoringLog

/// The statistics of one pod's log, in memory that does not grow with the log.
public struct PodStatistics: Sendable {
    /// The log.
    public let file: LogFile
    /// The counts of the log's content, broken lines included.
    public internal(set) var counts = ScoringLogCounts()
    /// Scoring times of the calls that have one.
    public internal(set) var latencies = LatencyHistogram()
    /// UTC seconds of the first and the last scored call; nil without one.
    public internal(set) var times: ClosedRange<Int>?
    /// The scoring times' sum, added up in the log's order as the original scripts do.
    public internal(set) var totalMilliseconds = 0.0
    /// The longest scoring time, exactly; nil without one.
    public internal(set) var slowest: Double?
    /// The shortest scoring time, exactly; nil without one.
    public internal(set) var fastest: Double?
    /// Whether part of the log is not text, such as UTF-16 that was appended to UTF-8.
    public internal(set) var holdsZeroBytes = false

    /// Lines for people on how the log was read.
    public private(set) var notes: [String] = []
    /// What is known to be missing, one sentence each.
    public private(set) var gaps: [String] = []
    /// The parts of the log that were not read, one sentence each.
    private(set) var unread: [String] = []
    /// The messages of tools in the log, which stand for missing lines, one sentence each.
    private(set) var toolMessages: [String] = []
    /// Lines that show that requests are missing, one sentence each.
    private(set) var losses: [String] = []
    /// Why the right number of requests does not prove that all are there, one sentence each.
    private(set) var countDoubts: [String] = []

    private(set) var slots = Timeline<Slot>(maximumCount: maximumSlotCount)
    // A week of minutes; a longer log has no busiest minute.
    private var minutes = Timeline<Int>(slotSeconds: 60, maximumCount: 10_080)
    private var countsOfStatuses = [Int](repeating: 0, count: 1000)
    private static let maximumSlotCount = 240

    /// What happened in one stretch of time.
    struct Slot: TimelineSlot {
        var calls = 0
        var latencies = LatencyHistogram.coarse()

        mutating func add(_ other: Self) {
            calls += other.calls
            latencies.add(other.latencies)
        }
    }

    /// The requests of the log's file, with the first of its pods until the analysis has compared the files.
    var sketch: RequestSketch?

    init(_ file: LogFile) { self.file = file }

    /// Reads a log and adds its calls up, pod by pod.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - sketchCapacity: how many requests to keep, for the comparison with other files.
    ///   - onCall: called with each call, too, and the number of its pod.
    /// - Returns: the pods that have requests, or are like those that have, with their numbers; at least one.
    /// - Throws: `OperatorError` if the log cannot be read, and what `onCall` throws.
    public static func read(
        _ file: LogFile, onlyPath path: ModelKind?, sketchCapacity: Int = 0,
        onCall: ((Int, LoggedRequest) throws -> Void)? = nil
    ) throws -> [(number: Int, statistics: PodStatistics)] {
        var pods: [PodStatistics] = []
        var sketch = RequestSketch(of: file.name, capacity: sketchCapacity)
        let reading = try file.read(onlyPath: path) { number, call in
            while pods.count <= number { pods.append(PodStatistics(file)) }
            pods[number].add(call)
            sketch.add(call)
            try onCall?(number, call)
        }
        let list = reading.pods.enumerated().map { index, pod in
            var statistics = PodStatistics(file.of(pod: pod.name))
            if pods.indices.contains(pod.number) { statistics.add(pods[pod.number]) }
            statistics.counts = pod.counts
            let found = PodGaps(pod, in: statistics.file)
            (statistics.gaps, statistics.losses, statistics.countDoubts) = (found.gaps, found.losses, found.countDoubts)
            if index == 0 {
                statistics.holdsZeroBytes = reading.holdsZeroBytes
                statistics.notes = reading.notes
                statistics.unread = reading.unread
                statistics.toolMessages = reading.toolMessages
                statistics.sketch = sketch
            }
            return (pod.number, statistics)
        }
        return list
    }

    /// Reads the log of one pod.
    ///
    /// - Throws: `OperatorError` if the log cannot be read.
    public init(reading file: LogFile, onlyPath path: ModelKind?) throws {
        self = try Self.read(file, onlyPath: path).first?.statistics ?? PodStatistics(file)
    }

    /// A line for people.
    public var summary: String {
        (notes + ["\(file.name): \(counts.requests) requests"]).joined(separator: "\n")
    }

    /// Scored calls.
    public var scoredCalls: Int { latencies.count }

    /// The scoring times' mean; nil without calls.
    public var averageMilliseconds: Double? {
        scoredCalls == 0 ? nil : totalMilliseconds / Double(scoredCalls)
    }

    /// From the first scored call to the last; the log has only whole seconds.
    public var minutesElapsed: Double? {
        times.map { Double($0.upperBound - $0.lowerBound) / 60 }
    }

    /// Scored calls a second; nil if all fell in one second, since the log has only whole seconds.
    public var callsPerSecond: Double? {
        guard let minutesElapsed, minutesElapsed > 0 else { return nil }
        return Double(scoredCalls) / (minutesElapsed * 60)
    }

    /// The minute with most calls, and how many; nil without calls, or if the log spans more than a week.
    public var busiestMinute: (start: Int, calls: Int)? {
        guard minutes.slotSeconds == 60 else { return nil }
        return minutes.entries.max { ($0.slot, $1.start) < ($1.slot, $0.start) }.map { ($0.start, $0.slot) }
    }

    /// Calls by status, refused ones too.
    public var statuses: [Int: Int] {
        var statuses: [Int: Int] = [:]
        for (status, count) in countsOfStatuses.enumerated() where count > 0 { statuses[status] = count }
        return statuses
    }

    private mutating func add(_ call: LoggedRequest) {
        let second = call.secondsSince1970
        if countsOfStatuses.indices.contains(call.status) { countsOfStatuses[call.status] += 1 }
        minutes.update(at: second) { $0 += 1 }
        slots.update(at: second) { slot in
            slot.calls += 1
            if let milliseconds = call.scoringMilliseconds { slot.latencies.record(milliseconds: milliseconds) }
        }
        guard let milliseconds = call.scoringMilliseconds else { return }
        latencies.record(milliseconds: milliseconds)
        totalMilliseconds += milliseconds
        slowest = max(slowest ?? milliseconds, milliseconds)
        fastest = min(fastest ?? milliseconds, milliseconds)
        if let times {
            self.times = min(times.lowerBound, second)...max(times.upperBound, second)
        } else {
            times = second...second
        }
    }

    /// Adds another log's calls, for the sum over all pods.
    mutating func add(_ other: Self) {
        counts.add(other.counts)
        latencies.add(other.latencies)
        totalMilliseconds += other.totalMilliseconds
        slowest = [slowest, other.slowest].compactMap(\.self).max()
        fastest = [fastest, other.fastest].compactMap(\.self).min()
        slots.add(other.slots)
        minutes.add(other.minutes)
        for (status, count) in other.statuses { countsOfStatuses[status] += count }
        if let range = other.times {
            times = times.map { min($0.lowerBound, range.lowerBound)...max($0.upperBound, range.upperBound) } ?? range
        }
    }
}
