import ArgumentParser
import Autoscaler
import Files
import Foundation
import Recipes
import Simulation

/// `bungalow simulate`: what an autoscaler would do, in virtual time.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Shows what a HorizontalPodAutoscaler would do under a load, and why.",
        usage: """
            kubectl kustomize .k8s/overlays/dev-autoscaled | bungalow simulate --manifests - --load lab --platform minikube
            """,
        discussion: """
            The rules are those of the controller of Kubernetes 1.36; pods, requests and metrics are simulated from a seed, \
            and one seed gives the same bytes each time. Times are seconds, or as 90s, 5m, 1h.
            """)

    @Option(
        help: ArgumentHelp(
            "YAML as kustomize prints it, a List, or objects.json; - is standard input.", valueName: "file"),
        completion: .file())
    var manifests: String?
    @Option(help: ArgumentHelp("Which autoscaler, if the manifests have several.", valueName: "name")) var hpa: String?
    @Option(
        help: ArgumentHelp("What a request costs; this server with its SYNTHETIC_* otherwise.", valueName: "file"),
        completion: .file())
    var service: String?
    @Option(
        help: ArgumentHelp(
            "lab, course, a YAML of phases or demand_cores, a CSV of t_s,requests_per_s, a file of analyze --sqlite, or a recorded run's folder.",
            valueName: "load"), completion: .file())
    var load: String?
    @Option(
        help: ArgumentHelp(
            "Simulates a recorded run, says how far off it was, and writes prediction.json there.", valueName: "folder"),
        completion: .directory
    )
    var recording: String?
    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times; this machine's otherwise.", valueName: "zone"))
    var timeZone: String?
    @Option(name: .customLong("platform"), help: "Defaults of a kind of cluster: aks, minikube, lab or upstream.")
    var namedPlatform: Platform?
    var platform: Platform { namedPlatform ?? .upstream }
    @OptionGroup(title: "Controller and metrics") var cluster: ClusterOptions
    @Option(
        help: ArgumentHelp("Nodes and their cores, and memory if it matters: 3x4, 3x4x16Gi.", valueName: "nodes"),
        transform: NodeList.init)
    var nodes: NodeList?
    @Option(help: "Share of requests that are hits, 0 to 1.") var hitRate: Double?
    @Option(help: ArgumentHelp("How long; the load's length otherwise, 40m with lab.", valueName: "time"))
    var duration: Seconds?
    @Option(help: "The seed of all random draws.") var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp(
            "Simulates this many seeds, from --seed on, and shows medians; 9 with --recording.", valueName: "count"
        ))
    var runs: Int?
    @Flag(help: "Prints a line for each decision.") var explain = false
    @Flag(help: "Writes JSON instead of tables.") var json = false
    @Option(help: ArgumentHelp("Writes the lab's two files there.", valueName: "folder"), completion: .directory)
    var csv: String?
    @Option(help: ArgumentHelp("Writes a page with the lab's six plots.", valueName: "file"), completion: .file())
    var html: String?
    @Option(
        help: ArgumentHelp("Writes the six plots there, an SVG file each.", valueName: "folder"), completion: .directory
    )
    var svg: String?

    func validate() throws {
        if let hitRate, !(0...1 ~= hitRate) { throw ValidationError("--hit-rate must be from 0 to 1.") }
        guard 1...10_000 ~= runs ?? 1 else { throw ValidationError("--runs must be from 1 to 10000.") }
        guard recording != nil || (manifests != nil && load != nil) else {
            throw ValidationError("Give --manifests and --load, or --recording.")
        }
        try RecordingFolder.check(zone: timeZone)
        guard manifests != "-" || service != "-" else { throw ValidationError("Only one file can be standard input.") }
        if let duration, !(1...1e6 ~= duration.value) {
            throw ValidationError("--duration must be from 1 to 1000000 s.")
        }
    }

    func run() throws {
        do {
            try Outputs.check(files: [html], inputs: [service, manifests, load])
            if let recording {
                try Outputs.check([("--html", html), ("--csv", csv), ("--svg", svg)], outside: recording)
                try predict(recording)
            } else {
                try simulateAll()
            }
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }

    private func simulateAll() throws {
        guard let manifests, let load else { return }
        let recipe = try Recipe(manifests: try Self.text(of: manifests), name: Self.shown(manifests), hpa: hpa)
        var scenario = try scenario(of: recipe, loadName: load)
        for note in recipe.notes { StandardError.say(note) }
        let count = runs ?? 1
        let (outcomes, bills) = simulateSeeds(&scenario, recipe: recipe, count: count)
        try writeOutputs(outcomes[0], scenario: scenario, recipe: recipe, bill: bills[0])
        if json {
            let reports = zip(outcomes, bills).map { JSONReport($0, bill: $1) }
            try StandardOutput.write(try JSONReport.data(reports) + Data("\n".utf8))
            return
        }
        if explain { try StandardOutput.say(TextReport.explanations(outcomes[0].decisions) + "\n") }
        try StandardOutput.say(
            count == 1 ? TextReport.table(outcomes[0], bill: bills[0]) : TextReport.medians(outcomes, bills: bills))
    }

    static func shown(_ path: String) -> String { path == "-" ? "standard input" : path }

    static func text(of path: String) throws -> String {
        do {
            let data =
                path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : try Data(contentsOf: URL(filePath: path))
            guard let text = String(data: data, encoding: .utf8) else {
                throw OperatorError(.input, "\(shown(path)): it is not UTF-8 text")
            }
            return text
        } catch let fault as OperatorError {
            throw fault
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            throw OperatorError(.input, "\(shown(path)): there is no such file")
        } catch {
            throw OperatorError(.input, "\(shown(path)): it cannot be read: \(error.localizedDescription)")
        }
    }
}
