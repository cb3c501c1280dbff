import HTTP1
import NIOCore
import PredictionCache

/// One event loop's share of the metrics; a scrape sums up the shares.
///
/// Every series is declared here and written by `MetricsText`; callers report events.
final class Metrics: CacheObserver {
    /// What has been counted so far.
    struct Snapshot: Sendable {
        var requests: [RequestSeries: UInt64] = [:]
        var requestSeconds: [Route: Histogram] = [:]
        var scoringSeconds: [CacheResult: Histogram] = [:]
        var batchRecords = Histogram.records
        var lookUps: [CacheResult: UInt64] = [:]
        var cacheErrors: [CacheErrorReason: UInt64] = [:]
        var rejections: [RejectionReason: UInt64] = [:]
        /// nil if the cache is switched off.
        var isCacheUp: Bool?

        struct RequestSeries: Hashable {
            let route: Route
            let status: ResponseStatus
        }
    }

    private let clock: WallClock
    private var counted = Snapshot()
    private var requestCounts = [UInt64](
        repeating: 0, count: Route.allCases.count * ResponseStatus.allCases.count)
    private var requestSeconds = [Histogram](repeating: .seconds, count: Route.allCases.count)
    private var scoringSeconds = [Histogram](repeating: .seconds, count: CacheResult.allCases.count)
    private var lookUps = [UInt64](repeating: 0, count: CacheResult.allCases.count)

    /// - Parameter clock: its loop's clock, for exemplars.
    init(_ clock: WallClock = WallClock()) { self.clock = clock }

    /// A request got its response, whatever its status.
    func responded(_ route: Route, _ status: ResponseStatus, after time: TimeAmount, in trace: TraceID? = nil) {
        requestCounts[route.index * ResponseStatus.allCases.count + status.index] += 1
        requestSeconds[route.index].observe(
            Double(time.nanoseconds) / 1e9, tracedAs: trace.map { Exemplar.Trace($0, at: clock) })
    }

    /// A request got its predictions.
    func scored(_ timing: ServerTiming, _ cache: CacheResult?, records: Int, in trace: TraceID? = nil) {
        let trace = trace.map { Exemplar.Trace($0, at: clock) }
        counted.batchRecords.observe(Double(records), tracedAs: trace)
        guard let cache else { return }
        scoringSeconds[cache.rawValue].observe(Double(timing.cache + timing.score) / 1e9, tracedAs: trace)
    }

    /// A look-up ended.
    func lookedUp(_ result: CacheResult) { lookUps[result.rawValue] += 1 }

    /// The cache did not do what it was asked to.
    func cacheFailed(_ reason: CacheErrorReason) { counted.cacheErrors[reason, default: 0] += 1 }

    /// The cache became available or unavailable.
    func cacheChanged(isUp: Bool) { counted.isCacheUp = isUp }

    /// A request was rejected.
    func rejected(_ reason: RejectionReason) { counted.rejections[reason, default: 0] += 1 }

    /// The share so far.
    var snapshot: Snapshot {
        var snapshot = counted
        for route in Route.allCases {
            snapshot.requestSeconds[route] = requestSeconds[route.index]
            for status in ResponseStatus.allCases {
                let count = requestCounts[route.index * ResponseStatus.allCases.count + status.index]
                if count > 0 { snapshot.requests[.init(route: route, status: status)] = count }
            }
        }
        for result in CacheResult.allCases {
            snapshot.scoringSeconds[result] = scoringSeconds[result.rawValue]
            snapshot.lookUps[result] = lookUps[result.rawValue]
        }
        return snapshot
    }
}

extension Metrics.Snapshot {
    /// Adds another loop's share; the cache is up if it is for any loop.
    mutating func add(_ other: Self) {
        requests.merge(other.requests) { $0 + $1 }
        requestSeconds.merge(other.requestSeconds) { $0 + $1 }
        scoringSeconds.merge(other.scoringSeconds) { $0 + $1 }
        batchRecords = batchRecords + other.batchRecords
        lookUps.merge(other.lookUps) { $0 + $1 }
        cacheErrors.merge(other.cacheErrors) { $0 + $1 }
        rejections.merge(other.rejections) { $0 + $1 }
        if let isUp = other.isCacheUp { isCacheUp = isUp || isCacheUp == true }
    }
}
