import Autoscaler
import Foundation
import Recipes
import Simulation
import Testing

@Suite("Loads, services and reports")
struct LoadTests {
    static func error(_ read: () throws(RecipeError) -> Void) -> String? {
        do {
            try read()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("The lab's load is thirty minutes of siege")
    func lab() {
        guard case .traffic(let phases) = LoadProfile.lab else { return }
        #expect(phases.count == 30 && LoadProfile.lab.length == 1800)
        #expect(LoadProfile.course.length == 365)
    }

    @Test("A phase file")
    func phases() throws {
        let load = try LoadProfile.yaml(
            """
            phases: [{seconds: 150, clients: 20, pause_s: [0, 2], rounding: whole, connection: keep}, {seconds: 5},
              {seconds: 60, requests_per_s: 30}]
            """, name: "load.yaml")
        let clients = Clients(count: 20, pause: 0...2, hasWholePauses: true, keepsConnections: true)
        #expect(
            load
                == .traffic([
                    Phase(name: "20 clients", seconds: 150, traffic: .closed(clients)),
                    Phase(name: "idle", seconds: 5, traffic: .none),
                    Phase(
                        name: "30 requests/s", seconds: 60,
                        traffic: .open(OpenTraffic(steps: [Step(time: 0, value: 30)]))),
                ]))
    }

    @Test("Demand without requests, and rates by steps")
    func demand() throws {
        let load = try LoadProfile.yaml("demand_cores: [[0, 0.08], [15, 0.9]]\npod_cap_cores: 1", name: "d.yaml")
        #expect(load == .demand([Step(time: 0, value: 0.08), Step(time: 15, value: 0.9)], podCap: 1))
        let rates = try LoadProfile.csv("t_s,requests_per_s\n0,10\n60,20\n", name: "r.csv")
        #expect(rates.length == 120)
    }

    @Test("Recorded requests are a rate from the first one on; spans add up and gaps stay")
    func recorded() throws {
        let load = try LoadProfile.recorded(
            [
                RecordedRequests(start: 1_000_070, seconds: 10, count: 5),
                RecordedRequests(start: 1_000_000, seconds: 60, count: 600),
                RecordedRequests(start: 1_000_030, seconds: 30, count: 60),
            ], name: "run")
        let steps = [(0.0, 10.0), (30, 12), (60, 0), (70, 0.5), (80, 0)].map { Step(time: $0, value: $1) }
        #expect(load == .traffic([Phase(name: "recorded", seconds: 80, traffic: .open(OpenTraffic(steps: steps)))]))
        for (spans, message) in [
            ([], "no request with a time was recorded"),
            ([(0.0, 1.0), (2e6, 1.0)], "its requests span 23 days: give a single run"),
        ] as [([(Double, Double)], String)] {
            let error = Self.error { () throws(RecipeError) in
                let spans = spans.map { RecordedRequests(start: $0.0, seconds: $0.1, count: 1) }
                _ = try LoadProfile.recorded(spans, name: "run")
            }
            #expect(error?.hasPrefix("run: ") == true && error?.contains(message) == true, "\(error ?? "")")
        }
    }

    @Test(
        "A bad load ends with one line",
        arguments: [
            ("phases: []", "phases is a list: give at least one phase"),
            ("phases: [{seconds: 5}]", "no phase sends a request"),
            ("phases: [{seconds: 5, clients: 0}]", "no phase sends a request"),
            ("phases: [{seconds: -1}]", "phases[0].seconds is \"-1\": give a number from 0.001"),
            ("phases: [{seconds: 5, users: 3}]", "users is unknown; known are"),
            ("phases: [{seconds: 5, clients: 3, pause_s: [2, 1]}]", "give at least the first number"),
            ("phases: [{seconds: 5, clients: 3, rounding: up}]", "give none or whole"),
            ("demand_cores: [[0, 0]]", "give steps, at least one above 0"),
            ("demand_cores: [[5, 1], [0, 1]]", "in the order of time"),
            ("- 1", "it is not a load: give phases or demand_cores"),
        ])
    func badLoads(text: String, message: String) throws {
        let error = try #require(
            Self.error { () throws(RecipeError) in _ = try LoadProfile.yaml(text, name: "l.yaml") })
        #expect(error.hasPrefix("l.yaml") && error.contains(message), "\(error)")
    }

    @Test("A service file: numbers, spreads, samples")
    func service() throws {
        var model = ServiceModel(environment: [:], cores: 2)
        try model.read(
            """
            cpu_per_hit_ms: 0.5
            cpu_per_miss_ms: {mean: 300, cv: 0.2}
            wait_per_miss_ms: {samples: waits.txt}
            start_up_s: 12
            model_threads: 4
            """, name: "heavy.yaml"
        ) { _ throws(RecipeError) in "wait_ms\n1\n2\n" }
        #expect(model.service.hitCPU == .constant(0.0005))
        #expect(model.service.missCPU == .spread(mean: 0.3, variation: 0.2))
        #expect(model.service.missWait == .samples([0.001, 0.002]))
        #expect(model.startUp == 12 && model.service.modelThreads == 4)
        let error = Self.error { () throws(RecipeError) in
            try model.read("cpu_per_hit: 5", name: "heavy.yaml") { _ throws(RecipeError) in "" }
        }
        #expect(error?.contains("heavy.yaml: cpu_per_hit is unknown; known are cpu_per_hit_ms") == true)
    }

    @Test("Quantities and times", arguments: [("90", 90.0), ("90s", 90), ("5m", 300), ("1h", 3600), ("200ms", 0.2)])
    func times(text: String, expected: Double) {
        #expect(seconds(text) == expected)
    }

    @Test("One seed gives the same bytes of JSON, with the keys that are promised")
    func json() throws {
        let recipe = try Recipe(manifests: try ManifestTests.text("lab.yaml"), name: "lab.yaml")
        var scenario = Scenario(duration: 300, workload: recipe.workload, load: LoadProfile.course)
        scenario.autoscaler = recipe.autoscaler
        scenario.service.missCPU = .constant(0.02)
        let written = try (0..<2).map { _ in
            let outcome = simulate(scenario)
            return try JSONReport.data([JSONReport(outcome, bill: Bill(outcome, scenario: scenario, recipe: recipe))])
        }
        #expect(written[0] == written[1])
        let json = try #require(try JSONSerialization.jsonObject(with: written[0]) as? [String: Any])
        #expect(Set(json.keys) == ["decisions", "phases", "replicas", "reserved", "seed", "used"])
        let replicas = try #require(json["replicas"] as? [[String: Any]])
        #expect(replicas.count == 301 && Set(replicas[0].keys) == ["t_s", "spec", "ready"])
        let decisions = try #require(json["decisions"] as? [[String: Any]])
        #expect(
            Set(decisions[0].keys).isSuperset(of: ["t_s", "current", "desired", "reason", "explanation"]))
        #expect(((json["reserved"] as? [String: Any])?["core_hours"] as? Double ?? 0) >= 300.0 / 3600)
    }

    @Test("What the monitor counts and what is billed agree for a pod that never changes")
    func bills() throws {
        let recipe = try Recipe(manifests: try ManifestTests.text("lab.yaml"), name: "lab.yaml")
        var scenario = Scenario(
            duration: 3600, workload: recipe.workload, load: .demand([Step(time: 0, value: 0.3)], podCap: nil))
        scenario.autoscaler = recipe.autoscaler
        // The readiness probe runs the model.
        scenario.service.missCPU = .zero
        let bill = Bill(simulate(scenario), scenario: scenario, recipe: recipe)
        #expect(abs(bill.monitoredReserved.cores - 1) < 1e-9 && abs(bill.billedReserved.cores - 1) < 1e-9)
        #expect(abs(bill.billedReserved.gibibytes - 2) < 1e-9)
        #expect(abs(bill.billedUsed.cores - 0.3) < 1e-9)
        #expect(abs(bill.monitoredUsed.cores - 0.3) < 0.01)
    }
}
