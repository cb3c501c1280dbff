import Autoscaler
package import ReportPage
package import Simulation

/// The lab's six plots of a run.
package struct SimulationCharts {
    private let outcome: Outcome
    private let scenario: Scenario
    private let recipe: Recipe
    private let recorded: RecordedRun?

    /// - Parameter recorded: drawn below the simulation, wide and pale.
    package init(_ outcome: Outcome, scenario: Scenario, recipe: Recipe, recorded: RecordedRun? = nil) {
        self.outcome = outcome
        self.scenario = scenario
        self.recipe = recipe
        self.recorded = recorded
    }

    private struct Line {
        var name: String
        var points: [(time: Double, value: Double)]
        /// A value holds until the next one.
        var isStepped = true
        var isRecorded = false
        /// Blue is what there is, orange what is asked for, green what is allowed.
        var color = 0
    }

    private struct Plot {
        var name: String
        var title: String
        var lines: [Line]
        /// The vertical axis goes up to this value at least.
        var least = 0.0
        var decisions: [Decision] = []

        var highest: Double { max(lines.flatMap { $0.points.map(\.value) }.max() ?? 0, least, 1e-3) }
    }

    /// Each with the name of its file.
    package var all: [(name: String, chart: Chart)] {
        plots.map { ($0.name, chart($0, width: Chart.pageWidth, highest: $0.highest)) }
    }

    /// The plots of several runs, row by row, with the same axes in a row: as HTML for a part of a page and for a phone.
    package static func rows(_ runs: [SimulationCharts], width: Double) -> [[String]] {
        let plots = runs.map(\.plots)
        return (0..<(plots.first?.count ?? 0)).map { row in
            let highest = plots.map { $0[row].highest }.max() ?? 1
            return zip(runs, plots).map { run, plots in
                Chart.html(width: width) { run.chart(plots[row], width: $0, highest: highest) } ?? ""
            }
        }
    }

    private var plots: [Plot] {
        let unit = recipe.monitored
        let replicas = [
            Line(name: "wanted", points: seconds { Double($0.spec) }, color: 1),
            Line(name: "ready", points: seconds { Double($0.ready) }),
        ]
        let cores = [
            Line(name: "used", points: seconds { $0.publishedCores }),
            Line(name: "requested", points: seconds { Double($0.pods) * unit.cpuRequest }, color: 1),
            Line(name: "limit", points: seconds { Double($0.pods) * unit.cpuLimit }, color: 2),
        ]
        let memory = [
            Line(name: "used", points: seconds { $0.memory }),
            Line(name: "requested", points: seconds { Double($0.pods) * unit.memoryRequest }, color: 1),
            Line(name: "limit", points: seconds { Double($0.pods) * unit.memoryLimit }, color: 2),
        ]
        let old = recorded.map(RecordedLines.init)
        // What was recorded has the colour of what is compared to it.
        func with(_ lines: [Line], _ recorded: (line: RecordedLines.Line?, name: String, color: Int)...) -> [Line] {
            lines
                + recorded.compactMap { line, name, color in
                    line.map {
                        Line(
                            name: "\(name), recorded", points: $0.points, isStepped: $0.isStepped, isRecorded: true,
                            color: color)
                    }
                }
        }
        let response = minutes("response time") { $0.served > 0 ? $0.latency / Double($0.served) * 1000 : nil }
        return [
            Plot(
                name: "transactions", title: "Transactions served in a minute",
                lines: with([minutes("served") { Double($0.served) }], (old?.transactions, "served", 0))),
            Plot(
                name: "response-time", title: "Response time in ms, mean of a minute",
                lines: with([response], (old?.response, "response time", 0))),
            Plot(
                name: "success", title: "Requests that succeeded, in percent",
                lines: with([minutes("succeeded", Self.percent)], (old?.success, "succeeded", 0)), least: 100),
            Plot(
                name: "replicas", title: "Replicas", lines: with(replicas, (old?.replicas, "pods", 0)), least: 4,
                decisions: outcome.decisions),
            Plot(
                name: "cpu", title: "CPU in cores",
                lines: with(cores, (old?.cores, "used", 0), (old?.requestedCores, "requested", 1))),
            Plot(name: "memory", title: "Memory in MiB", lines: with(memory, (old?.memory, "used", 0))),
        ]
    }

    /// Each as the text of an SVG file, with the file's name.
    package var pictures: [(file: String, text: String)] { all.map { ("\($0.name).svg", $0.chart.picture) } }

    private static func percent(_ row: ResponseRow) -> Double? {
        let all = row.served + row.unserved
        return all > 0 ? Double(row.served) * 100 / Double(all) : nil
    }

    private func minutes(_ name: String, _ value: (ResponseRow) -> Double?) -> Line {
        let points = outcome.minutes.enumerated().compactMap { index, row in
            value(row).map { (Double(index) * 60 + 30, $0) }
        }
        return Line(name: name, points: points, isStepped: false)
    }

    private func seconds(_ value: (SecondRow) -> Double) -> [(time: Double, value: Double)] {
        outcome.seconds.map { ($0.time, value($0)) }
    }

    private func chart(_ plot: Plot, width: Double, highest: Double) -> Chart {
        let isAlone = plot.lines.count == 1
        let legend = plot.lines.map { Chart.LegendEntry(name: $0.name, color: $0.color, isWide: $0.isRecorded) }
        var chart = Chart(title: plot.title, width: width, height: 240, legend: isAlone ? [] : legend)
        let x = Axis(upTo: scenario.duration / 60, places: (chart.left, chart.right))
        let y = Axis(upTo: highest, places: (chart.bottom, chart.top + 4))
        chart.draw(horizontal: x, caption: "minutes")
        chart.draw(vertical: y)
        for line in plot.lines {
            let points = (line.isStepped ? Self.corners(line.points) : line.points).map {
                (x: x.place($0.time / 60), y: Optional(y.place($0.value)))
            }
            chart.draw(line: points, color: line.color, isWide: line.isRecorded)
        }
        for decision in plot.decisions where decision.desired != decision.current {
            chart.draw(
                point: (x.place(decision.time / 60), y.place(Double(decision.desired))),
                tip: "\(fixed(decision.time, 0)) s, \(decision.reason): \(decision.explanation)", color: 1)
        }
        return chart
    }

    /// The corners of a line of steps.
    private static func corners(_ points: [(time: Double, value: Double)]) -> [(time: Double, value: Double)] {
        var corners: [(time: Double, value: Double)] = []
        for point in points {
            guard let last = corners.last else {
                corners.append(point)
                continue
            }
            if last.value == point.value { continue }
            corners.append((point.time, last.value))
            corners.append(point)
        }
        if let end = points.last { corners.append(end) }
        return corners
    }
}
