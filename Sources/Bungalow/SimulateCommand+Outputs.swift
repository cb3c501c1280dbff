import Files
import Foundation
import Recipes
import Simulation

extension SimulateCommand {
    /// Simulates this many seeds, starting with the given one.
    func simulateSeeds(_ scenario: inout Scenario, recipe: Recipe, count: Int) -> ([Outcome], [Bill]) {
        StandardError.say("seed \(seed)\(count > 1 ? " to \(seed &+ UInt64(count - 1))" : "")")
        var progress = Progress(runs: count, duration: scenario.duration)
        var outcomes: [Outcome] = []
        for run in 0..<count {
            scenario.seed = seed &+ UInt64(run)
            outcomes.append(simulate(scenario) { progress.show(run: run, time: $0) })
        }
        return (outcomes, outcomes.map { Bill($0, scenario: scenario, recipe: recipe) })
    }

    /// Writes the requested files.
    ///
    /// - Parameter comparison: a recording to draw beside the run, and a text about it.
    func writeOutputs(
        _ outcome: Outcome, scenario: Scenario, recipe: Recipe, bill: Bill,
        comparison: (recorded: RecordedRun, text: String)? = nil
    ) throws {
        if let csv {
            let folder = URL(filePath: csv)
            var files = [
                (folder.appending(path: LabFiles.monitorName), LabFiles.monitor(outcome, recipe: recipe)),
                (folder.appending(path: LabFiles.siegeName), LabFiles.siege(outcome)),
            ]
            if let phases = LabFiles.phases(of: scenario.load, duration: scenario.duration) {
                files.append((folder.appending(path: LabFiles.phasesName), phases))
            }
            try Self.write(files, to: csv)
        }
        if let svg {
            let pictures = SimulationCharts(
                outcome, scenario: scenario, recipe: recipe, recorded: comparison?.recorded
            ).pictures
            try Self.write(pictures.map { (URL(filePath: svg).appending(path: $0.file), $0.text) }, to: svg)
        }
        if let html {
            let page = HTMLReport.page(
                outcome, scenario: scenario, recipe: recipe, bill: bill, comparison: comparison)
            try Self.write([(URL(filePath: html), page)], to: html)
        }
    }

    static func write(_ files: [(url: URL, text: String)], to place: String) throws {
        do {
            for file in files {
                let folder = file.url.deletingLastPathComponent()
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try file.text.write(to: file.url, atomically: true, encoding: .utf8)
            }
        } catch {
            throw OperatorError(.output, "\(place): it cannot be written: \(error.localizedDescription)")
        }
    }

    /// Reports the progress of a long run every two seconds.
    private struct Progress {
        let runs: Int
        let duration: Double
        var next = ContinuousClock.now + .seconds(2)

        mutating func show(run: Int, time: Double) {
            guard ContinuousClock.now >= next else { return }
            next = .now + .seconds(2)
            let part = runs > 1 ? "seed \(run + 1) of \(runs), " : ""
            StandardError.say("\(part)\(Int(time) / 60) of \(Int(duration) / 60) min simulated")
        }
    }
}
