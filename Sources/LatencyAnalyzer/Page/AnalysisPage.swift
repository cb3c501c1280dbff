import Bytes
import Foundation
import ReportPage
import ScoringLog

/// An analysis as one self-contained HTML page: style, script and pictures are embedded, and no host is contacted.
public struct AnalysisPage: Sendable {
    private let analysis: Analysis

    /// Makes the page of an analysis.
    public init(_ analysis: Analysis) { self.analysis = analysis }

    /// The page's text.
    public var html: String {
        PageFrame(
            title: "\(analysis.deployment): scoring latency", heading: analysis.deployment,
            subtitle:
                "Namespace \(analysis.namespace) · \(pods) · \(period)",
            body: """
                \(Markup.banner(banner))
                \(Markup.tiles(tiles))
                \(AnalysisCharts(analysis).html)
                <figure><figcaption>Pods</figcaption>\(table)</figure>
                \(brokenLines)
                """
        ).html
    }

    /// What a reader must know before the numbers.
    private var banner: String? {
        if case .complete = analysis.completeness { return nil }
        return analysis.completeness.line
    }

    private var pods: String { "\(analysis.pods.count) pod\(analysis.pods.count == 1 ? "" : "s")" }

    private var period: String {
        guard let times = analysis.total.times else { return "no scored request" }
        return "\(UTCTime.text(times.lowerBound)) to \(UTCTime.text(times.upperBound)) UTC"
    }

    private var tiles: [(name: String, value: String)] {
        let total = analysis.total
        let refused = total.statuses.filter { $0.key >= 400 }.values.reduce(0, +)
        let percentile = { (percentile: Double) in
            total.latencies.milliseconds(atPercentile: percentile).map { $0.decimal(digits: 4) + " ms" } ?? "n/a"
        }
        return [
            ("requests", "\(total.counts.requests)"), ("scored", "\(total.scoredCalls)"), ("refused", "\(refused)"),
            ("p50", percentile(50)), ("p99", percentile(99)), ("p99.9", percentile(99.9)),
            ("scored requests/s", total.callsPerSecond.map { $0.decimal(digits: 1) } ?? "n/a"),
            ("busiest pod / mean", analysis.balance.map { $0.busiestOverMean.decimal(digits: 2) } ?? "n/a"),
        ]
    }

    private var table: String {
        let names = LatencyHistogram.percentiles.map(LatencyHistogram.name(ofPercentile:))
        let titles = ["pod", "requests", "scored"] + names.map { "\($0) ms" } + ["requests/s"]
        let rows = (analysis.pods + [analysis.total]).map { pod in
            let percentiles = LatencyHistogram.percentiles.map {
                pod.latencies.milliseconds(atPercentile: $0).map { $0.decimal(digits: 4) } ?? "n/a"
            }
            let rate = pod.callsPerSecond.map { $0.decimal(digits: 2) } ?? "n/a"
            return [pod.file.pod, "\(pod.counts.requests)", "\(pod.scoredCalls)"] + percentiles + [rate]
        }
        return Markup.table(titles: titles, rows: rows, isTotalLast: true)
    }

    private var brokenLines: String {
        let sentences = BrokenLines(analysis).sentences
        guard !sentences.isEmpty else { return "<p class=\"note\">Broken or missing: nothing.</p>" }
        let items = sentences.map { "<li>\(Markup.escaped($0))</li>" }.joined()
        return "<figure><figcaption>Broken or missing</figcaption><ul>\(items)</ul></figure>"
    }
}
