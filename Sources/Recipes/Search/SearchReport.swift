import ReportPage

/// What a search found, for a terminal.
package struct SearchReport: Sendable {
    private let found: RecipeSearch.Found
    private let search: RecipeSearch
    private let grid: SearchSpace.Grid

    package init(_ found: RecipeSearch.Found, search: RecipeSearch, grid: SearchSpace.Grid) {
        self.found = found
        self.search = search
        self.grid = grid
    }

    package var text: String {
        let parts = [
            "\(found.searched) recipes, \(found.onWholeLoad) of them on the whole load with \(search.seeds) seeds from "
                + "\(search.seed) on; objective: \(search.objective.text)",
            leftOut, "Not beaten in both latency and cost (medians, and the range over seeds):\n" + table(shown),
            choice,
            neighbours,
        ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    /// The front, and today's recipe where it is not on it.
    private var shown: [Int] {
        let rest = [found.today, found.chosen].compactMap(\.self).filter { !found.front.contains($0) }
        return Array(Set(found.front + rest)).sorted()
    }

    private var leftOut: String? {
        guard !grid.leftOut.isEmpty else { return nil }
        let lines = grid.leftOut.map {
            "  \($0.count) like \($0.example.text): \($0.obstacle.text($0.example, in: search.space))"
        }
        return "Never proposed:\n" + lines.joined(separator: "\n")
    }

    private func table(_ indices: [Int]) -> String {
        let rows = indices.map { index in
            let mark = index == found.chosen ? "chosen" : index == found.today ? "today" : ""
            return [mark] + Self.cells(found.evaluations[index])
        }
        return TextTable(titles: [""] + Self.titles, rows: rows).text(indent: "  ")
    }

    package static let titles = [
        "recipe (request/limit, replicas, target)", "cost", "core-hours", "mean ms", "p95 ms", "not served %",
    ]

    package static func cells(_ evaluation: Evaluation) -> [String] {
        [
            evaluation.candidate.text, cell(evaluation.range(\.cost), 4), cell(evaluation.range(\.coreHours), 3),
            cell(evaluation.range { $0.mean * 1000 }, 0), cell(evaluation.range { $0.p95 * 1000 }, 0),
            cell(evaluation.range { $0.unserved * 100 }, 1),
        ]
    }

    private static func cell(_ range: (median: Double, least: Double, most: Double), _ places: Int) -> String {
        func number(_ value: Double) -> String { value.isFinite ? fixed(value, places) : "none" }
        if number(range.least) == number(range.most) { return number(range.median) }
        return "\(number(range.median)) (\(number(range.least))-\(number(range.most)))"
    }

    private var choice: String {
        guard let choice = found.choice else { return "No recipe can be proposed." }
        let kind =
            search.objective.most == nil
            ? "at the knee, or as fast for less" : "the cheapest that keeps it with every seed"
        guard found.isKept else {
            let wish = search.objective.most == nil ? "serves 95 % of the requests" : "keeps \(search.objective.text)"
            return "No recipe \(wish); the fastest of all is \(choice.candidate.text)."
        }
        return "Chosen, \(kind): \(choice.candidate.text)"
    }

    private var neighbours: String? {
        guard let choice = found.choice, !found.neighbours.isEmpty else { return nil }
        let rows = found.neighbours.map { name, evaluation in
            [name, evaluation.candidate.text]
                + [
                    change(evaluation, choice, 4) { $0.cost }, change(evaluation, choice, 0) { $0.mean * 1000 },
                    change(evaluation, choice, 0) { $0.p95 * 1000 },
                ]
        }
        return "With one number changed (difference of the medians):\n"
            + TextTable(titles: ["", "recipe", "cost", "mean ms", "p95 ms"], rows: rows).text(indent: "  ")
    }

    private func change(
        _ one: Evaluation, _ other: Evaluation, _ places: Int, _ figure: (Figures) -> Double
    ) -> String {
        let difference = one.median(figure) - other.median(figure)
        return difference.isFinite ? (difference >= 0 ? "+" : "") + fixed(difference, places) : "none"
    }
}
