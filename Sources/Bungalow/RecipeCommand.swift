import ArgumentParser
import Files
import Foundation
import Recipes
import Simulation
import Synchronization

/// `bungalow recipe`: which deployment serves a load, and at what cost.
struct RecipeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipe",
        abstract: "Searches requests, limits, replicas and targets by simulation for low latency at low reserved cost.",
        usage: "bungalow recipe --service service.yaml --load lab --platform lab --nodes 3x4 --objective 'p95<=800ms'",
        discussion: """
            Each recipe is simulated on the hardest part of the load first; those that others beat by far are dropped, the rest \
            is simulated on the whole load, and what is left with several seeds. One seed gives the same result each time.
            """)

    @Option(
        help: ArgumentHelp(
            "The deployment to begin with; otherwise the lab's with --platform lab, else this project's.",
            valueName: "file"), completion: .file())
    var manifests: String?
    @Option(help: ArgumentHelp("Which autoscaler, where the manifests have several.", valueName: "name")) var hpa:
        String?
    @Option(
        help: ArgumentHelp("What a request costs, as bungalow calibrate writes it.", valueName: "file"),
        completion: .file())
    var service: String?
    @Option(help: ArgumentHelp("As of bungalow simulate.", valueName: "load"), completion: .file()) var load: String
    @Option(name: .customLong("platform"), help: "What a kind of cluster decides: aks, minikube, lab or upstream.")
    var namedPlatform: Platform?
    @OptionGroup(title: "Controller and metrics") var cluster: ClusterOptions
    @Option(
        help: ArgumentHelp("Nodes and their cores: 3x4, 3x4x16Gi.", valueName: "nodes"), transform: NodeList.init)
    var nodes: NodeList?
    @Option(help: "Share of requests that are hits, 0 to 1.") var hitRate: Double?
    @Option(help: ArgumentHelp("How long; the load's length otherwise.", valueName: "time")) var duration: Seconds?
    @Option(
        help: ArgumentHelp(
            "mean, p95, or a bound: 'p95<=200ms'; without a bound the knee is chosen.", valueName: "objective"),
        transform: Self.objective)
    var objective = Objective()
    @Option(help: "What an hour of a reserved core costs.") var priceCoreHour = 0.04
    @Option(help: "What an hour of a reserved GiB costs.") var priceGibHour = 0.005
    @OptionGroup(title: "Numbers that the search may not leave") var wanted: WantedOptions
    @Option(help: "What all chance comes from.") var seed: UInt64 = 1
    @Option(help: ArgumentHelp("Seeds for what is not dropped, 1 to 100.", valueName: "count")) var seeds = 5
    @Option(help: ArgumentHelp("Threads; all cores otherwise.", valueName: "count")) var workers: Int?
    @Flag(help: "A finer grid, without dropping any recipe early: slow, to check the search itself.") var exhaustive =
        false
    @Flag(help: "Writes JSON instead of tables.") var json = false
    @Option(
        help: ArgumentHelp(
            "Writes a page with the front and the plots of today's and the chosen recipe.", valueName: "file"),
        completion: .file())
    var html: String?
    @Option(
        help: ArgumentHelp("Writes the chosen recipe there as a kustomize component.", valueName: "folder"),
        completion: .directory)
    var patch: String?

    func validate() throws {
        if let hitRate, !(0...1 ~= hitRate) { throw ValidationError("--hit-rate must be from 0 to 1.") }
        guard 1...100 ~= seeds else { throw ValidationError("--seeds must be from 1 to 100.") }
        guard 1...1024 ~= workers ?? 1 else { throw ValidationError("--workers must be from 1 to 1024.") }
        guard priceCoreHour >= 0, priceGibHour >= 0, priceCoreHour + priceGibHour > 0,
            priceCoreHour + priceGibHour < 1e6
        else {
            throw ValidationError("--price-core-hour and --price-gib-hour must be 0 or more, and one of them above 0.")
        }
        if let duration, !(60...1e6 ~= duration.value) {
            throw ValidationError("--duration must be from 60 to 1000000 s.")
        }
    }

    private static func objective(_ text: String) throws -> Objective {
        guard let objective = Objective(text) else {
            throw ValidationError("give mean, p95, or one of them with a bound and its unit: 'p95<=200ms', 'mean<=1s'")
        }
        return objective
    }

    func run() async throws {
        do {
            try Outputs.check(files: [html], inputs: [service, manifests, load])
            if let patch { try Outputs.checkPatch(patch) }
            try await search()
        } catch let error as RecipeError {
            throw OperatorError(.input, error.description)
        }
    }

    private func search() async throws {
        let space = try searchSpace()
        let grid = space.grid(wanted.wanted, isFine: exhaustive)
        let today = Candidate(space.recipe)
        let obstacle = today.flatMap { space.obstacleToday($0) }
        if let today, let obstacle {
            StandardError.say("today's recipe is left out: \(obstacle.text(today, in: space))")
        }
        guard !grid.candidates.isEmpty else {
            let reasons = grid.leftOut.map { "\($0.example.text): \($0.obstacle.text($0.example, in: space))" }
            let reason = reasons.isEmpty ? "no --max is as large as a --min" : reasons.joined(separator: "; ")
            throw OperatorError(.request, "no recipe can be proposed: \(reason)")
        }
        var search = RecipeSearch(
            space: space, objective: objective, seed: seed,
            workers: workers ?? ProcessInfo.processInfo.activeProcessorCount)
        search.seeds = seeds
        search.wanted = wanted.wanted
        search.loadName = SimulateCommand.shown(load)
        let last = Mutex(ContinuousClock.now)
        let found = await search.run(
            grid.candidates, today: obstacle == nil ? today : nil, isExhaustive: exhaustive
        ) { text in
            let isDue = last.withLock { time in
                guard ContinuousClock.now - time >= .seconds(2) else { return false }
                time = .now
                return true
            }
            if isDue { StandardError.say(text) }
        }
        try write(found, search: search, grid: grid)
    }

    private func searchSpace() throws -> SearchSpace {
        let recipe =
            if let manifests {
                try Recipe(
                    manifests: try SimulateCommand.text(of: manifests), name: SimulateCommand.shown(manifests), hpa: hpa
                )
            } else {
                try Recipe(standardFor: namedPlatform ?? .upstream)
            }
        for note in recipe.notes { StandardError.say(note) }
        // What the two commands have in common is read by one of them.
        var simulate = SimulateCommand()
        (simulate.manifests, simulate.service, simulate.load) = (manifests, service, load)
        simulate.namedPlatform = namedPlatform
        (simulate.cluster, simulate.nodes, simulate.hitRate, simulate.duration) = (cluster, nodes, hitRate, duration)
        simulate.seed = seed
        let scenario = try simulate.scenario(of: recipe, loadName: load)
        if case .demand = scenario.load {
            throw OperatorError(
                .request, "\(load): a demand in cores has no requests: give a load of clients or requests")
        }
        let model = try simulate.serviceModel(of: recipe, cores: scenario.nodes.map(\.cores).max() ?? 0)
        return SearchSpace(
            recipe: recipe, scenario: scenario, measuredMemory: model.measuredMemory,
            prices: Prices(core: priceCoreHour, gibibyte: priceGibHour))
    }

    private func write(_ found: RecipeSearch.Found, search: RecipeSearch, grid: SearchSpace.Grid) throws {
        if let html {
            try SimulateCommand.write(
                [(URL(filePath: html), SearchPage.page(found, search: search, grid: grid))], to: html)
        }
        if let patch, let choice = found.choice {
            let wish = found.isKept ? objective.text : "the fastest, which does not keep \(objective.text)"
            let about = "\(choice.candidate.text): \(Outputs.patchMark) for \(load), seed \(seed), \(wish)."
            if !found.isKept { StandardError.say("\(patch): a recipe that does not keep the objective") }
            let files = RecipePatch(choice.candidate, space: search.space).files(about: about)
            try SimulateCommand.write(
                files.map { (URL(filePath: patch).appending(path: $0.name), $0.text) }, to: patch)
        }
        if json {
            try StandardOutput.write(try SearchJSON.data(found, search: search, grid: grid))
        } else {
            try StandardOutput.say(SearchReport(found, search: search, grid: grid).text)
        }
    }
}

/// A list of numbers on the command line: 1,2,4.
struct NumberList {
    let numbers: [Int]

    init(_ argument: String) throws {
        guard let list = Self(argument: argument) else {
            throw ValidationError("give whole numbers from 1 to 1000000, with commas between them: 500,1000")
        }
        self = list
    }

    private init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap(\.self)
        guard !numbers.isEmpty, numbers.count == parts.count, numbers.count <= 50,
            numbers.allSatisfy((1...1_000_000).contains)
        else { return nil }
        self.numbers = numbers
    }
}

/// What a person wants of a recipe.
struct WantedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Millicores that a pod requests: 500,1000.", valueName: "list"), transform: NumberList.init)
    var request: NumberList?
    @Option(help: ArgumentHelp("Millicores that a pod may use.", valueName: "list"), transform: NumberList.init)
    var limit: NumberList?
    @Option(help: ArgumentHelp("minReplicas.", valueName: "list"), transform: NumberList.init) var min: NumberList?
    @Option(help: ArgumentHelp("maxReplicas.", valueName: "list"), transform: NumberList.init) var max: NumberList?
    @Option(help: ArgumentHelp("Percent of the request.", valueName: "list"), transform: NumberList.init)
    var target: NumberList?

    var wanted: SearchSpace.Wanted {
        SearchSpace.Wanted(
            requests: request?.numbers ?? [], limits: limit?.numbers ?? [], least: min?.numbers ?? [],
            most: max?.numbers ?? [], targets: target?.numbers ?? [])
    }
}
