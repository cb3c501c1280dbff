import Foundation
import Simulation
import Synchronization

/// Looks for the recipes that are not beaten in both latency and reserved cost.
package struct RecipeSearch: Sendable {
    package var space: SearchSpace
    package var objective: Objective
    package var seed: UInt64
    /// Runs of what survives.
    package var seeds = 5
    package var workers: Int
    /// Numbers that may not be left, other than by today's recipe, which is shown beside what was asked for.
    package var wanted = SearchSpace.Wanted()
    /// What a person calls the load.
    package var loadName = ""

    package init(space: SearchSpace, objective: Objective, seed: UInt64, workers: Int) {
        self.space = space
        self.objective = objective
        self.seed = seed
        self.workers = workers
    }

    /// What a search found.
    package struct Found: Sendable {
        package var searched: Int
        package var onWholeLoad: Int
        /// With all seeds, the cheapest first; today's among them if it can run.
        package var evaluations: [Evaluation]
        /// Indices of those that no other beats.
        package var front: [Int]
        package var today: Int?
        /// The recipe to take; nil if none keeps the objective.
        package var chosen: Int?
        /// Whether the objective was kept.
        package var isKept: Bool
        /// The chosen one with one number changed.
        package var neighbours: [(name: String, evaluation: Evaluation)]

        package var choice: Evaluation? { chosen.map { evaluations[$0] } }
    }

    /// - Parameters:
    ///   - candidates: what is searched.
    ///   - today: the recipe in the manifests, which is never dropped.
    ///   - isExhaustive: nothing is dropped early.
    ///   - progress: called now and then with what is done.
    package func run(
        _ candidates: [Candidate], today: Candidate?, isExhaustive: Bool = false,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> Found {
        var kept = candidates
        if let today, !kept.contains(today) { kept.append(today) }
        let searched = kept.count
        if !isExhaustive {
            kept = await survivorsOfPart(kept, today: today, progress: progress)
            kept = await survivorsOfOneSeed(kept, today: today, progress: progress)
        }
        let onWholeLoad = kept.count
        var evaluations = await evaluate(kept, seeds: seeds, name: "with \(seeds) seeds", progress: progress)
        if !isExhaustive { evaluations = await refined(evaluations, progress: progress) }
        var found = found(evaluations, today: today)
        found.searched = searched + evaluations.count - onWholeLoad
        found.onWholeLoad = evaluations.count
        if let choice = found.choice?.candidate {
            found.neighbours = await neighbours(of: choice, progress: progress)
        }
        return found
    }

    private func found(_ evaluations: [Evaluation], today: Candidate?) -> Found {
        let evaluations = evaluations.sorted { one, other in
            (one.roundedCost, objective.median(one), one.candidate.text)
                < (other.roundedCost, objective.median(other), other.candidate.text)
        }
        let front = objective.front(evaluations)
        let (chosen, isKept) = objective.choice(of: front, among: evaluations) { wanted.allow($0) }
        return Found(
            searched: evaluations.count, onWholeLoad: evaluations.count, evaluations: evaluations, front: front,
            today: evaluations.firstIndex { $0.candidate == today }, chosen: chosen, isKept: isKept, neighbours: [])
    }

    /// Rounds of steps away from what was found; each changes one number.
    private static let mostRounds = 16

    /// With the recipes that lie between those of the grid: steps from the front, then from the choice until no step is better.
    private func refined(
        _ evaluations: [Evaluation], progress: @escaping @Sendable (String) -> Void
    ) async -> [Evaluation] {
        var all = evaluations
        var seen = Set(all.map(\.candidate))
        for round in 0..<Self.mostRounds {
            let found = found(all, today: nil)
            let starts =
                (round == 0 ? found.front.map { found.evaluations[$0] } : []) + [found.choice].compactMap(\.self)
            let steps = starts.flatMap(\.candidate.neighbours).map(\.candidate).filter { step in
                wanted.allow(step) && step.isReserved && space.obstacle(to: step) == nil && seen.insert(step).inserted
            }
            guard !steps.isEmpty else { break }
            all += await evaluate(steps, seeds: seeds, name: "next to the best", progress: progress)
        }
        return all
    }

    /// The chosen recipe with the next smaller and the next larger value of each number.
    private func neighbours(
        of choice: Candidate, progress: @escaping @Sendable (String) -> Void
    ) async -> [(name: String, evaluation: Evaluation)] {
        let changed = choice.neighbours.filter { $0.candidate.isReserved && space.obstacle(to: $0.candidate) == nil }
        let found = await evaluate(
            changed.map(\.candidate), seeds: seeds, name: "neighbours of the choice", progress: progress)
        return zip(changed, found).map { ($0.name, $1) }
    }

    /// Those that nothing beats by far on the hardest part; what they reserve outside it is estimated.
    private func survivorsOfPart(
        _ candidates: [Candidate], today: Candidate?, progress: @escaping @Sendable (String) -> Void
    ) async -> [Candidate] {
        let shape = LoadShape(space)
        let duration = space.scenario.duration
        let part = shape.hardPart(of: duration)
        guard part.upperBound - part.lowerBound < 0.8 * duration else { return candidates }
        var scenario = space.scenario
        scenario.load = scenario.load.part(part)
        scenario.duration = part.upperBound - part.lowerBound
        var partial = self
        partial.space.scenario = scenario
        var found = await partial.evaluate(candidates, seeds: 1, name: "on the hardest part", progress: progress)
        for index in found.indices {
            let cores = shape.reservedOutside(part, candidate: found[index].candidate, duration: duration) / 3600
            let gibibytes = cores * 1000 / Double(found[index].candidate.request) * space.memoryRequest / 1024
            found[index].runs[0].cost += space.prices.cost(of: ResourceHours(cores: cores, gibibytes: gibibytes))
        }
        return objective.survivors(found, today: today, margins: (cost: 0.7, latency: 0.5), where: wanted.allow)
    }

    private func survivorsOfOneSeed(
        _ candidates: [Candidate], today: Candidate?, progress: @escaping @Sendable (String) -> Void
    ) async -> [Candidate] {
        let found = await evaluate(candidates, seeds: 1, name: "on the whole load", progress: progress)
        return objective.survivors(found, today: today, margins: (cost: 0.96, latency: 0.93), where: wanted.allow)
    }

    /// Simulates recipes on all cores; the order and the results do not depend on how many there are.
    package func evaluate(
        _ candidates: [Candidate], seeds: Int, name: String = "",
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> [Evaluation] {
        let jobs = candidates.indices.flatMap { index in (0..<seeds).map { (index, $0) } }
        let queue = JobQueue(count: jobs.count)
        return await withTaskGroup(of: [(job: Int, figures: Figures)].self) { group in
            for _ in 0..<max(1, min(workers, jobs.count)) {
                group.addTask {
                    var done: [(job: Int, figures: Figures)] = []
                    while let job = queue.next() {
                        let (index, turn) = jobs[job]
                        done.append((job, self.figures(of: candidates[index], seed: seed &+ UInt64(turn))))
                        progress("\(job + 1) of \(jobs.count) runs \(name)")
                    }
                    return done
                }
            }
            var results: [Figures?] = Array(repeating: nil, count: jobs.count)
            for await part in group { for one in part { results[one.job] = one.figures } }
            return candidates.enumerated().map { index, candidate in
                let runs = results[(index * seeds)..<((index + 1) * seeds)]
                return Evaluation(candidate: candidate, runs: runs.compactMap(\.self))
            }
        }
    }

    private func figures(of candidate: Candidate, seed: UInt64) -> Figures {
        let scenario = space.scenario(of: candidate, seed: seed)
        return Figures(
            simulate(scenario), scenario: scenario, recipe: space.recipe(of: candidate), prices: space.prices)
    }
}

/// Hands out the numbers of jobs, each once.
private final class JobQueue: Sendable {
    private let count: Int
    private let taken = Mutex(0)

    init(count: Int) { self.count = count }

    func next() -> Int? {
        taken.withLock { taken in
            guard taken < count else { return nil }
            defer { taken += 1 }
            return taken
        }
    }
}
