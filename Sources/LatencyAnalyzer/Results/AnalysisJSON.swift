import Bytes
public import Foundation
import ScoringLog

/// An analysis as JSON: keys sorted, times RFC 3339 in UTC, durations in milliseconds, null where there is no value.
public struct AnalysisJSON: Sendable {
    private let analysis: Analysis

    /// Makes the JSON of an analysis.
    public init(_ analysis: Analysis) { self.analysis = analysis }

    /// The text's bytes, with a line feed at the end.
    ///
    /// - Throws: what `JSONEncoder` throws.
    public func data() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(Content(analysis)) + Data("\n".utf8)
    }

    private struct Content: Encodable {
        let deployment, namespace: String
        /// Null where it was not checked.
        let complete: Bool?
        let completeness: String
        let expectedCalls: Int?
        let busiestPodOverMean, coefficientOfVariation: Double?
        let pods: [Pod]
        let total: Pod
        let brokenOrMissing: [String]

        init(_ analysis: Analysis) {
            (deployment, namespace) = (analysis.deployment, analysis.namespace)
            completeness = analysis.completeness.line
            complete =
                switch analysis.completeness {
                case .complete: true
                case .incomplete: false
                case .notChecked: nil
                }
            expectedCalls = analysis.expectedCalls?.calls
            busiestPodOverMean = analysis.balance?.busiestOverMean
            coefficientOfVariation = analysis.balance?.coefficientOfVariation
            pods = analysis.pods.map(Pod.init)
            total = Pod(analysis.total)
            brokenOrMissing = BrokenLines(analysis).sentences
        }

        enum CodingKeys: CodingKey {
            case deployment, namespace, complete, completeness, expectedCalls, busiestPodOverMean
            case coefficientOfVariation, pods, total, brokenOrMissing
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(deployment, forKey: .deployment)
            try container.encode(namespace, forKey: .namespace)
            // `encode` of an optional writes null, which the compiler's own encoding would leave out.
            try container.encode(complete, forKey: .complete)
            try container.encode(completeness, forKey: .completeness)
            try container.encode(expectedCalls, forKey: .expectedCalls)
            try container.encode(busiestPodOverMean, forKey: .busiestPodOverMean)
            try container.encode(coefficientOfVariation, forKey: .coefficientOfVariation)
            try container.encode(pods, forKey: .pods)
            try container.encode(total, forKey: .total)
            try container.encode(brokenOrMissing, forKey: .brokenOrMissing)
        }
    }

    private struct Pod: Encodable {
        let pod: String
        let calls, scoredCalls, latencyEntries: Int
        let statuses: [String: Int]
        let earliest, latest: String?
        let averageMs, slowestMs, fastestMs, callsPerSecond: Double?
        let percentilesMs: [String: Double]?

        init(_ statistics: PodStatistics) {
            pod = statistics.file.pod
            (calls, latencyEntries) = (statistics.counts.requests, statistics.counts.scoringLines)
            scoredCalls = statistics.scoredCalls
            statuses = Dictionary(uniqueKeysWithValues: statistics.statuses.map { ("\($0.key)", $0.value) })
            earliest = statistics.times.map { Self.rfc3339($0.lowerBound) }
            latest = statistics.times.map { Self.rfc3339($0.upperBound) }
            (averageMs, slowestMs, fastestMs) = (statistics.averageMilliseconds, statistics.slowest, statistics.fastest)
            callsPerSecond = statistics.callsPerSecond
            let percentiles = LatencyHistogram.percentiles.compactMap { percentile in
                statistics.latencies.milliseconds(atPercentile: percentile).map {
                    (LatencyHistogram.name(ofPercentile: percentile), $0)
                }
            }
            percentilesMs = percentiles.isEmpty ? nil : Dictionary(uniqueKeysWithValues: percentiles)
        }

        private static func rfc3339(_ seconds: Int) -> String {
            UTCTime.text(seconds).replacing(" ", with: "T") + "Z"
        }

        enum CodingKeys: CodingKey {
            case pod, calls, scoredCalls, latencyEntries, statuses, earliest, latest
            case averageMs, slowestMs, fastestMs, callsPerSecond, percentilesMs
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(pod, forKey: .pod)
            try container.encode(calls, forKey: .calls)
            try container.encode(scoredCalls, forKey: .scoredCalls)
            try container.encode(latencyEntries, forKey: .latencyEntries)
            try container.encode(statuses, forKey: .statuses)
            try container.encode(earliest, forKey: .earliest)
            try container.encode(latest, forKey: .latest)
            try container.encode(averageMs, forKey: .averageMs)
            try container.encode(slowestMs, forKey: .slowestMs)
            try container.encode(fastestMs, forKey: .fastestMs)
            try container.encode(callsPerSecond, forKey: .callsPerSecond)
            try container.encode(percentilesMs, forKey: .percentilesMs)
        }
    }
}
