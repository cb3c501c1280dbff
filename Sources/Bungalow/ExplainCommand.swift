import ArgumentParser
import Autoscaler
import Cluster
import Files
import Foundation
import Recipes

/// `bungalow explain`: why an autoscaler does, or did, what it does.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why a HorizontalPodAutoscaler does, or did, what it does, and why it does nothing.",
        discussion: """
            Without --recording, once every sync period with --follow: each pod as the controller sees it, the proposal, what \
            holds it, and what it would take to move. What only the controller's memory knows is marked as unknown, and grows \
            known while it is followed. kubectl is used as you have it; nothing is changed.

            With --recording, each change of the replicas with the rule that made it, and each time that the autoscaler might \
            have moved and did not. The rules are those of the controller of Kubernetes 1.36, at the syncs that the recorded \
            changes tell, on what was recorded of the pods and their metrics.
            """)

    @Option(help: ArgumentHelp("The namespace of a live autoscaler.", valueName: "name")) var namespace: String?
    @Option(help: "The kubectl context; the current one if none is named.") var context: String?
    @Flag(help: "Continues until Ctrl-C, once every sync period.") var follow = false
    @Option(help: ArgumentHelp("A recorded run's folder.", valueName: "folder"), completion: .directory)
    var recording: String?
    @Option(
        help: ArgumentHelp("What was deployed; objects.json in the folder otherwise.", valueName: "file"),
        completion: .file())
    var manifests: String?
    @Option(help: ArgumentHelp("Which autoscaler, where there are several.", valueName: "name")) var hpa: String?
    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times; this machine's otherwise.", valueName: "zone"))
    var timeZone: String?
    @Option(help: ArgumentHelp("The controller's sync period, 15.", valueName: "time")) var syncPeriod: Seconds?

    func validate() throws {
        guard recording == nil || namespace == nil else {
            throw ValidationError("Give --namespace or --recording, not both: the former asks a cluster.")
        }
        guard recording != nil || namespace != nil else {
            throw ValidationError("Give --namespace for a live autoscaler, or --recording.")
        }
        guard hpa?.isEmpty != true else { throw ValidationError("--hpa must be an autoscaler's name.") }
        guard !follow || namespace != nil else { throw ValidationError("--follow needs --namespace.") }
        if let period = syncPeriod, period.value < 1 { throw ValidationError("--sync-period must be at least 1 s.") }
        try RecordingFolder.check(zone: timeZone)
    }

    func run() async throws {
        do {
            if let recording { try explain(recording) }
            if let namespace { try await untilInterrupted { try await watch(namespace) } }
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }

    private func watch(_ namespace: String) async throws {
        let cluster = Cluster(context: context)
        let hpa = hpa
        var explanation = LiveExplanation()
        var isFirst = true
        repeat {
            let objects: ScalingObjects
            do {
                objects = try await Self.saying(Self.waiting, after: .seconds(5)) {
                    try await cluster.scalingObjects(namespace: namespace) { autoscalers in
                        try LiveState.target(autoscalers: autoscalers, hpa: hpa)
                    }
                }
            } catch  where Task.isCancelled {
                // Ctrl-C ends kubectl too.
                return
            } catch let error as OperatorError where !isFirst && !error.isMissingRight {
                // What has grown known is kept: the API server may come back.
                StandardError.say("\(error)")
                try? await Task.sleep(for: .seconds(syncPeriod?.value ?? 15))
                continue
            }
            if isFirst {
                let text = "\(objects.autoscalers)\n---\n\(objects.deployment)"
                for line in try Findings.lines(manifests: text, name: "the cluster", hpa: hpa) {
                    try StandardOutput.say("wrong whatever the load: \(line)")
                }
            }
            isFirst = false
            let state = try LiveState(
                autoscalers: objects.autoscalers, deployment: objects.deployment, pods: objects.pods,
                metrics: objects.metrics, hpa: hpa)
            try StandardOutput.say(explanation.explain(state, now: Date().timeIntervalSince1970))
            if follow { try? await Task.sleep(for: .seconds(syncPeriod?.value ?? 15)) }
        } while follow && !Task.isCancelled
    }

    private static let waiting =
        "waiting for kubectl: it may ask for a log-in, or the API server does not respond; Ctrl-C ends this"

    /// Says a line if the work takes long.
    private static func saying<Result: Sendable>(
        _ line: String, after time: Duration, _ work: () async throws -> Result
    ) async throws -> Result {
        let notice = Task {
            try await Task.sleep(for: time)
            StandardError.say(line)
        }
        defer { notice.cancel() }
        return try await work()
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
        guard folder.run.hasReplicas else {
            throw OperatorError(
                .input, "\(path): no file in it shows the replicas: give a folder with monitor's CSV or a timeline.csv")
        }
        guard
            let controller = RecordedController(
                folder.run, recipe: recipe, settings: ControllerSettings(), period: syncPeriod?.value ?? 15)
        else {
            throw OperatorError(.input, "\(manifests): there is no HorizontalPodAutoscaler: nothing decides")
        }
        let unread = Findings.lines(otherMetrics: recipe.otherMetrics)
        try StandardOutput.say(controller.text(findings: findings + unread))
    }
}
