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
            "YAML as kustomize prints it, a List, or objects.json; - is standard input.", valueName: "file"))
    var manifests: String
    @Option(help: ArgumentHelp("Which autoscaler, where the manifests have several.", valueName: "name")) var hpa:
        String?
    @Option(help: ArgumentHelp("What a request costs; this server with its SYNTHETIC_* otherwise.", valueName: "file"))
    var service: String?
    @Option(
        help: ArgumentHelp(
            "lab, course, a YAML of phases or demand_cores, a CSV of t_s,requests_per_s, a file of analyze --sqlite, or a recorded run's folder.",
            valueName: "load"))
    var load: String
    @Option(help: "What a kind of cluster decides: aks, minikube, lab or upstream.") var platform = Platform.upstream
    @OptionGroup(title: "Controller and metrics") var cluster: ClusterOptions
    @Option(
        help: ArgumentHelp("Nodes and their cores, and memory where it matters: 3x4, 3x4x16Gi.", valueName: "nodes"))
    var nodes: NodeList?
    @Option(help: "Share of requests that the cache answers, 0 to 1.") var hitRate: Double?
    @Option(help: ArgumentHelp("How long; the load's length otherwise, 40m with lab.", valueName: "time"))
    var duration: Seconds?
    @Option(help: "What all chance comes from.") var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp("Simulates so many seeds, from the given one on, and shows medians.", valueName: "count"))
    var runs = 1
    @Flag(help: "Prints a line for each decision.") var explain = false
    @Flag(help: "Writes JSON instead of tables.") var json = false
    @Option(help: ArgumentHelp("Writes the lab's two files there.", valueName: "folder")) var csv: String?
    @Option(help: ArgumentHelp("Writes a page with the lab's six plots.", valueName: "file")) var html: String?
    @Option(help: ArgumentHelp("Writes the six plots there, an SVG file each.", valueName: "folder")) var svg: String?

    func validate() throws {
        if let hitRate, !(0...1 ~= hitRate) { throw ValidationError("--hit-rate must be from 0 to 1.") }
        guard 1...10_000 ~= runs else { throw ValidationError("--runs must be from 1 to 10000.") }
        guard manifests != "-" || service != "-" else { throw ValidationError("Only one file can be standard input.") }
        if let duration, !(1...1e6 ~= duration.value) {
            throw ValidationError("--duration must be from 1 to 1000000 s.")
        }
    }

    func run() throws {
        do {
            try simulateAll()
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }

    private func simulateAll() throws {
        let recipe = try Recipe(manifests: try Self.text(of: manifests), name: Self.shown(manifests), hpa: hpa)
        var scenario = try scenario(of: recipe)
        for note in recipe.notes { StandardError.say(note) }
        StandardError.say("seed \(seed)\(runs > 1 ? " to \(seed &+ UInt64(runs - 1))" : "")")
        var progress = Progress(runs: runs, duration: scenario.duration)
        var outcomes: [Outcome] = []
        for run in 0..<runs {
            scenario.seed = seed &+ UInt64(run)
            outcomes.append(simulate(scenario) { progress.show(run: run, time: $0) })
        }
        let bills = outcomes.map { Bill($0, scenario: scenario, recipe: recipe) }
        if let csv {
            let folder = URL(filePath: csv)
            try write(
                [
                    (folder.appending(path: LabFiles.monitorName), LabFiles.monitor(outcomes[0], recipe: recipe)),
                    (folder.appending(path: LabFiles.siegeName), LabFiles.siege(outcomes[0])),
                ], to: csv)
        }
        if let svg {
            let pictures = SimulationCharts(outcomes[0], scenario: scenario, recipe: recipe).pictures
            try write(pictures.map { (URL(filePath: svg).appending(path: $0.file), $0.text) }, to: svg)
        }
        if let html {
            let page = HTMLReport.page(outcomes[0], scenario: scenario, recipe: recipe, bill: bills[0])
            try write([(URL(filePath: html), page)], to: html)
        }
        if json {
            let reports = zip(outcomes, bills).map { JSONReport($0, bill: $1) }
            try StandardOutput.write(try JSONReport.data(reports) + Data("\n".utf8))
            return
        }
        if explain { try StandardOutput.say(TextReport.explanations(outcomes[0].decisions) + "\n") }
        try StandardOutput.say(
            runs == 1 ? TextReport.table(outcomes[0], bill: bills[0]) : TextReport.medians(outcomes, bills: bills))
    }

    private func write(_ files: [(url: URL, text: String)], to place: String) throws {
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
        } catch {
            throw OperatorError(.input, "\(shown(path)): it cannot be read: \(error.localizedDescription)")
        }
    }

    /// Says how far a long run is, every two seconds.
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
