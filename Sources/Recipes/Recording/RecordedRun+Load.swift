/// Load that the recording lacks.
extension RecordedRun {
    /// How much more than a pod without requests, and than a tenth of the busiest sample, a pod uses that serves some.
    private static let (leastRatio, leastShare, leastCores) = (3.0, 0.1, 0.05)
    /// Samples in a row: one alone may be late.
    private static let leastSamples = 6

    /// From the first moment at which pods used CPU for which no client recorded a request, to the end; nil if there is none.
    package var unrecordedLoad: ClosedRange<Double>? {
        let known = samples.filter { $0.pods > 0 }.compactMap { sample in
            sample.cores.used.map { (time: sample.time, each: $0 / Double(sample.pods)) }
        }
        guard !requests.isEmpty, let most = known.map(\.each).max(), let least = known.map(\.each).min() else {
            return nil
        }
        let busy = max(Self.leastCores, Self.leastRatio * least, Self.leastShare * most)
        // A sample is that of some time before it, and so is what metrics-server read.
        let late = 2 * (resolution ?? 60) + 30
        var unexplained: [Double] = []
        for sample in known {
            guard sample.each > busy, requestCount(from: sample.time - late, to: sample.time) == 0 else {
                unexplained = []
                continue
            }
            unexplained.append(sample.time)
            if unexplained.count == Self.leastSamples, let first = unexplained.first {
                // The load was there before its use was seen.
                let begin = requests.map { $0.start + $0.seconds }.filter { $0 <= first }.max() ?? max(0, first - late)
                return begin...max(begin, length)
            }
        }
        return nil
    }
}
