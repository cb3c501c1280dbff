import Bytes
import Foundation
import ReportPage
import ScoringLog

/// `<deployment>_results.txt`: exactly the layout of the AKS latency-detection scripts, then what they leave out.
///
/// It avoids the scripts' mistakes: the fastest call may take longer than 100 ms, and a division by zero is written as
/// `n/a`. Times are UTC. The layout's source is `realTimeScoringStats.py` and `latencyUtils.py` of
/// grecoe/AKS-Latency-Detection.
public struct ResultsFile: Sendable {
    private let analysis: Analysis

    /// Makes the file of an analysis.
    public init(_ analysis: Analysis) { self.analysis = analysis }

    /// `<deployment>_results.txt`; never a path, whatever the deployment is called.
    public static func name(ofDeployment deployment: String) -> String {
        "\(deployment.replacing("/", with: "_"))_results.txt"
    }

    /// The whole text.
    public var text: String { original + "\n\n" + additions }

    /// The part that the original scripts write.
    public var original: String {
        let counts = analysis.total.counts
        var lines = ["Deployment: \(analysis.deployment)", "Namespace: \(analysis.namespace)", "Pods: "]
        lines += analysis.pods.map { "\t \($0.file.pod)" }
        lines += ["\n", "Total calls - \(counts.requests) ", "Total latency entries - \(counts.scoringLines)"]
        lines.append("Full Requests Captured - \(analysis.total.scoredCalls)\n")
        return (lines + analysis.pods.flatMap(Self.original)).joined(separator: "\n") + "\n"
    }

    private static func original(of pod: PodStatistics) -> [String] {
        [
            "\nFile : \(pod.file.name)",
            "Times (\(pod.scoredCalls)):",
            "\t Earliest: \(UTCTime.text(pod.times?.lowerBound))",
            "\t Latest: \(UTCTime.text(pod.times?.upperBound))",
            "\t Time in minutes: \(text(pod.minutesElapsed))",
            "Scoring Calls (\(pod.scoredCalls)):",
            "\t Average: \(text(pod.averageMilliseconds, unit: " ms"))",
            "\t Slowest: \(text(pod.slowest, unit: " ms"))",
            "\t Fastest: \(text(pod.fastest, unit: " ms"))",
            "\t Throughput: \(text(pod.callsPerSecond, unit: " RPS"))",
        ]
    }

    /// Swift prints a double as Python's `repr` does, except beyond 2^53, which no log reaches.
    private static func text(_ value: Double?, unit: String = "") -> String { value.map { "\($0)\(unit)" } ?? "n/a" }

    // MARK: - What the scripts leave out

    /// The part after the original's.
    public var additions: String {
        [completeness, latencies, rates, loads, statuses, brokenLines].joined(separator: "\n\n") + "\n"
    }

    private var completeness: String { analysis.completeness.line }

    private var latencies: String {
        let titles = LatencyHistogram.percentiles.map(LatencyHistogram.name(ofPercentile:))
        let rows = (analysis.pods + [analysis.total]).map { pod in
            [pod.file.pod, "\(pod.scoredCalls)"]
                + LatencyHistogram.percentiles.map { percentile in
                    pod.latencies.milliseconds(atPercentile: percentile).map { $0.decimal(digits: 4) } ?? "n/a"
                }
        }
        return "Scoring time in ms at percentiles (HdrHistogram, 3 significant digits):\n"
            + TextTable(titles: ["pod", "scored"] + titles, rows: rows).text(indent: "\t ")
    }

    private var rates: String {
        let rows = (analysis.pods + [analysis.total]).map { pod in
            let busiest = pod.busiestMinute
            return [
                pod.file.pod, pod.callsPerSecond.map { ($0 * 60).decimal(digits: 1) } ?? "n/a",
                busiest.map { "\($0.calls)" } ?? "n/a",
                busiest.map { String(UTCTime.text($0.start).dropLast(3)) } ?? "n/a",
            ]
        }
        return "Requests a minute (scored, mean; all, in the busiest minute):\n"
            + TextTable(titles: ["pod", "mean", "most", "at"], rows: rows).text(indent: "\t ")
    }

    private var loads: String {
        let all = analysis.total.counts.requests
        let rows = analysis.pods.map { pod in
            let share = all == 0 ? "n/a" : (100 * Double(pod.counts.requests) / Double(all)).decimal(digits: 1) + " %"
            return [pod.file.pod, "\(pod.counts.requests)", share]
        }
        let table = TextTable(titles: ["pod", "requests", "share"], rows: rows).text(indent: "\t ")
        guard let balance = analysis.balance else { return "Load on the pods:\n" + table }
        return "Load on the pods:\n" + table
            + "\n\t The busiest pod had \(balance.busiestOverMean.decimal(digits: 2)) times the mean; "
            + "coefficient of variation \(balance.coefficientOfVariation.decimal(digits: 3))."
    }

    private var statuses: String {
        let rows = analysis.total.statuses.sorted { $0.key < $1.key }.map { ["\($0.key)", "\($0.value)"] }
        return "Responses by status:\n" + TextTable(titles: ["status", "responses"], rows: rows).text(indent: "\t ")
    }

    private var brokenLines: String {
        let lines = BrokenLines(analysis).sentences
        return lines.isEmpty
            ? "Broken or missing: nothing."
            : "Broken or missing (counted, not guessed):\n" + lines.map { "\t \($0)" }.joined(separator: "\n")
    }
}
