import Files
import Foundation
import LoadReport
import Recipes
import Simulation

/// `bungalow simulate --recording`: the prediction of a run that was recorded, and how far off it was.
extension SimulateCommand {
    /// Seeds whose median is the prediction.
    private static let recordingRuns = 9

    func predict(_ folder: String) throws {
        let recording = try RecordingFolder(path: folder, zone: timeZone)
        let run = recording.run
        guard let manifests = manifests ?? recording.manifests else {
            throw OperatorError(
                .request, "\(folder) has no objects.json: give what was deployed with --manifests")
        }
        let recipe = try Recipe(manifests: try Self.text(of: manifests), name: Self.shown(manifests), hpa: hpa)
        let model = try serviceModel(of: recipe, cores: recipe.nodes.map(\.cores).max() ?? 4)
        let calibrated = model.calibrated.flatMap { stretch in
            run.origin.map { stretch.lowerBound - $0...stretch.upperBound - $0 }
        }
        var scenario = try run.scenario(
            recipe: recipe, model: model, load: try load.map(readLoad), resolution: cluster.metricsResolution?.value,
            known: calibrated)
        if let nodes { scenario.nodes = nodes.nodes }
        if let duration { scenario.duration = duration.value }
        if let hitRate { scenario.service.hitRate = hitRate }
        scenario.routing = platform.routing
        cluster.applyController(to: &scenario)
        try checkRoom(scenario, recipe: recipe)
        for note in run.notes + recipe.notes { StandardError.say(note) }
        let count = runs ?? Self.recordingRuns
        let (outcomes, bills) = simulateSeeds(&scenario, recipe: recipe, count: count)
        let predictions = outcomes.map {
            Prediction($0, of: run, recipe: recipe, calibrated: calibrated, isLoadGiven: load != nil)
        }
        // The choice of what is shown knows nothing of the recording.
        let order = bills.indices.sorted {
            (bills[$0].monitoredReserved.cores, $0) < (bills[$1].monitoredReserved.cores, $1)
        }
        guard let vote = SeedVote(predictions, order: order) else { return }
        let middle = vote.shown
        var prediction = predictions[middle]
        let isWithinError =
            vote.verdict == .void
            && isProven(
                scenario, seed: outcomes[middle].seed, error: model.missError, of: run, recipe: recipe,
                calibrated: calibrated)
        prediction.isDisputed = vote.verdict == nil || isWithinError
        let seeds =
            isWithinError
            ? "within the error of cpu_per_miss_ms it is PROVEN as well as VOID, so the calibration is too coarse to tell"
            : vote.verdict == nil
                ? "no verdict is that of most of \(count) seeds"
                : "\(vote.agreeing) of \(count) seeds have this verdict"
        let statement =
            "\(recipe.name) as predicted: \(seeds), the figures are those of seed \(outcomes[middle].seed), the median by "
            + "reserved cores; load by \(load ?? run.loadSource)"
        var text = prediction.text(statement: statement)
        if let calibrated, calibrated.overlaps(0...run.length) {
            text +=
                "\n  not judged: \(fixed(max(0, calibrated.lowerBound), 0)) to \(fixed(calibrated.upperBound, 0)) s, on which "
                + "the service was calibrated"
        }
        if let note = run.keptConnections(verdict: prediction.verdict, isLoadGiven: load != nil) {
            text += "\n  \(note)"
        }
        if let controller = RecordedController(
            run, recipe: recipe, settings: scenario.controller.settings, period: scenario.controller.syncPeriod),
            !controller.changes.isEmpty
        {
            text +=
                "\n\nRecorded changes, by the controller's rules:\n"
                + controller.changes.joined(separator: "\n")
        }
        try writeOutputs(
            outcomes[middle], scenario: scenario, recipe: recipe, bill: bills[middle], comparison: (run, text))
        let file = service.map { URL(filePath: $0) }
        let source = file.flatMap { RecordedFile($0.lastPathComponent, in: $0.deletingLastPathComponent()) }
        if json {
            let simulation = JSONReport(outcomes[middle], bill: bills[middle])
            try StandardOutput.write(
                try prediction.data(
                    statement: statement, recording: recording.files, service: source, simulation: simulation))
        } else {
            try StandardOutput.say(text + "\n\n" + TextReport.table(outcomes[middle], bill: bills[middle]))
        }
        try OutputFile(path: recording.prediction.path).write(
            try prediction.data(statement: statement, recording: recording.files, service: source))
    }

    /// Whether a prediction that failed would be proven with a CPU of a request within the calibration's error.
    private func isProven(
        _ scenario: Scenario, seed: UInt64, error: Double?, of run: RecordedRun, recipe: Recipe,
        calibrated: ClosedRange<Double>?
    ) -> Bool {
        guard let error else { return false }
        return scenario.service.ends(missError: error).contains { service in
            var scenario = scenario
            (scenario.service, scenario.seed) = (service, seed)
            return Prediction(
                simulate(scenario), of: run, recipe: recipe, calibrated: calibrated, isLoadGiven: load != nil
            ).verdict == .proven
        }
    }
}
