import Autoscaler
import Foundation
import Recipes
import Simulation
import Testing

/// A run of a real cluster: its manifests, its load, and the instants at which its controller and its metrics worked.
@Suite("A recorded run of a real cluster")
struct RecordedRunTests {
    struct Run: Decodable {
        var scrapes: [Double]
        var replicas: [[Double]]
        var load: [Double]
    }

    /// Changes in one direction within some syncs.
    struct Move: Equatable {
        var begin: Double
        var from, to: Int
    }

    static func moves(_ steps: [(time: Double, spec: Int)]) -> [Move] {
        var moves: [Move] = []
        // What comes much later in the same direction is another move, of another load.
        for (before, after) in zip(steps, steps.dropFirst()) where before.spec != after.spec {
            if let last = moves.last, (last.to > last.from) == (after.spec > before.spec), after.time - last.begin < 100
            {
                moves[moves.count - 1].to = after.spec
            } else {
                moves.append(Move(begin: after.time, from: before.spec, to: after.spec))
            }
        }
        return moves
    }

    @Test("The moves 1 → 2, 2 → 5 and 5 → 1 agree in at least 16 of 20 seeds, and begin within 30 s")
    func moves() throws {
        let run = try JSONDecoder().decode(Run.self, from: Data(Self.text("run").utf8))
        let recorded = Self.moves(run.replicas.map { ($0[0], Int($0[1])) })
        try #require(recorded.map(\.from) == [1, 2, 5] && recorded.map(\.to) == [2, 5, 1])
        var agreeing = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var scenario = try Self.scenario(run)
            scenario.seed = seed
            let found = Self.moves(simulate(scenario).seconds.map { ($0.time, $0.spec) })
            let isSame =
                found.count == recorded.count
                && zip(found, recorded).allSatisfy {
                    $0.from == $1.from && $0.to == $1.to && abs($0.begin - $1.begin) <= 30
                }
            if isSame { agreeing += 1 }
        }
        #expect(agreeing >= 16, "\(agreeing) of 20")
    }

    static func scenario(_ run: Run) throws -> Scenario {
        let recipe = try Recipe(manifests: try text("objects"), name: "objects.json")
        func siege(_ clients: Int, _ delay: Double, from begin: Double, to end: Double) -> Phase {
            Phase(
                name: "siege", seconds: end - begin,
                traffic: .closed(Clients(count: clients, pause: 0...delay, hasWholePauses: true)))
        }
        let times = run.load
        var scenario = Scenario(
            duration: times[4], workload: recipe.workload,
            load: .traffic([
                Phase(name: "idle", seconds: times[0], traffic: .none),
                siege(20, 2, from: times[0], to: times[1]),
                Phase(name: "idle", seconds: times[2] - times[1], traffic: .none),
                siege(30, 1, from: times[2], to: times[3]),
            ]))
        scenario.nodes = recipe.nodes
        scenario.autoscaler = recipe.autoscaler
        scenario.service = ServiceModel(environment: recipe.environment, cores: 2).service
        scenario.service.missCPU = .constant(0.0067)
        scenario.metrics = .readAt(run.scrapes)
        // The first condition was set between 15 and 16 s after the creation, and the syncs drift by less than a second.
        scenario.controller.syncPhase = 15.9
        return scenario
    }

    static func text(_ name: String) throws -> String {
        let file = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors"))
        return try String(contentsOf: file, encoding: .utf8)
    }
}
