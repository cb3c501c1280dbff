import ArgumentParser
import Files
import Foundation
import LoadReport
import Recipes

/// `bungalow calibrate`: from what a load test left to a service file.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract:
            "Finds what a request costs from a load test's files, and writes a service file for simulate and recipe.",
        usage: "bungalow calibrate results >service.yaml",
        discussion: """
            Reads a folder as bungalow report does: the proofs of loadtest/ with the servers' counters, results of siege, k6 or \
            Locust, the CSV of monitor, scoring logs (*.txt, *.txt.gz) or what analyze --sqlite made of them, and /metrics \
            saved before and after a load (before.metrics, after.metrics), also in logs/. loadtest/calibrate makes a folder \
            that shows everything; a file that is not read is named.

            Each figure has the error that it may have and its source. What the files do not tell is left out, with a line on \
            what run would tell it.
            """)

    @Argument(help: ArgumentHelp("The folder with the files.", valueName: "dir"), completion: .directory)
    var folder: String
    @Option(
        help: ArgumentHelp(
            "Uses nothing before this: seconds of the recording, or a date such as 2026-11-27T09:19:57Z.",
            valueName: "time"), transform: RecordingTime.init)
    var from: RecordingTime?
    @Option(help: ArgumentHelp("Uses nothing after this.", valueName: "time"), transform: RecordingTime.init)
    var until: RecordingTime?
    @Option(
        help: ArgumentHelp(
            "The manifests of what was measured: limits and probes; objects.json in the folder otherwise.",
            valueName: "file"), completion: .file())
    var manifests: String?
    @Option(help: ArgumentHelp("Which autoscaler, where the manifests have several.", valueName: "name")) var hpa:
        String?
    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times; this machine's otherwise.", valueName: "zone"))
    var timeZone: String?

    func validate() throws { try RecordingFolder.check(zone: timeZone) }

    func run() throws {
        do {
            let recording = try RecordingFolder(path: folder, zone: timeZone)
            let recipe = try (manifests ?? recording.manifests).map {
                try Recipe(manifests: try SimulateCommand.text(of: $0), name: $0, hpa: hpa)
            }
            let begin = try from?.time(in: recording.run) ?? 0
            let end = try until?.time(in: recording.run) ?? recording.run.length
            guard begin < recording.run.length else {
                throw OperatorError(
                    .request,
                    "--from is after the end of the recording, which has \(fixed(recording.run.length, 0)) s: give less"
                )
            }
            guard begin < end else {
                throw OperatorError(.request, "--from is not before --until: give a stretch of time")
            }
            for note in recording.run.notes { StandardError.say(note) }
            let found = try Calibration(
                recording.run, proofs: recording.proofs, recipe: recipe, stretch: begin...end)
            let void = recording.proofs.filter { $0.verdict == .void }
            if let first = void.first {
                StandardError.say(
                    "\(void.count) of \(recording.proofs.count) runs are VOID, such as \"\(first.firstReason ?? "")\"; "
                        + "the CPU and the requests that the servers counted are used all the same")
            }
            for line in found.open { StandardError.say("open: \(line)") }
            try StandardOutput.write(Data(found.yaml(of: folder).utf8))
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }
}
