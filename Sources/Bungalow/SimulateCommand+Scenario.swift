import ArgumentParser
import Autoscaler
import Files
import Foundation
import Recipes
import Simulation

/// A time on the command line: 90, 90s, 5m, 1h.
struct Seconds: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
        guard let value = seconds(argument), value >= 0, value <= 1e7 else { return nil }
        self.value = value
    }
}

/// Nodes on the command line: 3x4, 3x4x16Gi.
struct NodeList {
    let nodes: [NodeSize]

    init(_ argument: String) throws {
        guard let list = Self(argument: argument) else {
            throw ValidationError(
                "give their number and the cores of each, 3x4, and their memory with its unit if it matters: 3x4x16Gi"
            )
        }
        self = list
    }

    private init?(argument: String) {
        let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), let count = Int(parts[0]), (1...1000).contains(count),
            let cores = Double(parts[1]), cores > 0, cores <= 1024
        else { return nil }
        var memory = Double.infinity
        if parts.count == 3 {
            guard parts[2].last?.isLetter == true, let size = mebibytes(parts[2]), size > 0 else { return nil }
            memory = size
        }
        nodes = Array(repeating: NodeSize(cores: cores, memory: memory), count: count)
    }
}

extension Platform: ExpressibleByArgument {}

/// The numbers of the controller and of the metrics pipeline.
struct ClusterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("From one sync to the next, 15.", valueName: "time")) var syncPeriod: Seconds?
    @Option(help: ArgumentHelp("The first sync after the autoscaler's creation; drawn otherwise.", valueName: "time"))
    var syncPhase: Seconds?
    @Option(help: ArgumentHelp("The controller's window for scaling down, 300.", valueName: "time"))
    var downscaleStabilization: Seconds?
    @Option(help: ArgumentHelp("Ratio within which nothing changes, 0.1.", valueName: "ratio")) var tolerance: Double?
    @Option(help: ArgumentHelp("For how long a pod's start counts as such, 300.", valueName: "time"))
    var cpuInitializationPeriod: Seconds?
    @Option(help: ArgumentHelp("Within this of its start a pod was never ready, 30.", valueName: "time"))
    var initialReadinessDelay: Seconds?
    @Option(help: ArgumentHelp("From one read of metrics-server to the next.", valueName: "time"))
    var metricsResolution: Seconds?
    @Option(
        help: ArgumentHelp("Age of all samples at a sync, in place of metrics-server; 0 is fresh.", valueName: "time"))
    var metricsLag: Seconds?
    @Option(help: ArgumentHelp("What such samples claim to span, 15.", valueName: "time")) var metricsWindow: Seconds?
    @Option(help: ArgumentHelp("From a container's start to its first response.", valueName: "time")) var startUp:
        Seconds?
    @Option(help: ArgumentHelp("For how long the first pods have been ready, 3600.", valueName: "time"))
    var initialReadyFor: Seconds?

    func validate() throws {
        if let tolerance, !(0...10 ~= tolerance) { throw ValidationError("--tolerance must be from 0 to 10.") }
        if let period = syncPeriod, period.value < 0.1 {
            throw ValidationError("--sync-period must be at least 0.1 s.")
        }
        if let resolution = metricsResolution, resolution.value < 1 {
            throw ValidationError("--metrics-resolution must be at least 1 s.")
        }
        if metricsResolution != nil, metricsLag != nil {
            throw ValidationError("--metrics-lag takes the place of metrics-server: leave out --metrics-resolution.")
        }
    }

    /// - Parameters:
    ///   - platform: nil if none was named.
    ///   - calibrated: the resolution that the service file names.
    func apply(to scenario: inout Scenario, platform: Platform?, calibrated: Double?) {
        applyController(to: &scenario)
        guard metricsLag == nil else { return }
        let used = metricsResolution?.value ?? platform?.resolution ?? calibrated ?? Platform.upstream.resolution
        scenario.metrics = .scraped(resolution: used)
        if let calibrated, calibrated != used {
            StandardError.say(
                "metrics are read every \(fixed(used, 0)) s; where the service was calibrated, every \(fixed(calibrated, 0)) s"
            )
        }
    }

    /// All but the metrics' resolution.
    func applyController(to scenario: inout Scenario) {
        if let syncPeriod { scenario.controller.syncPeriod = syncPeriod.value }
        if let syncPhase { scenario.controller.syncPhase = syncPhase.value }
        if let downscaleStabilization {
            scenario.controller.settings.downscaleStabilization = downscaleStabilization.value
        }
        if let tolerance { scenario.controller.settings.tolerance = tolerance }
        if let cpuInitializationPeriod {
            scenario.controller.settings.cpuInitializationPeriod = cpuInitializationPeriod.value
        }
        if let initialReadinessDelay {
            scenario.controller.settings.initialReadinessDelay = initialReadinessDelay.value
        }
        if let metricsLag { scenario.metrics = .lagged(metricsLag.value, window: metricsWindow?.value ?? 15) }
        if let startUp { scenario.workload.startUp = startUp.value }
        if let initialReadyFor { scenario.workload.initialReadyFor = initialReadyFor.value }
    }
}

extension SimulateCommand {
    /// The scenario that results from the manifests, the service, the load and the options.
    func scenario(of recipe: Recipe, loadName: String) throws -> Scenario {
        let load = try readLoad(loadName)
        var scenario = Scenario(
            duration: duration?.value ?? (loadName == "lab" ? LoadProfile.labDuration : load.length),
            workload: recipe.workload, load: load)
        scenario.seed = seed
        if let nodes { scenario.nodes = nodes.nodes } else if !recipe.nodes.isEmpty { scenario.nodes = recipe.nodes }
        try checkRoom(scenario, recipe: recipe)
        let isDemand = if case .demand = load { true } else { false }
        let model = try serviceModel(
            of: recipe, cores: scenario.nodes.map(\.cores).max() ?? 0, isDemand: isDemand)
        scenario.service = model.service
        if let startUp = model.startUp { scenario.workload.startUp = startUp }
        if let hitRate { scenario.service.hitRate = hitRate }
        scenario.autoscaler = recipe.autoscaler
        scenario.routing = platform.routing
        cluster.apply(to: &scenario, platform: namedPlatform, calibrated: model.resolution)
        return scenario
    }

    func checkRoom(_ scenario: Scenario, recipe: Recipe) throws {
        let size = scenario.nodes.max { ($0.cores, $0.memory) < ($1.cores, $1.memory) } ?? NodeSize(cores: 0)
        let memory = size.memory < .infinity ? " and \(fixed(size.memory, 0)) MiB" : ""
        guard scenario.nodes.contains(where: { $0.fits(recipe.workload) }) else {
            throw RecipeError(
                "\(manifests.map(Self.shown) ?? "the manifests"): a pod of \(recipe.name) requests \(recipe.workload.cpuRequest) cores and "
                    + "\(Int(recipe.workload.memoryRequest)) MiB, more than a node has (\(size.cores) cores\(memory)): lower the request, or "
                    + "give larger --nodes")
        }
    }

    /// What a request costs, by the service file or by the server's environment.
    func serviceModel(of recipe: Recipe, cores: Double, isDemand: Bool = false) throws -> ServiceModel {
        var model = ServiceModel(environment: recipe.environment, cores: cores)
        // A demand is all that is used.
        if isDemand { model.service.baseCPU = 0 }
        if let service {
            try model.read(try Self.text(of: service), name: Self.shown(service)) { file throws(RecipeError) in
                do {
                    return try Self.text(of: file)
                } catch {
                    throw RecipeError("\(file): the samples cannot be read")
                }
            }
        }
        return model
    }
}
