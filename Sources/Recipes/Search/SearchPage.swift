import Foundation
import ReportPage
import Simulation

/// A page with the front, and the six plots of today's and of the chosen recipe.
package enum SearchPage {
    /// - Parameter seed: of the runs that are drawn.
    package static func page(
        _ found: RecipeSearch.Found, search: RecipeSearch, grid: SearchSpace.Grid
    ) -> String {
        let report = SearchReport(found, search: search, grid: grid).text
        let drawn = [("Today", found.today), ("Chosen", found.chosen)].compactMap { name, index in
            index.map { (name, found.evaluations[$0].candidate) }
        }
        let plots = drawn.map { name, candidate in charts(candidate, search: search).map { (name, $0) } }
        let pairs = (0..<(plots.first?.count ?? 0)).map { row in
            let cells = plots.map { "<div><h3>\($0[row].0)</h3>\($0[row].1)</div>" }
            return "<div class=\"pair\">\(cells.joined())</div>"
        }
        let names = drawn.map { "\($0.0): \(Markup.escaped($0.1.text))" }.joined(separator: "; ")
        let body = """
            \(front(found, search: search).html)
            <pre tabindex="0">\(Markup.escaped(report))</pre>
            <h2>One run of each, seed \(search.seed)</h2><p>\(names)</p>
            \(pairs.joined(separator: "\n"))
            """
        return PageFrame(
            title: "\(search.space.recipe.name), recipes", heading: "\(search.space.recipe.name), recipes",
            subtitle: "Latency (\(search.objective.measure.rawValue)) against reserved cost. Seed \(search.seed).",
            body: body
        ).html
    }

    private static func charts(_ candidate: Candidate, search: RecipeSearch) -> [String] {
        let scenario = search.space.scenario(of: candidate, seed: search.seed)
        return SimulationCharts(
            simulate(scenario), scenario: scenario, recipe: search.space.recipe(of: candidate)
        ).all.map(\.chart.html)
    }

    private static func front(_ found: RecipeSearch.Found, search: RecipeSearch) -> Chart {
        let objective = search.objective
        func latency(_ index: Int) -> Double { objective.median(found.evaluations[index]) * 1000 }
        func cost(_ index: Int) -> Double { found.evaluations[index].median(\.cost) }
        let shown = found.evaluations.indices.filter { latency($0).isFinite }
        let highest = (found.front + [found.today].compactMap(\.self)).map(latency).filter(\.isFinite).max() ?? 1
        var chart = Chart(
            title: "\(objective.measure.rawValue) in ms against cost", height: 360,
            legend: [
                .init(name: "not beaten", color: 0), .init(name: "others with all seeds", color: 2),
                .init(name: "today's", color: 1),
            ])
        let x = Axis(upTo: max(shown.map(cost).max() ?? 1, 1e-6), places: (chart.left, chart.right))
        let y = Axis(upTo: max(highest * 1.1, 1e-3), places: (chart.bottom, chart.top + 4))
        chart.draw(horizontal: x, caption: "cost")
        chart.draw(vertical: y)
        let line = found.front.filter { latency($0).isFinite }.map {
            (x: x.place(cost($0)), y: Optional(y.place(latency($0))))
        }
        chart.draw(line: line, color: 0)
        for index in shown where latency(index) <= highest * 1.1 {
            let color = index == found.today ? 1 : found.front.contains(index) ? 0 : 2
            let name = index == found.chosen ? "chosen: " : index == found.today ? "today: " : ""
            chart.draw(
                point: (x.place(cost(index)), y.place(latency(index))),
                tip: name + SearchReport.cells(found.evaluations[index]).joined(separator: "; "), color: color)
        }
        return chart
    }
}
