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
    }

    /// Each with the name of its file.
    package var all: [(name: String, chart: Chart)] {
        let unit = recipe.monitored
        let replicas = [
            Line(name: "wanted", points: seconds { Double($0.spec) }),
            Line(name: "ready", points: seconds { Double($0.ready) }),
        ]
        let cores = [
            Line(name: "used", points: seconds { $0.publishedCores }),
            Line(name: "requested", points: seconds { Double($0.pods) * unit.cpuRequest }),
            Line(name: "limit", points: seconds { Double($0.pods) * unit.cpuLimit }),
        ]
        let old = recorded.map(RecordedLines.init)
        func with(_ line: RecordedLines.Line?, _ name: String, _ lines: [Line]) -> [Line] {
            lines
                + [line].compactMap(\.self).map {
                    Line(name: "\(name), recorded", points: $0.points, isStepped: $0.isStepped, isRecorded: true)
                }
        }
        let memory = [
            Line(name: "used", points: seconds { $0.memory }),
            Line(name: "requested", points: seconds { Double($0.pods) * unit.memoryRequest }),
            Line(name: "limit", points: seconds { Double($0.pods) * unit.memoryLimit }),
        ]
        return [
            (
                "transactions",
                chart(
                    "Transactions served in a minute",
                    with(old?.transactions, "served", [minutes("served") { Double($0.served) }]))
            ),
            (
                "response-time",
                chart(
                    "Response time in ms, mean of a minute",
                    with(
                        old?.response, "response time",
                        [minutes("response time") { $0.served > 0 ? $0.latency / Double($0.served) * 1000 : nil }]))
            ),
            (
                "success",
                chart(
                    "Requests that succeeded, in percent",
                    with(old?.success, "succeeded", [minutes("succeeded", Self.percent)]), least: 100)
            ),
            (
                "replicas",
                chart("Replicas", with(old?.replicas, "pods", replicas), least: 4, decisions: outcome.decisions)
            ),
            ("cpu", chart("CPU in cores", with(old?.cores, "used", cores))),
            ("memory", chart("Memory in MiB", with(old?.memory, "used", memory))),
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

    /// - Parameter least: the vertical axis goes up to this value at least.
    private func chart(_ title: String, _ lines: [Line], least: Double = 0, decisions: [Decision] = []) -> Chart {
        // The colour of "used" is that of "ready": what is there.
        let drawn = lines.count { !$0.isRecorded }
        // What was recorded has the colour of what is compared to it: the first line, or the pods that are there.
        let colors = (drawn == 2 ? [1, 0] : Array([0, 1, 2].prefix(drawn))) + [0]
        let isAlone = lines.count == 1
        let legend = zip(lines, colors).map { Chart.LegendEntry(name: $0.name, color: $1) }
        var chart = Chart(title: title, height: 240, legend: isAlone ? [] : legend)
        let most = lines.flatMap { $0.points.map(\.value) }.max() ?? 0
        let x = Axis(upTo: scenario.duration / 60, places: (chart.left, chart.right))
        let y = Axis(upTo: max(most, least, 1e-3), places: (chart.bottom, chart.top + 4))
        chart.draw(horizontal: x, caption: "minutes")
        chart.draw(vertical: y)
        for (line, color) in zip(lines, colors) {
            let points = (line.isStepped ? Self.corners(line.points) : line.points).map {
                (x: x.place($0.time / 60), y: Optional(y.place($0.value)))
            }
            chart.draw(line: points, color: color, isWide: line.isRecorded)
        }
        for decision in decisions where decision.desired != decision.current {
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
