import ArgumentParser
import Autoscaler
import Files
import Foundation
import Recipes

/// `bungalow explain`: why an autoscaler does, or did, what it does.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why a HorizontalPodAutoscaler does, or did, what it does, and why it does nothing.",
        discussion: """
            With --recording, each change of the replicas with the rule that made it, and each time that the autoscaler might \
            have moved and did not. The rules are those of the controller of Kubernetes 1.36, at the syncs that the recorded \
            changes tell, on what was recorded of the pods and their metrics.
            """)

    @Option(help: ArgumentHelp("A recorded run's folder.", valueName: "folder")) var recording: String?
    @Option(
        help: ArgumentHelp("What was deployed; objects.json in the folder otherwise.", valueName: "file"))
    var manifests: String?
    @Option(help: ArgumentHelp("Which autoscaler, where there are several.", valueName: "name")) var hpa: String?
    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times; this machine's otherwise.", valueName: "zone"))
    var timeZone: String?
    @Option(help: ArgumentHelp("The controller's sync period, 15.", valueName: "time")) var syncPeriod: Seconds?

    func validate() throws {
        guard recording != nil else { throw ValidationError("Give --recording.") }
        if let period = syncPeriod, period.value < 1 { throw ValidationError("--sync-period must be at least 1 s.") }
        try RecordingFolder.check(zone: timeZone)
    }

    func run() async throws {
        do {
            if let recording { try explain(recording) }
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }

    private func explain(_ path: String) throws {
        let folder = try RecordingFolder(path: path, zone: timeZone)
        guard let manifests = manifests ?? folder.manifests else {
            throw OperatorError(.request, "\(path) has no objects.json: give what was deployed with --manifests")
        }
        let text = try SimulateCommand.text(of: manifests)
        let findings = try Findings.lines(manifests: text, name: manifests, hpa: hpa)
        let recipe = try Recipe(manifests: text, name: manifests, hpa: hpa)
        for note in folder.run.notes { StandardError.say(note) }
        var settings = ControllerSettings()
        settings.downscaleStabilization = 300
        guard
            let controller = RecordedController(
                folder.run, recipe: recipe, settings: settings, period: syncPeriod?.value ?? 15)
        else {
            throw OperatorError(.input, "\(manifests): there is no HorizontalPodAutoscaler: nothing decides")
        }
        try StandardOutput.say(controller.text(findings: findings))
    }
}
