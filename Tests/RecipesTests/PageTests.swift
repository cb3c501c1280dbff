import Autoscaler
import Foundation
import Recipes
import ReportPage
import Simulation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("The page and the lab's files")
struct PageTests {
    static func run() throws -> (Outcome, Scenario, Recipe) {
        let recipe = try Recipe(manifests: try ManifestTests.text("lab.yaml"), name: "lab.yaml")
        var scenario = Scenario(duration: LoadProfile.labDuration, workload: recipe.workload, load: LoadProfile.lab)
        scenario.autoscaler = recipe.autoscaler
        scenario.service.missCPU = .constant(0.3)
        return (simulate(scenario), scenario, recipe)
    }

    @Test("Six plots, a mark with its reason for each change, and no address of another host")
    func page() throws {
        let (outcome, scenario, recipe) = try Self.run()
        let bill = Bill(outcome, scenario: scenario, recipe: recipe)
        let page = HTMLReport.page(outcome, scenario: scenario, recipe: recipe, bill: bill)
        #expect(page.components(separatedBy: "<svg").count == 7)
        let changes = outcome.decisions.filter { $0.desired != $0.current }
        #expect(!changes.isEmpty && page.components(separatedBy: "<circle").count == changes.count + 1)
        #expect(page.components(separatedBy: "tabindex=\"0\" role=\"img\"").count == changes.count + 1)
        #expect(!page.contains("http:") && !page.contains("https:") && page.contains("prefers-color-scheme: dark"))
        for change in changes { #expect(page.contains("data-tip=\"\(fixed(change.time, 0)) s, \(change.reason)")) }
    }

    @Test("Six pictures that are files of their own, with their names, and well-formed")
    func pictures() throws {
        let (outcome, scenario, recipe) = try Self.run()
        let charts = SimulationCharts(outcome, scenario: scenario, recipe: recipe).all
        #expect(charts.map(\.name) == ["transactions", "response-time", "success", "replicas", "cpu", "memory"])
        for (name, chart) in charts {
            let picture = chart.picture
            #expect(XMLParser(data: Data(picture.utf8)).parse(), "\(name)")
            #expect(picture.hasPrefix("<svg xmlns=") && picture.contains("prefers-color-scheme: dark"))
        }
    }

    @Test("A delay is the sum of its parts, each at least 0")
    func delays() throws {
        let (outcome, scenario, _) = try Self.run()
        let delays = ReactionDelay.all(of: outcome, scenario: scenario)
        #expect(!delays.isEmpty)
        for delay in delays {
            #expect([delay.metrics, delay.sync, delay.start, delay.readiness].allSatisfy { $0 >= 0 })
            #expect(outcome.pods.contains { abs(($0.ready ?? 0) - delay.step - delay.total) < 1e-6 })
            #expect(delay.readiness >= 15)
            // Siege's minutes that are like the one before them are not steps.
            #expect([0, 300, 420, 540, 600, 900].contains(delay.step))
        }
    }

    @Test("The lab's files have their headers, a row each five seconds, and a row each minute of siege")
    func files() throws {
        let (outcome, _, recipe) = try Self.run()
        let rows = LabFiles.monitor(outcome, recipe: recipe).split(separator: "\n")
        #expect(
            rows[0] == "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB")
        #expect(rows.count == 482 && rows[1].hasPrefix("0.00,1,1,2097152,2,4194304,"))
        let siege = LabFiles.siege(outcome).split(separator: "\n")
        #expect(siege.count == 31)
        #expect(siege[0].hasPrefix("      Date & Time,  Trans,  Elap Time,"))
        #expect(siege[1].hasPrefix("2000-01-01 00:01:00,") && siege[1].split(separator: ",").count == 10)
        let served = outcome.minutes.reduce(0) { $0 + $1.served }
        #expect(served == outcome.phases.reduce(0) { $0 + $1.served })
    }
}
