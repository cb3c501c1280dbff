import Foundation
import ReportPage
import Simulation

/// A page with the front, and the six plots of today's and of the chosen recipe.
package enum SearchPage {
    /// Of a plot beside another.
    private static let halfWidth = 560.0

    package static func page(
        _ found: RecipeSearch.Found, search: RecipeSearch, grid: SearchSpace.Grid
    ) -> String {
        let report = SearchReport(found, search: search, grid: grid)
        let drawn = [("Today", found.today), ("Chosen", found.chosen)].compactMap { name, index in
            index.map { (name: name, candidate: found.evaluations[$0].candidate) }
        }
        let rows = SimulationCharts.rows(drawn.map { charts($0.candidate, search: search) }, width: halfWidth)
        let pairs = rows.map { row in
            let cells = zip(drawn, row).map { "<div><h3>\($0.name)</h3>\($1)</div>" }
            return "<div class=\"pair\">\(cells.joined())</div>"
        }
        let names = drawn.map { "\($0.name): \(Markup.escaped($0.candidate.text))" }.joined(separator: "; ")
        let table = report.frontTable
        let body = """
            \(Chart.html { front(found, search: search, width: $0) } ?? "")
            \(report.paragraphs.map { "<p>\(Markup.escaped($0))</p>" }.joined(separator: "\n"))
            <h2>Not beaten in both latency and cost</h2>
            <figure>\(Markup.stackedTable(titles: table.titles, rows: table.rows))</figure>
            \(report.neighbours.map { "<h2>With one number changed</h2><figure>\(stacked($0))</figure>" } ?? "")
            <h2>One run of each, seed \(search.seed)</h2><p>\(names)</p>
            \(pairs.joined(separator: "\n"))
            """
        return PageFrame(
            title: "\(search.space.recipe.name), recipes", heading: "\(search.space.recipe.name), recipes",
            subtitle: "Latency (\(search.objective.measure.rawValue)) against reserved cost. Seed \(search.seed).",
            body: body
        ).html
    }

    private static func stacked(_ table: (titles: [String], rows: [[String]])) -> String {
        Markup.stackedTable(titles: table.titles, rows: table.rows)
    }

    private static func charts(_ candidate: Candidate, search: RecipeSearch) -> SimulationCharts {
        let scenario = search.space.scenario(of: candidate, seed: search.seed)
        return SimulationCharts(
            simulate(scenario), scenario: scenario, recipe: search.space.recipe(of: candidate))
    }

    private static func front(_ found: RecipeSearch.Found, search: RecipeSearch, width: Double) -> Chart {
        let objective = search.objective
        func latency(_ index: Int) -> Double { objective.median(found.evaluations[index]) * 1000 }
        func cost(_ index: Int) -> Double { found.evaluations[index].median(\.cost) }
        let marked = [(found.today, "today"), (found.chosen, "chosen")].compactMap { index, name in
            index.map { (index: $0, name: name) }
        }
        let shown = found.evaluations.indices.filter { latency($0).isFinite }
        let highest = (found.front + marked.map(\.index)).map(latency).filter(\.isFinite).max() ?? 1
        var chart = Chart(
            title: "\(objective.measure.rawValue) in ms against cost", width: width, height: 360,
            legend: [
                .init(name: "not beaten", color: 0), .init(name: "others with all seeds", color: 2),
                .init(name: "today's", color: 1), .init(name: "chosen", color: 3),
            ])
        let costs = (shown + marked.map(\.index)).map(cost)
        let x = Axis(upTo: max(costs.max() ?? 1, 1e-6), places: (chart.left, chart.right))
        let y = Axis(upTo: max(highest * 1.1, 1e-3), places: (chart.bottom, chart.top + 4))
        chart.draw(horizontal: x, caption: "cost")
        chart.draw(vertical: y)
        let line = found.front.filter { latency($0).isFinite }.map {
            (x: x.place(cost($0)), y: Optional(y.place(latency($0))))
        }
        chart.draw(line: line, color: 0)
        for index in shown where latency(index) <= highest * 1.1 && !marked.contains(where: { $0.index == index }) {
            chart.draw(
                point: (x.place(cost(index)), y.place(latency(index))), tip: tip(found.evaluations[index]),
                color: found.front.contains(index) ? 0 : 2)
        }
        // Last, so that nothing covers them.
        for (index, name) in marked {
            let place = x.place(cost(index))
            let anchor = place > width - 90 ? "end" : "start"
            let evaluation = found.evaluations[index]
            guard latency(index).isFinite else {
                chart.draw(mark: place, label: "\(name): none", anchor: anchor)
                continue
            }
            let height = y.place(latency(index))
            chart.draw(
                point: (place, height), tip: "\(name): " + tip(evaluation), color: name == "today" ? 1 : 3,
                isLarge: true)
            chart.draw(text: name, x: anchor == "end" ? place - 12 : place + 12, y: height - 6, anchor: anchor)
        }
        return chart
    }

    private static func tip(_ evaluation: Evaluation) -> String {
        SearchReport.cells(evaluation).joined(separator: "; ")
    }
}
