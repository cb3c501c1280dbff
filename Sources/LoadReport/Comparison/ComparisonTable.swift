import Bytes
import Foundation

extension Comparison {
    private static var maximumRowCount: Int { 200 }

    /// The comparison in numbers, for the page and for the terminal alike.
    var table: ReportTable {
        let shown = shownRows
        let rest = shown.count - Self.maximumRowCount
        return ReportTable(
            title: "Against \(baselineName): each interval \(intervalShare.percent), all together "
                + Self.confidence.percent + (rest > 0 ? " (\(rest) more rows are not shown)" : ""),
            titles: ["load", "metric", "shown", "runs", "before", "now", "difference", "in %"],
            rows: shown.prefix(Self.maximumRowCount).map(cells))
    }

    private func cells(_ row: Row) -> [String] {
        let runs = "\(row.runs.baseline), \(row.runs.results)"
        let start = [
            row.load, row.metric.title, word(row), runs, row.values.baseline.cell, row.values.results.cell,
        ]
        guard let difference = row.difference else {
            guard let before = row.values.baseline, let now = row.values.results else { return start + ["n/a", "n/a"] }
            return start + [(now - before).signed, before > 0 ? (now / before - 1).change : "n/a"]
        }
        let (own, relative) = (difference.interval(intervalShare), difference.relativeInterval(intervalShare))
        return start + [
            "\((difference.results - difference.baseline).signed) (\(own.lowerBound.signed) to \(own.upperBound.signed))",
            "\(difference.relative.change) (\(relative.lowerBound.change) to \(relative.upperBound.change))",
        ]
    }

    /// What a row shows, in a few words.
    func word(_ row: Row) -> String {
        switch finding(row) {
        case .differs(let word): word
        case .notShown: "no difference shown"
        case .unjudged: "not judged"
        }
    }

    /// Notes that the table needs, one sentence per line.
    var notes: [String] {
        var lines: [String] = []
        let judged = shownRows.compactMap(\.difference)
        if judged.contains(where: { $0.basis == .parts }) {
            lines.append(
                "One run per side: the intervals are from within the runs. They leave out how much two runs of one "
                    + "build differ; three or more interleaved rounds of both show it.")
        }
        if judged.contains(where: { $0.basis == .responses }) {
            lines.append(
                "If only percentiles are known, the intervals assume independent response times. They leave out how "
                    + "runs vary, so nothing is judged.")
        }
        let missing = Set(
            shownRows.compactMap { row -> String? in
                guard case .unjudged(let reason) = finding(row) else { return nil }
                return "\(row.metric.title) is not judged: it \(reason)."
            })
        lines += missing.sorted()
        if !judged.isEmpty {
            let least = Self.leastDifference.percent + " (of single runs \(Self.leastDifferenceOfSingleRuns.percent))"
            lines.append(
                "A difference is shown if its interval leaves out 0 and it is \(least) or more; all others may be chance."
            )
        }
        return lines
    }
}

extension Double {
    /// A share as people read it: `2.5 %`.
    var percent: String { "\((self * 100).shortest) %" }

    /// A change of a share, with its sign: `+12 %`.
    var change: String {
        let percent = self * 100
        guard percent < 100_000 else { return "> +100000 %" }
        let digits = percent.magnitude >= 100 ? 0 : percent.magnitude >= 10 ? 1 : 2
        let text = percent.magnitude.decimal(digits: digits)
        return "\(Double(text) == 0 ? "" : percent > 0 ? "+" : "−")\(text) %"
    }

    /// With its sign.
    var signed: String {
        let text = magnitude.shortest
        return "\(Double(text) == 0 ? "" : self > 0 ? "+" : "−")\(text)"
    }

    var logarithm: Double { log(self) }
    var exponential: Double { exp(self) }
}
