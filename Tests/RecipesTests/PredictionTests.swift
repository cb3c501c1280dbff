import LoadReport
import Recipes
import Simulation
import Testing

@Suite("Predicted and recorded")
struct PredictionTests {
    /// Each seed's prediction of the recorded run, by a service calibrated on its first load.
    static func predictions(seeds: ClosedRange<UInt64>, cost: Double = 1) throws -> [Prediction] {
        let run = try CalibrationTests.recording()
        let recipe = try CalibrationTests.recipe()
        let calibration = try Calibration(
            run, proofs: [], recipe: recipe, stretch: CalibrationTests.firstLoad)
        var model = ServiceModel(environment: recipe.environment, cores: 2)
        try model.read(calibration.yaml(of: "recording"), name: "service.yaml") { _ throws(RecipeError) in "" }
        model.service.missCPU = .constant(model.service.missCPU.mean * cost)
        var scenario = try run.scenario(recipe: recipe, model: model, load: nil, resolution: nil)
        return seeds.map { seed in
            scenario.seed = seed
            return Prediction(
                simulate(scenario), of: run, recipe: recipe, calibrated: CalibrationTests.firstLoad)
        }
    }

    @Test("Calibrated on the first load, second load, scale-down and reserved core-hours are proven, in 18 of 20 seeds")
    func proven() throws {
        let found = try Self.predictions(seeds: 1...20)
        #expect(found.count { $0.verdict == .proven } >= 18, "\(found.map(\.checks))")
        #expect(found.allSatisfy { $0.judged.count == 1 && $0.judged.first?.lowerBound == 245 })
    }

    @Test("A service that costs three times as much is void, and what differs first is named")
    func void() throws {
        let found = try Self.predictions(seeds: 1...1, cost: 3)[0]
        #expect(found.verdict == .void)
        #expect(
            found.text(statement: "s").hasPrefix("VOID: s\n")
                && found.text(statement: "s").contains("first difference: "))
    }

    @Test("What was not recorded is unproven, and so is what was calibrated on all of the recording")
    func unproven() throws {
        var run = try CalibrationTests.recording()
        let recipe = try CalibrationTests.recipe()
        let model = ServiceModel(environment: recipe.environment, cores: 2)
        let outcome = simulate(try run.scenario(recipe: recipe, model: model, load: nil, resolution: nil))
        let whole = Prediction(outcome, of: run, recipe: recipe, calibrated: 0...run.length)
        #expect(whole.verdict == .unproven && whole.judged.isEmpty)
        run.intervals = []
        let silent = Prediction(outcome, of: run, recipe: recipe, calibrated: nil)
        #expect(silent.verdict == .unproven && silent.checks.map(\.verdict) == [.proven, .proven, .unproven])
        run.samples = []
        #expect(
            Prediction(outcome, of: run, recipe: recipe, calibrated: nil).checks.allSatisfy { $0.verdict == .unproven })
    }

    @Test("The verdict is that of most seeds, and none where they are divided")
    func vote() throws {
        let proven = try Self.predictions(seeds: 1...1)[0]
        let void = try Self.predictions(seeds: 1...1, cost: 3)[0]
        try #require(proven.verdict == .proven && void.verdict == .void)
        let most = try #require(SeedVote([void, proven, proven, void, proven], order: [3, 1, 0, 4, 2]))
        #expect(most.verdict == .proven && most.agreeing == 3 && most.shown == 4)
        let divided = try #require(SeedVote([void, proven], order: [1, 0]))
        #expect(divided.verdict == nil)
        var shown = void
        shown.isDisputed = true
        #expect(shown.verdict == .unproven)
    }

    @Test(
        "A gap in the monitor's samples, an unknown start and unknown pauses of clients leave unproven what they touch")
    func doubts() throws {
        var run = try CalibrationTests.recording()
        let recipe = try CalibrationTests.recipe()
        let model = ServiceModel(environment: recipe.environment, cores: 2)
        let outcome = simulate(try run.scenario(recipe: recipe, model: model, load: nil, resolution: nil))
        func verdicts(given: Bool = false) -> [Verdict] {
            Prediction(outcome, of: run, recipe: recipe, calibrated: nil, isLoadGiven: given).checks.map(\.verdict)
        }
        try #require(verdicts() == [.proven, .proven, .proven])
        run.isLoadGuessed = true
        #expect(verdicts() == [.proven, .proven, .unproven] && verdicts(given: true).last == .proven)
        run.isLoadGuessed = false
        let all = run.samples
        run.samples = all.filter { !(300...600).contains($0.time) }
        #expect(verdicts() == [.unproven, .unproven, .proven])
        run.samples = all
        run.isStartAssumed = true
        #expect(verdicts() == [.unproven, .unproven, .unproven])
    }

    @Test("Intervals of fewer than 100 requests do not count, and one in ten may differ")
    func intervals() throws {
        var run = try CalibrationTests.recording()
        let recipe = try CalibrationTests.recipe()
        let model = ServiceModel(environment: recipe.environment, cores: 2)
        let outcome = simulate(try run.scenario(recipe: recipe, model: model, load: nil, resolution: nil))
        func interval(_ start: Double, _ requests: Int, mean: Double) -> RecordedRun.Interval {
            var interval = run.intervals[0]
            (interval.start, interval.seconds, interval.requests, interval.mean) = (start, 10, requests, mean)
            return interval
        }
        let good = (0..<9).map { interval(300 + Double($0) * 15, 500, mean: 0.01) }
        run.intervals = good + [interval(440, 500, mean: 5), interval(455, 99, mean: 5)]
        #expect(Prediction(outcome, of: run, recipe: recipe, calibrated: nil).checks[2].verdict == .proven)
        run.intervals.append(interval(470, 100, mean: 5))
        let found = Prediction(outcome, of: run, recipe: recipe, calibrated: nil).checks[2]
        #expect(found.verdict == .void && found.firstDifference?.time == 440)
    }
}

/// What the recording lacks.
@Suite("Predictions of recordings with gaps")
struct LackingTests {
    static func prediction(_ run: RecordedRun, given: Bool = false) throws -> Prediction {
        let recipe = try CalibrationTests.recipe()
        var whole = try CalibrationTests.recording()
        whole.samples = run.samples
        let model = ServiceModel(environment: recipe.environment, cores: 2)
        let outcome = simulate(try whole.scenario(recipe: recipe, model: model, load: nil, resolution: nil))
        return Prediction(outcome, of: run, recipe: recipe, calibrated: nil, isLoadGiven: given)
    }

    @Test("Where pods used CPU and no client recorded a request, nothing is judged, and what is left proves nothing")
    func unrecordedLoad() throws {
        var run = try CalibrationTests.recording()
        #expect(run.unrecordedLoad == nil)
        run.publications = []
        #expect(run.unrecordedLoad == nil)
        // The second load; the monitor still shows its CPU.
        run.requests.removeAll { $0.start > 245 }
        let found = try Self.prediction(run)
        let begin = try #require(run.unrecordedLoad).lowerBound
        #expect((235...260).contains(begin), "\(begin)")
        #expect(found.verdict == .unproven && found.judged.last?.upperBound == begin)
        #expect(found.text(statement: "s").contains("no client recorded a request; give the load with --load"))
        #expect(try Self.prediction(run, given: true).unrecorded == nil)
    }

    @Test("A column that the monitor's CSV lacks leaves its own condition unproven, by name, and the others judged")
    func columns() throws {
        var run = try CalibrationTests.recording()
        run.lackingColumns = ["cpu_req_core"]
        let found = try Self.prediction(run)
        #expect(found.checks.map(\.verdict) == [.proven, .unproven, .proven])
        #expect(found.checks[1].text.contains("lacks the column cpu_req_core"))
        run.lackingColumns = ["n_replica"]
        #expect(try Self.prediction(run).checks.map(\.verdict) == [.unproven, .proven, .proven])
        #expect(!run.hasReplicas || !run.replicas.isEmpty)
    }

    @Test("Reserved cores that differ are named by the first sample at which they do")
    func firstDifference() throws {
        var run = try CalibrationTests.recording()
        for index in run.samples.indices { run.samples[index].cores.requested *= 1.2 }
        let found = try Self.prediction(run)
        #expect(found.checks.map(\.verdict) == [.proven, .void, .proven])
        let text = try #require(found.firstDifference?.firstDifference?.text)
        let cores = try #require(text.firstMatch(of: #/^([0-9.]+) cores reserved as predicted, ([0-9.]+) recorded at/#))
        #expect(abs((Double(cores.2) ?? 0) / (Double(cores.1) ?? 1) - 1.2) < 0.01, "\(text)")
    }
}
