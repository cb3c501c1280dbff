import Foundation
import ScoringLog

/// An analysis as one HTML page that needs nothing else: style, script and pictures are within, no host is asked.
public struct AnalysisPage: Sendable {
    private let analysis: Analysis

    /// Makes the page of an analysis.
    public init(_ analysis: Analysis) { self.analysis = analysis }

    /// The page's text.
    public var html: String {
        let style = String(decoding: PackageResources.report_css, as: UTF8.self)
        let script = String(decoding: PackageResources.report_js, as: UTF8.self)
        let name = Markup.escaped(analysis.deployment)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy"
             content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(name): scoring latency</title>
            <style>
            \(style)</style>
            </head>
            <body>
            <header>
            <h1>\(name)</h1>
            <p>Namespace \(Markup.escaped(analysis.namespace)) · \(analysis.pods.count) pods · \(period)</p>
            <button type="button" id="theme">Light or dark</button>
            </header>
            \(banner)
            <dl class="tiles">\(tiles)</dl>
            \(AnalysisCharts(analysis).html)
            <figure><figcaption>Pods</figcaption>\(table)</figure>
            \(brokenLines)
            <div id="tip" role="status" hidden></div>
            <script>
            \(script)</script>
            </body>
            </html>

            """
    }

    private var period: String {
        guard let times = analysis.total.times else { return "no scored call" }
        return "\(UTCTime.text(times.lowerBound)) to \(UTCTime.text(times.upperBound)) UTC"
    }

    private var banner: String {
        analysis.completeness.map { "<p class=\"banner\">\(Markup.escaped($0))</p>" } ?? ""
    }

    private var tiles: String {
        let total = analysis.total
        let refused = total.statuses.filter { $0.key >= 400 }.values.reduce(0, +)
        let percentile = { (percentile: Double) in
            total.latencies.milliseconds(atPercentile: percentile).map { $0.decimal(digits: 4) + " ms" } ?? "n/a"
        }
        let tiles = [
            ("calls", "\(total.counts.calls)"), ("scored", "\(total.scoredCalls)"), ("refused", "\(refused)"),
            ("p50", percentile(50)), ("p99", percentile(99)), ("p99.9", percentile(99.9)),
            ("scored calls a second", total.callsPerSecond.map { $0.decimal(digits: 1) } ?? "n/a"),
            ("busiest pod / mean", analysis.balance.map { $0.busiestOverMean.decimal(digits: 2) } ?? "n/a"),
        ]
        return tiles.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined()
    }

    private var table: String {
        let names = LatencyHistogram.percentiles.map(LatencyHistogram.name(ofPercentile:))
        let titles = ["pod", "calls", "scored"] + names.map { "\($0) ms" } + ["calls a second"]
        let rows = (analysis.pods + [analysis.total]).map { pod in
            let percentiles = LatencyHistogram.percentiles.map {
                pod.latencies.milliseconds(atPercentile: $0).map { $0.decimal(digits: 4) } ?? "n/a"
            }
            let rate = pod.callsPerSecond.map { $0.decimal(digits: 2) } ?? "n/a"
            let cells = [pod.file.pod, "\(pod.counts.calls)", "\(pod.scoredCalls)"] + percentiles + [rate]
            return "<tr>" + cells.map { "<td>\(Markup.escaped($0))</td>" }.joined() + "</tr>"
        }
        let head = titles.map { "<th scope=\"col\">\($0)</th>" }.joined()
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined())</tbody></table>"
    }

    private var brokenLines: String {
        let sentences = BrokenLines(analysis.total.counts).sentences
        guard !sentences.isEmpty else { return "<p class=\"note\">Broken or missing: nothing.</p>" }
        let items = sentences.map { "<li>\(Markup.escaped($0))</li>" }.joined()
        return "<figure><figcaption>Broken or missing</figcaption><ul>\(items)</ul></figure>"
    }
}
