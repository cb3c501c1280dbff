import Foundation
import LoadReport
import Recipes
import Simulation
import Testing

/// Recordings that a plain queue simulation in Python made with the oracle of the controller's rules: it shares no line with
/// `Simulation`, and steps through time in 5 ms. Monitor's CSV, siege's log with marks, and manifests.
@Suite("Independent recordings")
struct IndependentRecordingTests {
    static func read(_ name: String) throws -> (run: RecordedRun, recipe: Recipe) {
        let vectors = try #require(
            Bundle.module.url(forResource: "independent", withExtension: nil, subdirectory: "Vectors"))
        let folder = vectors.appending(path: name)
        let evidence = try LoadFolder(path: folder.path, zone: .gmt).read()
        let text = try String(contentsOf: folder.appending(path: "objects.json"), encoding: .utf8)
        return (
            try RecordedRun(folder: folder.path, evidence: evidence), try Recipe(manifests: text, name: "objects.json")
        )
    }

    /// The verdict of five seeds, calibrated on the first load alone.
    static func verdict(_ name: String, until: Double, cost: Double = 1) throws -> (Verdict?, [Prediction.Check]) {
        let (run, recipe) = try read(name)
        let calibration = try Calibration(run, proofs: [], recipe: recipe, stretch: 0...until)
        var model = ServiceModel(environment: recipe.environment, cores: 4)
        try model.read(calibration.yaml(of: name), name: "service.yaml") { _ throws(RecipeError) in "" }
        model.service.missCPU = .constant(model.service.missCPU.mean * cost)
        var scenario = try run.scenario(recipe: recipe, model: model, load: nil, resolution: nil, known: 0...until)
        let predictions = (1...5 as ClosedRange<UInt64>).map { seed in
            scenario.seed = seed
            return Prediction(simulate(scenario), of: run, recipe: recipe, calibrated: 0...until)
        }
        let vote = try #require(SeedVote(predictions, order: Array(predictions.indices)))
        return (vote.verdict, predictions[vote.shown].checks)
    }

    @Test(
        "Calibrated on the first load, the second is proven: metrics each 60 s, a model that varies, a wait",
        arguments: [("vary-60", 450.0), ("heavy-60", 480), ("wait-15", 300)])
    func proven(name: String, until: Double) throws {
        let (verdict, checks) = try Self.verdict(name, until: until)
        #expect(verdict == .proven, "\(checks)")
    }

    @Test("A service that costs half as much is void")
    func void() throws {
        #expect(try Self.verdict("vary-60", until: 450, cost: 0.5).0 == .void)
    }

    @Test("The recording shows when its metrics were read and when its controller acted")
    func phases() throws {
        let (run, _) = try Self.read("vary-60")
        #expect(run.resolution == 60)
        // In truth at 14.3 s of each minute.
        let read = try #require(run.scrapePhase(resolution: 60))
        #expect(abs(read - 14.3) < 4, "\(read)")
        // Changes at 143.3 and 263.4 s, a sync each 15.01 s.
        let sync = try #require(run.syncPhase(period: 15.01, in: 0...450))
        let distance = (143.3 - sync).remainder(dividingBy: 15.01)
        #expect(abs(distance) < 3, "\(sync)")
        #expect(run.syncPhase(period: 15.01, in: 0...100) == nil)
    }
}
