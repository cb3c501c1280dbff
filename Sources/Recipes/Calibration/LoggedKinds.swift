import Foundation

/// Hits and misses in a scoring log that does not name them: two kinds whose scoring times lie plainly apart.
struct LoggedKinds {
    /// Milliseconds: what took less was a hit.
    let threshold: Double
    /// Of all requests.
    let share: Double
    /// Hits of the requests whose times were kept, by pod and second.
    private let shares: [String: [Int: Double]]
    /// Sorted scoring times in ms.
    let hitTimes, missTimes: [Double]

    private static let leastTimes = 200
    /// Of all requests, for a kind.
    private static let leastShare = 0.05
    /// Of a kind's usual time to the other's.
    private static let leastRatio = 3.0
    /// Of the smaller kind, for the hits that may have waited as long as a miss takes.
    private static let mostBetween = 0.03
    private static let binsPerOctave = 8
    /// More of the requests took several times as long as most: there are two kinds, whether or not a gap lies between them.
    private static let leastSlow = 0.1
    /// Above the time of half of the hits: they vary.
    private static let spread = 1.15
    /// Of a core: in seconds in which a pod used more, requests may have taken long because they waited for others.
    private static let mostUse = 0.15

    /// - Parameters:
    ///   - part: seconds of the recording.
    ///   - cost: CPU of a request in ms, on average.
    init?(_ pods: [RecordedRun.PodRequests], part: ClosedRange<Double>, cost: Double) {
        let within = Self.quiet(pods, part: part, cost: cost)
        let times = Self.sorted(within)
        guard times.count >= Self.leastTimes, let threshold = Self.valley(times) else { return nil }
        let hits = times.prefix { $0 < threshold }
        let misses = times.drop { $0 < threshold }
        let share = Double(hits.count) / Double(times.count)
        guard min(share, 1 - share) >= Self.leastShare,
            misses[misses.startIndex + misses.count / 2] >= Self.leastRatio * hits[hits.count / 2]
        else { return nil }
        (self.threshold, self.share, hitTimes, missTimes) = (threshold, share, Array(hits), Array(misses))
        shares = Dictionary(
            within.map { pod in
                (
                    pod.pod,
                    pod.seconds.mapValues { times in Double(times.count { $0 < threshold }) / Double(times.count) }
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What a hit took at most that waited for no other, on average, in ms.
    var hitTime: Double { hitTimes[hitTimes.count / 2] * Self.spread }

    private typealias Seconds = [(pod: String, seconds: [Int: [Double]])]

    /// The seconds in which a pod had little to do.
    private static func quiet(
        _ pods: [RecordedRun.PodRequests], part: ClosedRange<Double>, cost: Double
    ) -> Seconds {
        pods.map { pod in
            let quiet = pod.times.filter { second, times in
                part.contains(Double(second)) && part.contains(Double(second) + 1)
                    && Double(max(times.count, pod.seconds[second] ?? 0)) * cost <= mostUse * 1000
            }
            return (pod: pod.pod, seconds: quiet)
        }
    }

    private static func sorted(_ pods: Seconds) -> [Double] {
        pods.flatMap { $0.seconds.values.joined() }.filter { $0 > 0 }.sorted()
    }

    /// Of all requests, those that took several times as long as most, where there are too many of them to be of the same kind.
    static func slowShare(_ pods: [RecordedRun.PodRequests], part: ClosedRange<Double>, cost: Double) -> Double? {
        let times = sorted(quiet(pods, part: part, cost: cost))
        guard times.count >= leastTimes else { return nil }
        let share = Double(times.count { $0 > leastRatio * times[times.count / 4] }) / Double(times.count)
        return share >= leastSlow ? share : nil
    }

    /// The share of hits in a second, of a pod or of all.
    func share(second: Int, pod: String? = nil) -> Double {
        if let pod { return shares[pod]?[second] ?? share }
        let known = shares.values.compactMap { $0[second] }
        return known.isEmpty ? share : known.reduce(0, +) / Double(known.count)
    }

    /// A time around which there is hardly any request; nil where there is none.
    private static func valley(_ sorted: [Double]) -> Double? {
        func bin(_ time: Double) -> Int { Int((log2(time) * Double(binsPerOctave)).rounded(.down)) }
        func time(_ bin: Int) -> Double { exp2(Double(bin) / Double(binsPerOctave)) }
        let first = bin(sorted[0])
        var counts = [Double](repeating: 0, count: bin(sorted[sorted.count - 1]) - first + 1)
        for time in sorted { counts[bin(time) - first] += 1 }
        var best: (index: Int, between: Double)?
        var before = 0
        for index in counts.indices {
            let after = sorted.count - before
            defer { before += Int(counts[index]) }
            guard Double(min(before, after)) >= leastShare * Double(sorted.count) else { continue }
            // What waits is spread evenly: as densely beyond this place, as long as a miss may hold it up.
            let around = max(0, index - 2)..<min(counts.count, index + 2)
            let density =
                counts[around].reduce(0, +) / (time(first + around.upperBound) - time(first + around.lowerBound))
            let rest = sorted[before + after / 2] - time(first + index)
            let between = density * rest / Double(min(before, after))
            // Of the places that are as empty, the last: what waited in a queue is a hit all the same.
            if between <= min(mostBetween, best?.between ?? .infinity) { best = (index, between) }
        }
        return best.map { time(first + $0.index) }
    }
}
