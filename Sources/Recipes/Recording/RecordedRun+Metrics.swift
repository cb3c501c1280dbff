import Simulation

/// When the platform acted: what its metrics and its controller's changes show about their times.
extension RecordedRun {
    /// When the metrics API had new values: as recorded, or by the steps in the monitor's use.
    package var publicationTimes: [Double] {
        guard publications.isEmpty else {
            var times: [Double] = []
            // Nodes are read within some seconds of each other.
            for time in publications.map(\.time).sorted() where time - (times.last ?? -.infinity) > Self.spreadOfNodes {
                times.append(time)
            }
            return times
        }
        let known = samples.compactMap { sample in sample.cores.used.map { (sample.time, sample.pods, $0) } }
        // Where a pod has come or gone the sum changes by itself.
        return zip(known, known.dropFirst()).filter { $0.1 == $1.1 && $0.2 != $1.2 }.map(\.1.0)
    }

    /// Seconds from one publication to the next; nil with fewer than four of them.
    package var resolution: Double? {
        let times = publicationTimes
        guard times.count >= 4 else { return nil }
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        let median = gaps[gaps.count / 2]
        guard publications.isEmpty else {
            return Self.usualResolutions.first { abs($0 - median) <= 0.1 * $0 } ?? median
        }
        // A value may stay as it was: the longest period in which all changes come at about the same moment.
        return Self.usualResolutions.last { Self.cluster(of: times, period: $0) != nil } ?? median
    }

    /// Where in a period times come, if they all come at about the same moment: the first and the last of them.
    private static func cluster(of times: [Double], period: Double) -> ClosedRange<Double>? {
        let phases = times.map { $0.truncatingRemainder(dividingBy: period) }.sorted()
        guard let first = phases.first, let last = phases.last else { return nil }
        var begin = first
        var gap = first + period - last
        for (one, next) in zip(phases, phases.dropFirst()) where next - one > gap { (begin, gap) = (next, next - one) }
        let spread = period - gap
        return spread <= min(spreadOfReads, 0.8 * period) ? begin...(begin + spread) : nil
    }

    /// When metrics-server read its first node, as seconds within its resolution; nil if the recording does not tell.
    package func scrapePhase(resolution: Double) -> Double? {
        guard let found = Self.cluster(of: publicationTimes, period: resolution) else { return nil }
        // What a monitor saw was published since its look before.
        let late = publications.isEmpty ? lookInterval / 2 : 0
        return max(0, found.lowerBound - late)
    }

    /// Seconds from one of the monitor's samples to the next, as a rule.
    package var lookInterval: Double {
        let gaps = zip(samples, samples.dropFirst()).map { $1.time - $0.time }.sorted()
        return gaps.isEmpty ? 5 : gaps[gaps.count / 2]
    }

    /// The controller's first sync, by the changes that it made within a part; nil if there are none, or they do not fit.
    ///
    /// - Parameter period: from one sync to the next.
    package func syncPhase(period: Double, in part: ClosedRange<Double>) -> Double? {
        let late = replicas.isEmpty ? lookInterval / 2 : 0.5
        let times = changes.map { $0.time - late }.filter { part.contains($0) && $0 > 0 }
        guard let last = times.last else { return nil }
        let offsets = times.map { ($0 - last) - period * (($0 - last) / period).rounded() }
        guard let least = offsets.min(), let most = offsets.max(), most - least <= max(2 * late, 2) else { return nil }
        let phase = (last + (least + most) / 2).truncatingRemainder(dividingBy: period)
        return phase < 0 ? phase + period : phase
    }

    private static let usualResolutions = [15.0, 30, 60]
    /// metrics-server reads all nodes within 4 s.
    private static let spreadOfNodes = 5.0
    /// That, and a look of the monitor's.
    private static let spreadOfReads = 10.0

    /// Whether a publication holds the counters of its own moment, and not those of a kubelet's sample before it.
    package var hasFreshPublications: Bool {
        let ages = publications.map { $0.time - $0.stamp }.sorted()
        return ages.isEmpty ? false : ages[ages.count / 2] < 2
    }
}
