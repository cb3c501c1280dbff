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
    /// Of the smaller peak, for what lies between the two.
    private static let mostBetween = 0.1
    private static let binsPerOctave = 8.0

    /// Of a core: in seconds in which a pod used more, requests may have taken long because they waited for others.
    private static let mostUse = 0.15

    /// - Parameters:
    ///   - part: seconds of the recording.
    ///   - cost: CPU of a request in ms, on average.
    init?(_ pods: [RecordedRun.PodRequests], part: ClosedRange<Double>, cost: Double) {
        let within = pods.map { pod in
            let quiet = pod.times.filter { second, times in
                part.contains(Double(second)) && part.contains(Double(second) + 1)
                    && Double(max(times.count, pod.seconds[second] ?? 0)) * cost <= Self.mostUse * 1000
            }
            return (pod: pod.pod, seconds: quiet)
        }
        let times = within.flatMap { $0.seconds.values.joined() }.filter { $0 > 0 }.sorted()
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

    /// The time of a hit that waited for no other, in ms.
    var hitTime: Double { hitTimes[hitTimes.count / 4] }

    /// The share of hits in a second, of a pod or of all.
    func share(second: Int, pod: String? = nil) -> Double {
        if let pod { return shares[pod]?[second] ?? share }
        let known = shares.values.compactMap { $0[second] }
        return known.isEmpty ? share : known.reduce(0, +) / Double(known.count)
    }

    /// The time between two peaks, where hardly any request lies; nil where there are no two.
    private static func valley(_ sorted: [Double]) -> Double? {
        func bin(_ time: Double) -> Int { Int((log2(time) * binsPerOctave).rounded(.down)) }
        let first = bin(sorted[0])
        // The longest times are outliers.
        let last = bin(sorted[sorted.count - 1 - sorted.count / 100])
        guard last > first else { return nil }
        var counts = [Double](repeating: 0, count: last - first + 1)
        for time in sorted where bin(time) <= last { counts[bin(time) - first] += 1 }
        let smooth = counts.indices.map { index in
            counts[max(0, index - 1)...min(counts.count - 1, index + 1)].reduce(0, +) / 3
        }
        // The deepest place: least beside the smaller of the highest peaks on both sides of it.
        var best: (index: Int, depth: Double)?
        var before = 0.0
        for index in smooth.indices.dropFirst().dropLast() {
            before += counts[index - 1]
            let share = before / Double(sorted.count)
            guard (leastShare...(1 - leastShare)).contains(share) else { continue }
            let peak = min(smooth[..<index].max() ?? 0, smooth[(index + 1)...].max() ?? 0)
            guard peak > 0, smooth[index] <= mostBetween * peak else { continue }
            // Of the places that are as empty, the last: what waited in a queue is a hit all the same.
            if smooth[index] / peak <= best?.depth ?? .infinity { best = (index, smooth[index] / peak) }
        }
        return best.map { exp2((Double(first + $0.index) + 0.5) / binsPerOctave) }
    }
}
