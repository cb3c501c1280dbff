import Autoscaler
import ReportPage
package import Simulation

/// One page with the lab's six plots, the decisions and the delays. It needs no network.
package enum HTMLReport {
    /// - Parameter comparison: a recording that is drawn beside the run, and what to say of it.
    package static func page(
        _ outcome: Outcome, scenario: Scenario, recipe: Recipe, bill: Bill,
        comparison: (recorded: RecordedRun, text: String)? = nil
    ) -> String {
        let charts = SimulationCharts(outcome, scenario: scenario, recipe: recipe, recorded: comparison?.recorded)
            .all.map(\.chart.html)
        let explanations = Markup.escaped(TextReport.explanations(outcome.decisions))
        let body = """
            \(comparison.map { "<pre tabindex=\"0\">\(Markup.escaped($0.text))</pre>" } ?? "")
            \(tiles(outcome, scenario: scenario, bill: bill))
            <p class="note">Each circle in the plot of replicas is a decision: point at it, or reach it with the Tab key, \
            to see its reason.</p>
            \(charts.joined(separator: "\n"))
            <h2>From a step in load to the first new ready pod, in seconds</h2>
            \(delays(outcome, scenario: scenario))
            <h2>Phases</h2><pre tabindex="0">\(Markup.escaped(TextReport.table(outcome, bill: bill)))</pre>
            <h2>Decisions</h2><details><summary>\(outcome.decisions.count) syncs</summary>
            <pre tabindex="0">\(explanations)</pre></details>
            """
        return PageFrame(
            title: "\(recipe.name), simulated", heading: "\(recipe.name), simulated",
            subtitle: "\(summary(recipe)) Seed \(outcome.seed).", body: body
        ).html
    }

    private static func tiles(_ outcome: Outcome, scenario: Scenario, bill: Bill) -> String {
        let served = outcome.phases.reduce(0) { $0 + $1.served }
        let rest = outcome.phases.reduce(0) { $0 + $1.rejected + $1.failed }
        return Markup.tiles([
            ("Requests served", String(served)), ("Rejected or failed", String(rest)),
            ("Most ready pods", String(outcome.seconds.map(\.ready).max() ?? 0)),
            ("Core-hours reserved, used", "\(fixed(bill.billedReserved.cores, 2)), \(fixed(bill.billedUsed.cores, 2))"),
        ])
    }

    private static func summary(_ recipe: Recipe) -> String {
        let unit = recipe.monitored
        let pod = "A pod requests \(fixed(unit.cpuRequest, 2)) cores, limit \(fixed(unit.cpuLimit, 2))."
        guard let autoscaler = recipe.autoscaler else { return pod }
        let targets = autoscaler.metrics.map { metric in
            switch metric.target {
            case .utilization(let percent): "\(percent) % of the request"
            case .averageValue(let millicores): "\(millicores)m a pod"
            }
        }
        return "Replicas from \(autoscaler.minReplicas) to \(autoscaler.maxReplicas), target "
            + "\(targets.joined(separator: ", "))\(autoscaler.behavior == nil ? ", no behavior" : ""). \(pod)"
    }

    private static func delays(_ outcome: Outcome, scenario: Scenario) -> String {
        let all = ReactionDelay.all(of: outcome, scenario: scenario)
        guard !all.isEmpty else { return "<p>No pod was added.</p>" }
        let rows = all.map { delay in
            [delay.step, delay.metrics, delay.sync, delay.start, delay.readiness, delay.total].map { fixed($0, 1) }
        }
        return "<figure>"
            + Markup.table(titles: ["step at", "metrics", "sync", "start", "readiness", "together"], rows: rows)
            + "</figure>"
    }
}
