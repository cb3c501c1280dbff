import Cluster
import ReportPage

/// The report as one self-contained HTML page.
public struct LoadPage: Sendable {
    private static let maximumSkippedCount = 50

    private let evidence: LoadEvidence
    private let name: String
    private let comparison: Comparison?
    private let gate: Gate?

    /// Makes the page.
    ///
    /// - Parameters:
    ///   - name: the folder's, as people see it.
    ///   - comparison: with a baseline, if there is one.
    ///   - gate: conditions that must not be met, if there are any.
    public init(_ evidence: LoadEvidence, name: String, _ comparison: Comparison? = nil, _ gate: Gate? = nil) {
        self.evidence = evidence
        self.name = name
        (self.comparison, self.gate) = (comparison, gate)
    }

    /// The page's text.
    public var html: String {
        let claims = evidence.claims
        let charts = LoadCharts.html(evidence) + "\n" + ResourceCharts(evidence).html
        return PageFrame(
            title: "\(name): load tests", heading: "Load tests: \(name)",
            subtitle: "\(evidence.runs.count) runs · \(evidence.periodText)",
            body: """
                \(Markup.banner(banner(claims)))
                \(Markup.tiles(tiles(claims)))
                \(Self.list(gate?.claims ?? [], titled: "What must not happen"))
                \(comparisonHTML)
                \(Self.list(claims, titled: "Claims and their numbers"))
                \(charts)
                \(LoadTables(evidence).all.map(\.html).joined(separator: "\n"))
                \(skipped)
                """
        ).html
    }

    private func banner(_ claims: [Claim]) -> String? {
        SystemGroups(evidence.runs).claim.flatMap { $0.verdict == .void ? $0.statement + "." : nil }
    }

    private func tiles(_ claims: [Claim]) -> [(name: String, value: String)] {
        let calls = evidence.runs.compactMap(\.issuedCalls).reduce(0, +)
        let failed = evidence.runs.compactMap(\.failedCalls).reduce(0, +)
        let saturation = evidence.runs.compactMap(\.saturationPoint).map(\.rate).max()
        let hours = evidence.resources.map(\.totals.reservedCoreHours).reduce(0, +)
        let count = { (verdict: Verdict) in "\(claims.filter { $0.verdict == verdict }.count)" }
        return [
            ("claims proven", count(.proven)), ("claims void", count(.void)), ("claims unproven", count(.unproven)),
            ("requests", calls.grouped), ("failed", failed.grouped),
            ("saturates at, requests/s", saturation.cell),
            ("70 % of it", saturation.map { $0 * PodScaling.saturationRule }.cell),
            ("core-hours reserved", evidence.resources.isEmpty ? "n/a" : hours.shortest),
        ]
    }

    private var comparisonHTML: String {
        guard let comparison else { return "" }
        let table = comparison.table
        let notes = comparison.notes.map { "<p class=\"note\">\(Markup.escaped($0))</p>" }
        let list = Self.list(comparison.claims, titled: "Compared with \(comparison.baselineName)")
        let shown = table.rows.isEmpty ? [] : [Chart.html(comparison.chart) ?? "", table.html] + notes
        return ([list] + shown).joined(separator: "\n")
    }

    private static func list(_ claims: [Claim], titled title: String) -> String {
        guard !claims.isEmpty else { return "" }
        let items = claims.map { claim in
            let numbers = claim.numbers.map { "<li>\(Markup.escaped($0))</li>" }.joined()
            let verdict = claim.verdict.rawValue
            return "<li><b class=\"verdict \(verdict.lowercased())\">\(verdict)</b><div>"
                + "\(Markup.escaped(claim.statement))<ul>\(numbers)</ul></div></li>"
        }
        return "<figure><figcaption>\(Markup.escaped(title))</figcaption><ul class=\"claims\">"
            + "\(items.joined())</ul></figure>"
    }

    private var skipped: String {
        guard !evidence.skipped.isEmpty else { return "<p class=\"note\">All files were read.</p>" }
        let rest = evidence.skipped.count - Self.maximumSkippedCount
        let lines = evidence.skipped.prefix(Self.maximumSkippedCount) + (rest > 0 ? ["and \(rest) more"] : [])
        let items = lines.map { "<li>\(Markup.escaped($0))</li>" }.joined()
        let title = "<figcaption>Not read, wholly or in part</figcaption>"
        return "<figure>\(title)<ul class=\"skipped\">\(items)</ul></figure>"
    }
}
