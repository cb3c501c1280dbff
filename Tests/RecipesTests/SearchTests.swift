import Autoscaler
import Foundation
import Recipes
import Simulation
import Testing

@Suite("Search for recipes")
struct SearchTests {
    static let heavy = "cpu_per_miss_ms: {mean: 300, cv: 0.1}"

    static func space(
        _ load: Load, duration: Double, service: String = heavy, startUp: Double? = nil
    ) throws -> SearchSpace {
        let recipe = try Recipe(manifests: try ManifestTests.text("lab.yaml"), name: "lab.yaml")
        var scenario = Scenario(duration: duration, workload: recipe.workload, load: load)
        scenario.autoscaler = recipe.autoscaler
        scenario.routing = .leastRequestsOfTwo
        var model = ServiceModel(environment: [:], cores: 4)
        try model.read(service, name: "s.yaml") { _ throws(RecipeError) in "" }
        scenario.service = model.service
        scenario.workload.readiness?.runsModel = false
        if let startUp { scenario.workload.startUp = startUp }
        var free = recipe
        free.workload.readiness?.runsModel = false
        return SearchSpace(recipe: free, scenario: scenario, measuredMemory: model.measuredMemory, prices: Prices())
    }

    static func open(_ rates: [(seconds: Double, rate: Double)]) -> Load {
        .traffic(
            rates.map {
                Phase(
                    name: "r", seconds: $0.seconds,
                    traffic: .open(OpenTraffic(steps: [Step(time: 0, value: $0.rate)])))
            })
    }

    static func wanted(least: [Int], most: [Int]) -> SearchSpace.Wanted {
        SearchSpace.Wanted(requests: [1000], limits: [1000], least: least, most: most, targets: [50])
    }

    @Test("One seed gives one front, however many threads there are; another seed gives others")
    func reproducible() async throws {
        let space = try Self.space(Self.open([(60, 1), (120, 6), (60, 1)]), duration: 240)
        let grid = space.grid(Self.wanted(least: [1, 2], most: [2, 4]))
        let searches = [(1, 1), (1, 3), (2, 1)].map {
            RecipeSearch(space: space, objective: Objective(), seed: UInt64($0.0), workers: $0.1)
        }
        var found: [RecipeSearch.Found] = []
        for var search in searches {
            search.wanted = Self.wanted(least: [1, 2], most: [2, 4])
            found.append(await search.run(grid.candidates, today: nil))
        }
        let texts = try zip(found, searches).map { try SearchJSON.data($0, search: $1, grid: grid) }
        #expect(texts[0] == texts[1] && texts[0] != texts[2])
        #expect(found[0].evaluations.allSatisfy { $0.runs.count == 5 })
    }

    @Test("Without variation in the load, no recipe that scales beats one that does not by more than the noise")
    func constantLoad() async throws {
        let space = try Self.space(Self.open([(400, 6)]), duration: 400)
        let grid = space.grid(Self.wanted(least: [1, 2, 3, 4], most: [1, 2, 3, 4]))
        let search = RecipeSearch(space: space, objective: Objective(measure: .mean), seed: 1, workers: 2)
        let all = await search.evaluate(grid.candidates, seeds: 3)
        let fixed = all.filter(\.candidate.isFixed)
        try #require(fixed.count == 4 && all.count > fixed.count)
        for scaling in all where !scaling.candidate.isFixed {
            for other in fixed {
                let isBeaten =
                    scaling.range(\.cost).most < other.range(\.cost).least
                    && scaling.range(\.mean).most < other.range(\.mean).least
                #expect(!isBeaten, "\(scaling.candidate.text) beats \(other.candidate.text)")
            }
        }
    }

    @Test(
        "A constant load without any lag needs its demand over request and target, within 10 % and one pod",
        arguments: [40, 60])
    func demand(target: Int) throws {
        // 20 cores: 50 or 34 pods of one core.
        let load = Self.open([(1800, 20 / 0.3)])
        var space = try Self.space(load, duration: 1800, startUp: 0)
        space.scenario.nodes = Array(repeating: NodeSize(cores: 16), count: 8)
        space.scenario.metrics = .lagged(0, window: 15)
        space.recipe.autoscaler?.behavior = ScalingBehavior(
            scaleUp: .defaultUp,
            scaleDown: ScalingRules(stabilizationWindow: 0, policies: ScalingRules.defaultDown.policies))
        let candidate = Candidate(request: 1000, limit: 2000, least: 1, most: 120, target: target, pace: .today)
        var scenario = space.scenario(of: candidate, seed: 1)
        scenario.workload.readiness = nil
        let seconds = simulate(scenario).seconds.filter { $0.time >= 900 }
        let mean = Double(seconds.reduce(0) { $0 + $1.spec }) / Double(seconds.count)
        let needed = 20 / (Double(target) / 100)
        #expect(needed >= 20 && abs(mean - needed) <= 0.1 * needed + 1, "\(mean), needed \(needed)")
    }

    @Test("Where a pod takes ten minutes to start, the least replicas rise to what the peak needs")
    func slowStart() async throws {
        let load = Self.open([(120, 0.5), (240, 9), (120, 0.5)])
        func chosen(startUp: Double) async throws -> Candidate? {
            let space = try Self.space(load, duration: 480, startUp: startUp)
            let grid = space.grid(Self.wanted(least: [1, 2, 3, 4, 6], most: [6]))
            var search = RecipeSearch(
                space: space, objective: Objective(measure: .p95, most: 2), seed: 1, workers: 2)
            search.wanted = Self.wanted(least: [1, 2, 3, 4, 6], most: [6])
            let found = await search.run(grid.candidates, today: nil)
            #expect(found.isKept)
            return found.choice?.candidate
        }
        // 2.7 cores at the height.
        let slow = try #require(try await chosen(startUp: 600))
        #expect(slow.least >= 3, "\(slow.text)")
    }

    @Test(
        "Nothing next to the chosen recipe is cheaper and keeps the objective too, and what was asked for is not left")
    func refined() async throws {
        let space = try Self.space(Self.open([(60, 2)]), duration: 60)
        let objective = Objective(measure: .p95, most: 1)
        var search = RecipeSearch(space: space, objective: objective, seed: 1, workers: 2)
        search.seeds = 2
        let start = Candidate(request: 1000, limit: 2000, least: 2, most: 2, target: 80, pace: .today)
        let found = await search.run([start], today: nil)
        let choice = try #require(found.choice)
        let dearest = try #require(found.evaluations.last)
        #expect(found.isKept && choice.median(\.cost) < 0.7 * dearest.median(\.cost))
        for (name, other) in found.neighbours where other.median(\.cost) < choice.median(\.cost) {
            #expect(!other.runs.allSatisfy { $0.p95 <= 1 }, "\(name): \(other.candidate.text)")
        }
        search.wanted = SearchSpace.Wanted(requests: [1000], limits: [2000], least: [2], most: [2])
        let today = Candidate(request: 500, limit: 2000, least: 1, most: 2, target: 50, pace: .today)
        let bound = await search.run([start], today: today)
        #expect(bound.choice?.candidate == start && bound.today != nil)
    }

    @Test("Where every recipe leaves requests unserved, one is shown all the same, and not as one that is enough")
    func unserved() async throws {
        let space = try Self.space(Self.open([(60, 40)]), duration: 60)
        var search = RecipeSearch(space: space, objective: Objective(), seed: 1, workers: 2)
        search.wanted = Self.wanted(least: [1, 2], most: [2])
        search.seeds = 2
        let found = await search.run(space.grid(search.wanted).candidates, today: nil)
        #expect(found.front.count == 1 && found.choice != nil && !found.isKept)
    }

    @Test("Today's recipe, where it may not be chosen, drops none that was asked for")
    func askedFor() async throws {
        let space = try Self.space(Self.open([(60, 1), (60, 4), (60, 1)]), duration: 180)
        var search = RecipeSearch(space: space, objective: Objective(), seed: 1, workers: 2)
        search.seeds = 2
        // Dear and slow beside today's.
        search.wanted = SearchSpace.Wanted(requests: [4000], limits: [4000], least: [1], most: [2], targets: [60])
        let today = Candidate(request: 1000, limit: 4000, least: 2, most: 2, target: 60, pace: .today)
        let grid = space.grid(search.wanted)
        let found = await search.run(grid.candidates, today: today)
        #expect(
            found.today != nil && found.choice?.candidate.request == 4000, "\(found.evaluations.map(\.candidate.text))")
    }

    @Test("JSON has the reasons of what is never proposed, and the text says how the load is simulated")
    func reasons() async throws {
        let space = try Self.space(Self.open([(60, 2)]), duration: 60)
        var search = RecipeSearch(space: space, objective: Objective(), seed: 1, workers: 2)
        search.seeds = 1
        search.loadName = "rates.csv"
        search.wanted = SearchSpace.Wanted(requests: [1000, 5000], limits: [5000], least: [1], most: [1])
        let grid = space.grid(search.wanted)
        let found = await search.run(grid.candidates, today: nil)
        let json = String(decoding: try SearchJSON.data(found, search: search, grid: grid), as: UTF8.self)
        #expect(
            json.contains(
                #""count":1,"example":"5000m/5000m, 1 pods","obstacle":"doesNotFit","reason":"1 pods of 5000m"#),
            "\(json)")
        let text = SearchReport(found, search: search, grid: grid).text
        #expect(text.contains("load: rates.csv (requests at given rates, however long the responses take)"))
        #expect(text.contains("1 like 5000m/5000m, 1 pods: 1 pods of 5000m and"))
    }

    @Test("Of two recipes of the same cost the slower one is beaten, though sums of floating-point numbers differ")
    func ties() async throws {
        let space = try Self.space(Self.open([(120, 4)]), duration: 120)
        let search = RecipeSearch(space: space, objective: Objective(), seed: 1, workers: 2)
        // Half a core six times, and two cores twice: 3 cores and 12 GiB are 4 cores and 4 GiB, by these prices.
        let many = Candidate(request: 500, limit: 500, least: 6, most: 6, target: 80, pace: .today)
        let few = Candidate(request: 2000, limit: 4000, least: 2, most: 2, target: 80, pace: .today)
        let found = await search.run([many, few], today: nil, isExhaustive: true)
        let costs = found.evaluations.map { $0.median(\.cost) }
        try #require(costs.count == 2 && abs(costs[0] - costs[1]) < 1e-9, "\(costs)")
        #expect(found.front.map { found.evaluations[$0].candidate } == [few])
    }

    @Test("Recipes that cannot work are left out, with the reason")
    func obstacles() throws {
        var space = try Self.space(LoadProfile.lab, duration: 2400)
        space.recipe.workload.readiness?.runsModel = true
        let cases: [(Candidate, Obstacle?)] = [
            (Candidate(request: 5000, limit: 5000, least: 1, most: 2, target: 50, pace: .today), .doesNotFit),
            (Candidate(request: 1000, limit: 1000, least: 1, most: 13, target: 50, pace: .today), .doesNotFit),
            (Candidate(request: 1000, limit: 400, least: 1, most: 5, target: 50, pace: .today), .limitBelowTarget),
            (Candidate(request: 200, limit: 200, least: 1, most: 5, target: 50, pace: .today), .starvesAtProbe),
            (Candidate(request: 1000, limit: 1000, least: 1, most: 12, target: 50, pace: .today), nil),
        ]
        for (candidate, obstacle) in cases { #expect(space.obstacle(to: candidate) == obstacle, "\(candidate.text)") }
        space.measuredMemory = 5000
        #expect(space.obstacleToday(cases[4].0) == .tooLittleMemory)
        #expect(space.memoryRequest >= 5000)
        #expect(Obstacle.starvesAtProbe.text(cases[3].0, in: space).contains("longer than the probe's time-out"))
    }

    @Test("On the lab's load the grid has at least 500 recipes, the finer one at least 2000")
    func gridSize() throws {
        let space = try Self.space(LoadProfile.lab, duration: 2400)
        let grid = space.grid()
        #expect(grid.candidates.count >= 500, "\(grid.candidates.count)")
        #expect(space.grid(isFine: true).candidates.count >= 2000, "\(space.grid(isFine: true).candidates.count)")
        #expect(Set(grid.candidates).count == grid.candidates.count)
    }

    @Test("Objectives", arguments: [("p95<=200ms", 0.2), ("mean < 1s", 1), ("p95", nil)] as [(String, Double?)])
    func objectives(text: String, most: Double?) { #expect(Objective(text)?.most == most && Objective(text) != nil) }

    @Test(
        "An invalid objective",
        arguments: ["p99", "p95<=", "p95<=fast", "", "mean<=1s<=2s", "p95<=200", "p95<=1e400ms", "p95<=infs"])
    func noObjectives(text: String) { #expect(Objective(text) == nil) }

    @Test(
        "The page has the two recipes' plots side by side with the same axes, marks the chosen one, and draws each for a phone"
    )
    func page() async throws {
        let space = try Self.space(Self.open([(60, 1), (60, 4)]), duration: 120)
        var search = RecipeSearch(space: space, objective: Objective(), seed: 1, workers: 2)
        search.seeds = 2
        search.wanted = Self.wanted(least: [2, 4], most: [2, 4])
        let today = Candidate(request: 1000, limit: 1000, least: 1, most: 1, target: 50, pace: .today)
        let grid = space.grid(search.wanted)
        let found = await search.run(grid.candidates, today: today)
        try #require(found.today != nil && found.chosen != nil)
        let page = SearchPage.page(found, search: search, grid: grid)
        let pairs = page.components(separatedBy: "<div class=\"pair\">").dropFirst()
        #expect(pairs.count == 6)
        for pair in pairs {
            #expect(pair.contains("<h3>Today</h3>") && pair.contains("<h3>Chosen</h3>"))
            // Page and phone of both: the labels of the axes are those of the other recipe's.
            let drawings = pair.components(separatedBy: "<svg ").dropFirst().map { svg in
                svg.matches(of: #/text-anchor="end">([0-9.]+)</#).map { String($0.output.1) }
            }
            #expect(drawings.count == 4 && drawings[0] == drawings[2] && drawings[1] == drawings[3], "\(drawings)")
        }
        #expect(page.components(separatedBy: "class=\"phone\"").count == 14)
        #expect(page.contains(">chosen</text>") && page.contains("data-tip=\"chosen: 1000m/1000m"))
        #expect(page.contains("<table class=\"stack\">") && page.contains("data-title=\"p95 ms\""))
    }

    @Test("A patch names the container, and the autoscaler by its kind")
    func patch() throws {
        let space = try Self.space(LoadProfile.lab, duration: 2400)
        func files(_ pace: Candidate.Pace, least: Int = 2) -> String {
            let candidate = Candidate(request: 750, limit: 1500, least: least, most: 4, target: 60, pace: pace)
            return RecipePatch(candidate, space: space).files(about: "a").map { "== \($0.name)\n\($0.text)" }.joined()
        }
        #expect(files(.today).contains("{op: add, path: /spec/targetCPUUtilizationPercentage, value: 60}"))
        #expect(files(.quick).contains("{op: add, path: /apiVersion, value: autoscaling/v2}"))
        #expect(files(.quick).contains("stabilizationWindowSeconds: 60"))
        #expect(!files(.today, least: 4).contains("targetCPUUtilizationPercentage"))
        #expect(files(.today).contains("- name: ml-app") && files(.today).contains("cpu: 750m"))
    }
}
