import LatencyAnalyzer

/// Single requests added up: over time, and as a whole.
struct RequestSums {
    /// Sums over time hold a histogram each.
    struct Slot: TimelineSlot {
        var calls = 0
        var failures = 0
        var users = 0
        var milliseconds = 0.0
        var latencies = LatencyHistogram.coarse()

        mutating func add(_ other: Self) {
            calls += other.calls
            failures += other.failures
            users = max(users, other.users)
            milliseconds += other.milliseconds
            latencies.add(other.latencies)
        }
    }

    private(set) var slots = Timeline<Slot>(maximumCount: LoadSlot.maximumCount)
    private(set) var times: ClosedRange<Instant>?
    private(set) var latencies = LatencyHistogram()
    private(set) var (calls, failures) = (0, 0)
    private var sumOfMilliseconds = 0.0

    /// Adds a request.
    ///
    /// - Parameter milliseconds: of a response that was a success; nil if there is no latency to count.
    mutating func add(at time: Instant, isSuccess: Bool, milliseconds: Double?) {
        addCall(at: time, isSuccess: isSuccess)
        if let milliseconds { addLatency(milliseconds, at: time) }
    }

    /// Adds a request whose latency comes separately.
    mutating func addCall(at time: Instant, isSuccess: Bool) {
        calls += 1
        failures += isSuccess ? 0 : 1
        slots.update(at: time.second) { slot in
            slot.calls += 1
            slot.failures += isSuccess ? 0 : 1
        }
        times.cover(time...time)
    }

    /// Adds the latency of a request that was a success.
    mutating func addLatency(_ milliseconds: Double, at time: Instant) {
        slots.update(at: time.second) { slot in
            slot.milliseconds += milliseconds
            slot.latencies.record(milliseconds: milliseconds)
        }
        latencies.record(milliseconds: milliseconds)
        sumOfMilliseconds += milliseconds
    }

    /// Notes how many users there were.
    mutating func set(users: Int, at time: Instant) {
        slots.update(at: time.second) { $0.users = max($0.users, users) }
    }

    /// The run that they add up to.
    func run(named name: String, tool: String, of file: InputFile, _ kind: RequestTally.Kind) throws -> LoadRun {
        guard let times else { throw UnreadableFile("no rows") }
        var run = LoadRun(name: name, tool: tool)
        run.sources = [file.relativePath]
        run.times = times
        (run.calls, run.failures) = (calls, failures)
        run.set(RequestTally(kind: kind, requests: calls, failures: failures))
        let seconds = times.upperBound.seconds - times.lowerBound.seconds
        if seconds > 0 { run.achievedRate = Double(calls - failures) / seconds }
        run.percentiles = Percentiles(latencies)
        if latencies.count > 0 { run.meanMilliseconds = sumOfMilliseconds / Double(latencies.count) }
        let series = slots.map { slot in
            LoadSlot(
                calls: slot.calls, failures: slot.failures, users: slot.users,
                milliseconds: slot.latencies.values(atPercentiles: LoadSlot.percentiles))
        }
        run.set(series, of: .records)
        run.intervals = intervals
        run.parts = parts
        return run
    }

    /// Empty slots count, too: nothing was answered in them. The first and the last are cut off within a slot.
    private var parts: [RunPart] {
        slots.entries.dropFirst().dropLast().map { _, slot in
            RunPart(
                seconds: Double(slots.slotSeconds), answered: slot.latencies.count, failed: slot.failures,
                latencies: LatencyCounts(slot.latencies),
                meanMilliseconds: slot.latencies.count > 0 ? slot.milliseconds / Double(slot.latencies.count) : nil)
        }
    }

    /// Stretches of at least ten seconds.
    private var intervals: [LoadInterval] {
        let wide = slots.widened(to: 10)
        return wide.entries.filter { $0.slot.calls > 0 }.map { start, slot in
            LoadInterval(
                start: Double(start), seconds: Double(wide.slotSeconds), requests: slot.calls, failures: slot.failures,
                meanMilliseconds: slot.latencies.count > 0 ? slot.milliseconds / Double(slot.latencies.count) : nil)
        }
    }
}

extension Percentiles {
    fileprivate init?(_ latencies: LatencyHistogram) {
        guard latencies.count > 0 else { return nil }
        self.init(
            count: latencies.count, values: latencies.values(atPercentiles: LatencyHistogram.percentiles),
            longest: latencies.milliseconds(atPercentile: 100))
    }
}

extension LatencyHistogram {
    /// Times in ms at percentiles; none without calls.
    fileprivate func values(atPercentiles percentiles: [Double]) -> [Double: Double] {
        let values = percentiles.compactMap { one in milliseconds(atPercentile: one).map { (one, $0) } }
        return Dictionary(uniqueKeysWithValues: values)
    }
}
