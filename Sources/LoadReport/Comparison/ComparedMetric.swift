import Bytes
import LatencyAnalyzer

/// The metrics by which runs are compared.
enum ComparedMetric: String, CaseIterable, Sendable {
    case p50, p90, p95, p99, mean, rate, cpu, rejected, failed, hits

    /// The metrics of a comparison's table; the rest is for conditions.
    static let compared: [Self] = [.p50, .p95, .p99, .rate, .cpu]

    /// The share of the requests that are at least as fast, for a percentile.
    var share: Double? {
        switch self {
        case .p50: 0.5
        case .p90: 0.9
        case .p95: 0.95
        case .p99: 0.99
        default: nil
        }
    }

    /// Whether it counts events, which have no spread of their own.
    var isCount: Bool { self == .rejected || self == .failed || self == .hits }

    /// With its unit.
    var title: String {
        switch self {
        case .p50, .p90, .p95, .p99, .mean: "\(rawValue) ms"
        case .rate: "rate /s"
        case .cpu: "CPU ms a request"
        case .rejected, .failed, .hits: rawValue
        }
    }

    /// The meaning of a difference with this sign.
    func words(isMore: Bool) -> String {
        switch self {
        case .rate: isMore ? "faster" : "slower"
        case .cpu: isMore ? "costs more" : "costs less"
        default: isMore ? "slower" : "faster"
        }
    }

    /// What a run needs to have the metric, after "needs".
    var need: String {
        switch self {
        case .cpu: "the servers' process_cpu_seconds_total: loadtest/ reads it from /metrics before and after a run"
        case .rejected, .hits: "the servers' counters: loadtest/ reads them from /metrics before and after a run"
        case .p50, .p90, .p95, .p99: "percentiles of the response times, which siege does not measure"
        case .mean: "a mean, or response times one by one"
        case .rate, .failed: "a tool that counts requests"
        }
    }
}

extension LoadRun {
    /// A metric's value; nil if the run's files do not have it, or have an unusable one.
    func value(_ metric: ComparedMetric) -> Double? {
        claimed(metric).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
    }

    private func claimed(_ metric: ComparedMetric) -> Double? {
        switch metric {
        case .p50, .p90, .p95, .p99: steadyPercentiles?.values[(metric.share ?? 0) * 100] ?? valueOfParts(metric)
        // For a run with a proof it would include the ramp.
        case .mean: (proof == nil ? meanMilliseconds : nil) ?? valueOfParts(metric)
        case .rate: steadyRate
        case .cpu: proof?.millisecondsOfCPU
        case .rejected, .failed, .hits: count(metric).map { Double($0.events) }
        }
    }

    private func valueOfParts(_ metric: ComparedMetric) -> Double? {
        let parts = comparedParts
        return RunParts(parts).value(metric, Array(repeating: 1, count: parts.count))
    }

    /// How often an event occurred, and among how many requests.
    func count(_ metric: ComparedMetric) -> (events: Int, requests: Int)? {
        let events: Int? =
            switch metric {
            case .rejected: proof?.rejected
            case .hits: proof?.counted?.hits
            case .failed: worstFailures
            default: nil
            }
        return events.flatMap { events in issuedCalls.map { (events, $0) } }
    }
}

extension RunProof {
    /// The increase of the servers' counters of rejected requests; nil if one is missing.
    fileprivate var rejected: Int? { sum { $0.refused } }

    private func sum(_ count: (CounterSample) -> Int?) -> Int? {
        guard !counters.isEmpty else { return nil }
        var sum = 0
        for counter in counters {
            guard let last = counter.last.flatMap(count) else { return nil }
            // A replica that joined during the run began to count at zero.
            guard let first = counter.first.map(count) ?? 0 else { return nil }
            // A broken file's huge numbers must not trap.
            sum = sum &+ (last &- first)
        }
        return sum
    }

    /// CPU in ms that the servers used for a request, those of the warm-up included.
    fileprivate var millisecondsOfCPU: Double? {
        guard let requests = sum({ $0.hit &+ $0.miss &+ ($0.bypass ?? 0) &+ ($0.refused ?? 0) }), requests > 0 else {
            return nil
        }
        var seconds = 0.0
        for counter in counters {
            guard let last = counter.last?.cpuSeconds else { return nil }
            guard let first = counter.first.map(\.cpuSeconds) ?? 0 else { return nil }
            seconds += last - first
        }
        return seconds > 0 ? seconds * 1000 / Double(requests) : nil
    }
}
