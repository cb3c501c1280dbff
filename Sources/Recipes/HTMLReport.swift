import Autoscaler
package import Simulation

/// One page with the lab's six plots, the decisions and the delays. It needs no network.
package enum HTMLReport {
    package static func page(_ outcome: Outcome, scenario: Scenario, recipe: Recipe, bill: Bill) -> String {
        let plots = plots(outcome, scenario: scenario, recipe: recipe).map(\.svg).joined(separator: "\n")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(escaped(recipe.name)), simulated</title><style>\(style)</style></head><body>
            <h1>\(escaped(recipe.name)), simulated</h1>
            <p>\(escaped(summary(recipe))) Seed \(outcome.seed).</p>
            <p id="reason" aria-live="polite">Point at a decision in the plot of replicas to see its reason.</p>
            <main>\(plots)</main>
            <h2>From a step in load to the first new ready pod</h2>
            \(delays(outcome, scenario: scenario))
            <h2>Phases</h2><pre>\(escaped(TextReport.table(outcome, bill: bill)))</pre>
            <h2>Decisions</h2><details><summary>\(outcome.decisions.count) syncs</summary>
            <pre>\(escaped(TextReport.explanations(outcome.decisions)))</pre></details>
            <script>\(script)</script></body></html>

            """
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

    private static func plots(_ outcome: Outcome, scenario: Scenario, recipe: Recipe) -> [Plot] {
        let duration = scenario.duration
        func minutes(_ value: (MinuteRow) -> Double?) -> [(time: Double, value: Double)] {
            outcome.minutes.enumerated().compactMap { index, row in value(row).map { (Double(index) * 60 + 30, $0) } }
        }
        func seconds(_ value: (SecondRow) -> Double) -> [(time: Double, value: Double)] {
            outcome.seconds.map { ($0.time, value($0)) }
        }
        let unit = recipe.monitored
        let marks = outcome.decisions.filter { $0.desired != $0.current }.map { decision in
            Plot.Mark(
                time: decision.time, value: Double(decision.desired),
                text: "\(fixed(decision.time, 0)) s, \(decision.reason): \(decision.explanation)")
        }
        return [
            Plot(
                title: "Transactions", unit: "served a minute",
                lines: [.init(name: "served", points: minutes { Double($0.served) })], duration: duration),
            Plot(
                title: "Response time", unit: "ms, mean of a minute",
                lines: [
                    .init(
                        name: "response time",
                        points: minutes { $0.served > 0 ? $0.latency / Double($0.served) * 1000 : nil })
                ], duration: duration),
            Plot(
                title: "Share that succeeded", unit: "percent of a minute",
                lines: [
                    .init(
                        name: "succeeded",
                        points: minutes { row in
                            let all = row.served + row.unserved
                            return all > 0 ? Double(row.served) * 100 / Double(all) : nil
                        })
                ], duration: duration),
            Plot(
                title: "Replicas", unit: "pods",
                lines: [
                    .init(name: "wanted", points: seconds { Double($0.spec) }, isStepped: true),
                    .init(name: "ready", points: seconds { Double($0.ready) }, isStepped: true),
                ], marks: marks, duration: duration),
            Plot(
                title: "CPU", unit: "cores",
                lines: [
                    .init(name: "requested", points: seconds { Double($0.pods) * unit.cpuRequest }, isStepped: true),
                    .init(name: "limit", points: seconds { Double($0.pods) * unit.cpuLimit }, isStepped: true),
                    .init(name: "used", points: seconds { $0.publishedCores }, isStepped: true),
                ], duration: duration),
            Plot(
                title: "Memory", unit: "MiB",
                lines: [
                    .init(name: "requested", points: seconds { Double($0.pods) * unit.memoryRequest }, isStepped: true),
                    .init(name: "limit", points: seconds { Double($0.pods) * unit.memoryLimit }, isStepped: true),
                    .init(name: "used", points: seconds { $0.memory }, isStepped: true),
                ], duration: duration),
        ]
    }

    private static func delays(_ outcome: Outcome, scenario: Scenario) -> String {
        let all = ReactionDelay.all(of: outcome, scenario: scenario)
        guard !all.isEmpty else { return "<p>No pod was added.</p>" }
        let rows = all.map { delay in
            let cells = [delay.step, delay.metrics, delay.sync, delay.start, delay.readiness, delay.total]
            return "<tr>\(cells.map { "<td>\(fixed($0, 1))</td>" }.joined())</tr>"
        }
        return """
            <table><thead><tr><th>step at, s</th><th>metrics</th><th>sync</th><th>start</th><th>readiness</th>\
            <th>together</th></tr></thead><tbody>\(rows.joined())</tbody></table>
            """
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--grid:#d5dae0;--c0:#0b62c4;--c1:#b4500a;--c2:#1a7f37}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--paper:#14171a;--grid:#3a4047;--c0:#6cb2ff;--c1:#f0a35e;\
        --c2:#5fd07e}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:84rem;margin:auto;\
        padding:1rem}
        main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem}
        figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}
        svg text{fill:var(--ink);font-size:12px}.value{text-anchor:end;dominant-baseline:middle}.time{text-anchor:middle}
        .grid{stroke:var(--grid)}path{fill:none;stroke-width:2}
        .line0{stroke:var(--c0)}.line1{stroke:var(--c1);stroke-dasharray:6 3}.line2{stroke:var(--c2)}
        circle{fill:var(--paper);stroke:var(--c0);stroke-width:2;cursor:help}circle:focus{fill:var(--c0);outline:none}
        .legend{margin:0;font-size:.85rem}.legend span{margin-right:1rem}.legend span[class]::before{content:"";\
        display:inline-block;width:1.2em;border-top:3px solid;margin-right:.4em;vertical-align:middle}
        .key0::before{color:var(--c0)}.key1::before{color:var(--c1)}.key2::before{color:var(--c2)}
        #reason{min-height:3em;border-left:4px solid var(--c0);padding-left:.8rem}
        pre{overflow:auto}td,th{padding:.2rem .8rem;text-align:right}table{border-collapse:collapse}tr{border-bottom:1px solid \
        var(--grid)}
        """

    private static let script = """
        for (const c of document.querySelectorAll('circle')) for (const e of ['mouseenter', 'focus'])
          c.addEventListener(e, () => { document.getElementById('reason').textContent = c.dataset.text; });
        """
}
