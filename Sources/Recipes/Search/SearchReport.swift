import ReportPage
import Simulation

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
        let front = TextTable(titles: frontTable.titles, rows: frontTable.rows).text(indent: "  ")
        let parts =
            [
                summary, leftOut, "Not beaten in both latency and cost (medians, and the range over seeds):\n" + front,
                choice,
            ]
            + [
                neighbours.map {
                    "With one number changed (difference of the medians):\n"
                        + TextTable(titles: $0.titles, rows: $0.rows).text(indent: "  ")
                }
            ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    /// What stands above and below the table, for a page.
    var paragraphs: [String] { [summary, leftOut, choice].compactMap(\.self) }

    private var summary: String {
        "\(found.searched) recipes, \(found.onWholeLoad) of them on the whole load with \(search.seeds) seeds from "
            + "\(search.seed) on; objective: \(search.objective.text); load: \(search.loadName)\(search.space.scenario.load.kind)"
    }

    /// The front, and today's recipe where it is not on it.
    private var shown: [Int] {
        let rest = [found.today, found.chosen].compactMap(\.self).filter { !found.front.contains($0) }
        return Array(Set(found.front + rest)).sorted()
    }

    private var leftOut: String? {
        let lines = Self.reasons(grid, in: search.space).map { "  \($0.count) like \($0.example): \($0.reason)" }
        return lines.isEmpty ? nil : "Never proposed:\n" + lines.joined(separator: "\n")
    }

    /// Why recipes are never proposed, an example each.
    static func reasons(
        _ grid: SearchSpace.Grid, in space: SearchSpace
    ) -> [(obstacle: Obstacle, example: String, count: Int, reason: String)] {
        grid.leftOut.map { ($0.obstacle, $0.example.text, $0.count, $0.obstacle.text($0.example, in: space)) }
    }

    var frontTable: (titles: [String], rows: [[String]]) {
        let rows = shown.map { index in
            let mark = index == found.chosen ? "chosen" : index == found.today ? "today" : ""
            return [mark] + Self.cells(found.evaluations[index])
        }
        return ([""] + Self.titles, rows)
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

    /// What was chosen, or why nothing was.
    var choice: String {
        guard let choice = found.choice else {
            return "No recipe can be proposed: \(Self.noChoice)."
        }
        let kind =
            search.objective.most == nil
            ? "at the knee, or as fast for less" : "the cheapest that keeps it with every seed"
        guard found.isKept else {
            let wish = search.objective.most == nil ? "serves 95 % of the requests" : "keeps \(search.objective.text)"
            return "No recipe \(wish); the fastest of all is \(choice.candidate.text)."
        }
        return "Chosen, \(kind): \(choice.candidate.text)"
    }

    /// Why none of the recipes that ran may be chosen.
    static let noChoice =
        "none of those that ran has only the numbers asked for with --request, --limit, --min, --max and --target"

    var neighbours: (titles: [String], rows: [[String]])? {
        guard let choice = found.choice, !found.neighbours.isEmpty else { return nil }
        let rows = found.neighbours.map { name, evaluation in
            [name, evaluation.candidate.text]
                + [
                    change(evaluation, choice, 4) { $0.cost }, change(evaluation, choice, 0) { $0.mean * 1000 },
                    change(evaluation, choice, 0) { $0.p95 * 1000 },
                ]
        }
        return (["", "recipe", "cost", "mean ms", "p95 ms"], rows)
    }

    private func change(
        _ one: Evaluation, _ other: Evaluation, _ places: Int, _ figure: (Figures) -> Double
    ) -> String {
        let difference = one.median(figure) - other.median(figure)
        return difference.isFinite ? (difference >= 0 ? "+" : "") + fixed(difference, places) : "none"
    }
}
