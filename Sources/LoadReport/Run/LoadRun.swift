import LatencyAnalyzer

/// One run of a load tool: the content of its files, and the proof, if one was written.
public struct LoadRun: Sendable {
    /// The common part of its files' names, and the tool if several tools' files have that name.
    public internal(set) var name: String
    /// `k6`, `locust`, `siege`, `jmeter`, `throughput tool`.
    public internal(set) var tool: String
    /// The files, relative to the folder of the report.
    public internal(set) var sources: [String] = []
    /// First and last moment; nil if unknown.
    public internal(set) var times: ClosedRange<Instant>?
    /// Whether the time was taken from a file's last change, since its content has no date.
    package internal(set) var isTimeOfFile = false
    package internal(set) var calls: Int?
    var failures: Int?
    /// Calls a second over the whole run.
    var achievedRate: Double?
    /// Over the whole run, for tools that do not report phases.
    var percentiles: Percentiles?
    package internal(set) var meanMilliseconds: Double?
    /// The stretches for which a tool reports a mean, at the tool's resolution.
    package internal(set) var intervals: [LoadInterval] = []
    /// What was measured in each stretch of time, as finely as a comparison needs it; empty if unknown.
    var parts: [RunPart] = []
    private(set) var series: Timeline<LoadSlot>?
    private var seriesDetail = Detail.summary
    var detail = Detail.summary
    /// What failed, and how often, if known.
    var errors: [(text: String, count: Int)] = []
    /// What each of its files counts.
    var tallies: [RequestTally] = []
    /// What is missing from its files, or does not fit, one line each.
    var gaps: [String] = []
    /// Conditions of a k6 script.
    var checks: [LoadCheck] = []
    var thresholds: [LoadThreshold] = []
    /// For a saturation search: the result of each number of users.
    var steps: [LoadStep] = []
    /// The system under test, if known.
    var system: CalledSystem?
    /// What `loadtest/` has written.
    public internal(set) var proof: RunProof?

    /// What a file's counts were computed from; if a run has several files, a tool's own statistics are the best.
    enum Detail: Int, Comparable {
        case summary, records, statistics

        static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    init(name: String, tool: String) {
        self.name = name
        self.tool = tool
    }

    /// Whether two files hold different requests: each client, and each engine, has a file of its own.
    private func isSpread(with other: Self) -> Bool {
        tallies.contains { one in one.kind.isSpread && other.tallies.contains { $0.kind == one.kind } }
    }

    /// Merges another file of the same run.
    mutating func add(_ other: Self) {
        sources += other.sources
        addTimes(of: other)
        let isSpread = isSpread(with: other)
        if isSpread {
            calls = (calls ?? 0) + (other.calls ?? 0)
            failures = (failures ?? 0) + (other.failures ?? 0)
            achievedRate = (achievedRate ?? 0) + (other.achievedRate ?? 0)
            percentiles = [percentiles, other.percentiles].compactMap(\.self).max { $0.count < $1.count }
        } else {
            let (first, second) = other.detail > detail ? (other, self) : (self, other)
            calls = first.calls ?? second.calls
            failures = first.failures ?? second.failures
            achievedRate = first.achievedRate ?? second.achievedRate
            percentiles = first.percentiles ?? second.percentiles
            meanMilliseconds = first.meanMilliseconds ?? second.meanMilliseconds
        }
        if detail == other.detail, isSpread {
            intervals += other.intervals
            // It is no longer known which parts cover the same time.
            parts = []
        } else {
            if intervals.isEmpty { intervals = other.intervals }
            if parts.isEmpty { parts = other.parts }
        }
        addSeries(of: other, isSpread: isSpread)
        merge(other.tallies)
        mergeConditions(of: other)
        gaps += other.gaps
        if let proof = other.proof { (self.proof, tool) = (proof, other.tool) }
        if proof == nil, other.detail > detail { tool = other.tool }
        detail = max(detail, other.detail)
        system = system ?? other.system
        steps += other.steps
        // Two streams of one run have the same errors.
        errors += other.errors.filter { error in isSpread || !errors.contains { $0.text == error.text } }
    }

    private mutating func addTimes(of other: Self) {
        guard let range = other.times else { return }
        guard let times else {
            (self.times, isTimeOfFile) = (range, other.isTimeOfFile)
            return
        }
        // The proof is the best source, and any content is better than a file's date.
        if other.proof != nil || isTimeOfFile && !other.isTimeOfFile {
            (self.times, isTimeOfFile) = (range, false)
        } else if proof == nil, isTimeOfFile == other.isTimeOfFile {
            self.times = min(times.lowerBound, range.lowerBound)...max(times.upperBound, range.upperBound)
        }
    }

    private mutating func addSeries(of other: Self, isSpread: Bool) {
        guard let more = other.series else { return }
        let kinds = (seriesDetail, other.seriesDetail)
        seriesDetail = max(kinds.0, kinds.1)
        guard var series else {
            self.series = more
            return
        }
        // The same calls, counted in two ways, must not be added.
        if kinds.0 != kinds.1, kinds.0 != .summary, kinds.1 != .summary {
            if kinds.1 > kinds.0 { self.series = more }
            return
        }
        if kinds == (.records, .records), !isSpread { return }
        series.add(more)
        self.series = series
    }

    /// Sets what happened over time, and what it was computed from.
    mutating func set(_ series: Timeline<LoadSlot>, of detail: Detail) {
        (self.series, seriesDetail, self.detail) = (series, detail, detail)
    }

    /// Latencies of the hold, or of the whole run if the hold is not reported separately.
    var steadyPercentiles: Percentiles? { proof?.latencyMs.sustained ?? percentiles }

    /// Answered calls a second in the hold, or over the whole run.
    var steadyRate: Double? { proof?.rate.sustained ?? proof?.rate.achieved ?? achievedRate }

    /// Seconds since 1970, and the requests sent within: by slots if reported, else spread over the whole run.
    public var requests: [(start: Double, seconds: Double, count: Double)] {
        if let series {
            let width = Double(series.slotSeconds)
            return series.entries.map { (Double($0.start), width, Double($0.slot.calls)) }
        }
        guard let times, !isTimeOfFile, let calls else { return [] }
        let seconds = times.upperBound.seconds - times.lowerBound.seconds
        return [(times.lowerBound.seconds, max(seconds, 1), Double(calls))]
    }

    var issuedCalls: Int? { proof?.planned.calls ?? calls }

    /// Whether its files show that no request was sent.
    var isIdle: Bool { issuedCalls == 0 && (worstFailures ?? 0) == 0 }

    var failedCalls: Int? { proof?.seen.failed ?? failures }

    /// The share of responses from the cache, by their headers.
    var achievedHitRate: Double? {
        guard let seen = proof?.seen, seen.answered > 0 else { return nil }
        return Double(seen.hit) / Double(seen.answered)
    }

    /// The share of the issued calls that were planned hot.
    var plannedHitRate: Double? {
        guard let proof, proof.cacheRate != nil, proof.planned.calls > 0 else { return nil }
        return Double(proof.planned.hot) / Double(proof.planned.calls)
    }
}

/// The result of one number of users in a saturation search.
struct LoadStep: Sendable {
    let users: Int
    let rate: Double
    let failures: Int
}
