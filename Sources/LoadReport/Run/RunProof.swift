import Foundation

/// `<name>.run.json`: what a load test of `loadtest/` planned, what its client saw, and what the servers counted.
///
/// The format's source is `loadtest/run.schema.json`, schema 1; fields that are not needed here are not read.
public struct RunProof: Sendable, Decodable {
    static let schema = 1

    let tool, name: String
    let toolVersion, client: String?
    package let started, ended: Instant
    let target: String
    let model: LoadModel
    package let cacheRate: Double?
    let hotRecords: Int
    package let users: Int
    /// The other settings of requests, by the variable's name; nil in files of older releases.
    let settings: [String: String]?
    let planned: Plan
    let warmUp: LookUps
    let seen: Seen
    let counterSource: String
    package let counters: [Counter]
    let droppedIterations: Int
    package let latencyMs: Phases
    let parts: Parts?
    let rate: Rate
    let saturation: Saturation?
    package let verdict: Verdict
    let reasons: [Reason]
    let version: SystemVersion?

    /// How calls arrive.
    public enum LoadModel: String, Sendable, Decodable {
        /// A user sends the next call after the response to the last.
        case closed
        /// Calls are sent at a rate, whether or not responses arrive.
        case open
    }

    /// The schedule applied to the calls that were issued.
    struct Plan: Sendable, Decodable {
        let calls, hot: Int
    }

    /// Cache results before the run, while the hot records were loaded.
    struct LookUps: Sendable, Decodable {
        let hit, miss, bypass: Int
    }

    /// The outcomes of the calls, as the client saw them.
    struct Seen: Sendable, Decodable {
        let hit, miss, bypass, refused, errors, timeouts, hotMissed, coldHit: Int

        var answered: Int { hit + miss + bypass }
        var failed: Int { refused + errors + timeouts }
    }

    /// How much one replica's counters rose; nil where a sample is missing.
    package struct Counter: Sendable, Decodable {
        let instance: String
        let hits, misses, bypasses: Int?
        /// The raw samples; nil if one is missing, or the replica joined during the run.
        package let first, last: CounterSample?
    }

    /// A replica's counters at a moment.
    package struct CounterSample: Sendable, Decodable {
        package let time: Instant
        package let hit, miss: Int
        package let bypass, refused: Int?
        package let cpuSeconds, residentBytes: Double?
    }

    /// Latencies of the ramp and of the hold.
    package struct Phases: Sendable, Decodable {
        package let peak, sustained: Percentiles?
    }

    /// The hold in stretches of equal length.
    struct Parts: Sendable, Decodable {
        let seconds: Double
        let latencyMs: [Percentiles?]
    }

    /// Calls a second.
    struct Rate: Sendable, Decodable {
        let offered: Double?
        let achieved: Double
        let sustained: Double?
    }

    /// Why a run is not proven.
    struct Reason: Sendable, Decodable {
        let code: String?
        let text: String
    }

    /// Whether every call that was issued has an outcome, and the tool did its work to the end.
    var hasAllOutcomes: Bool {
        let endings: Set = ["interrupted", "plan_broken", "tool_failed"]
        return seen.answered + seen.failed == planned.calls && !reasons.contains { endings.contains($0.code ?? "") }
    }

    /// The build, model and configuration that ran, for comparisons; nil if unknown.
    package var system: SystemVersion? { version }

    /// Whether each user waits for a response before the next call.
    package var isClosed: Bool { model == .closed }

    /// CPU seconds of all servers a second; nil where one did not report them.
    package var usedCores: Double? {
        var sum = 0.0
        for counter in counters {
            guard let first = counter.first, let last = counter.last, let before = first.cpuSeconds,
                let after = last.cpuSeconds, last.time > first.time
            else { return nil }
            sum += (after - before) / (last.time.seconds - first.time.seconds)
        }
        return counters.isEmpty ? nil : sum
    }

    /// The first of the reasons why it is not proven.
    package var firstReason: String? { reasons.first?.text }

    /// Whether all counts are small enough to be added without overflow.
    var isWithinBounds: Bool {
        let counts = [
            hotRecords, users, planned.calls, planned.hot, warmUp.hit, warmUp.miss, warmUp.bypass, seen.hit, seen.miss,
            seen.bypass, seen.refused, seen.errors, seen.timeouts, seen.hotMissed, seen.coldHit, droppedIterations,
        ]
        let found = [latencyMs.peak, latencyMs.sustained] + (parts?.latencyMs ?? [])
        return (counts + found.compactMap { $0?.count }).allSatisfy(Int.allowedCounts.contains)
    }

    /// The increase of the replicas' counters in the run, without the warm-up's look-ups; nil if one is missing.
    var counted: (hits: Int, misses: Int)? {
        guard !counters.isEmpty else { return nil }
        // A broken file's huge numbers must not trap.
        var sums = (hits: 0 &- warmUp.hit, misses: 0 &- warmUp.miss)
        for counter in counters {
            guard let hits = counter.hits, let misses = counter.misses else { return nil }
            sums = (sums.hits &+ hits, sums.misses &+ misses)
        }
        return sums
    }
}

/// Latencies in ms at percentiles, and of how many calls.
package struct Percentiles: Sendable, Decodable, Equatable {
    package let count: Int
    package let values: [Double: Double]
    let longest: Double?

    init(count: Int, values: [Double: Double], longest: Double? = nil) {
        self.count = count
        self.values = values
        self.longest = longest
    }

    private enum CodingKeys: String, CodingKey {
        case count, p50, p90, p95, p99, longest = "max"
        case p999 = "p99.9"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        count = try container.decode(Int.self, forKey: .count)
        let keys: [(Double, CodingKeys)] = [(50, .p50), (90, .p90), (95, .p95), (99, .p99), (99.9, .p999)]
        let pairs = try keys.map { ($0.0, try container.decode(Double.self, forKey: $0.1)) }
        values = Dictionary(uniqueKeysWithValues: pairs)
        longest = try container.decode(Double.self, forKey: .longest)
    }
}

/// The result of a saturation search: the highest rate that was served without a refusal.
struct Saturation: Sendable, Decodable {
    let rounds: [Round]
    let users: Int
    let rate: Double
    let p50Ms, p99Ms: Double?
    let spread: Double

    /// One search.
    struct Round: Sendable, Decodable {
        let users: Int
        let rate: Double
        let p50Ms, p99Ms: Double?
    }
}

/// The system under test: its address, and its build, model and configuration if known.
struct CalledSystem: Sendable, Decodable {
    let target: String
    let version: SystemVersion?

    /// Whether two runs were against the same; without a version the address is all that is known.
    func isSame(as other: Self) -> Bool { version == other.version && (version != nil || target == other.target) }
}

/// The server's response to `GET /version`, without the instance, which differs between replicas of one deployment.
public struct SystemVersion: Sendable, Decodable, Hashable {
    let release, executableSha256, modelVersion, configuration: String?
}
