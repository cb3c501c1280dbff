package import Simulation

/// Why a recipe is never proposed, whatever the load.
package enum Obstacle: String, Sendable, CaseIterable {
    case doesNotFit, limitBelowTarget, starvesAtProbe, tooLittleMemory

    /// For a person, after the recipe.
    package func text(_ candidate: Candidate, in space: SearchSpace) -> String {
        switch self {
        case .doesNotFit:
            "\(candidate.most) pods of \(candidate.request)m and \(Int(space.memoryRequest)) MiB cannot be scheduled on the nodes"
        case .limitBelowTarget:
            "a limit of \(candidate.limit)m is below the target of \(candidate.target) % of \(candidate.request)m: it is never "
                + "reached, so nothing is ever added"
        case .starvesAtProbe:
            "with a limit of \(candidate.limit)m the model takes longer than the probe's time-out: no pod stays ready"
        case .tooLittleMemory:
            "a pod may use \(Int(space.recipe.monitored.memoryLimit)) MiB and was measured to use "
                + "\(Int(space.measuredMemory ?? 0)) MiB"
        }
    }
}

extension SearchSpace {
    /// nil: it can be proposed.
    package func obstacle(to candidate: Candidate) -> Obstacle? {
        let recipe = recipe(of: candidate)
        if room(for: recipe.workload) < candidate.most { return .doesNotFit }
        if !candidate.isFixed, candidate.limit > 0, candidate.limit * 100 < candidate.target * candidate.request {
            return .limitBelowTarget
        }
        for probe in [recipe.workload.startup, recipe.workload.readiness].compactMap(\.self) where probe.runsModel {
            let cores = min(candidate.limit > 0 ? Double(candidate.limit) / 1000 : 1, 1)
            let service = scenario.service
            if service.missCPU.mean / max(cores, 1e-3) + service.missWait.mean > probe.timeout {
                return .starvesAtProbe
            }
        }
        return nil
    }

    /// Why today's manifests themselves would not be proposed.
    package func obstacleToday(_ candidate: Candidate) -> Obstacle? {
        let limit = recipe.monitored.memoryLimit
        if let measuredMemory, limit > 0, limit < measuredMemory { return .tooLittleMemory }
        return obstacle(to: candidate)
    }

    /// Pods that all nodes together have room for.
    package func room(for workload: Workload) -> Int {
        scenario.nodes.reduce(0) { sum, node in
            guard workload.cpuRequest > 0 else { return sum + 1000 }
            let byCores = Int(node.cores / workload.cpuRequest + 1e-9)
            let byMemory =
                node.memory < .infinity && workload.memoryRequest > 0
                ? Int(node.memory / workload.memoryRequest + 1e-9) : byCores
            return sum + min(byCores, byMemory)
        }
    }
}
