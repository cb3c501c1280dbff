package import Autoscaler
package import Simulation

/// The numbers of a recipe that a search varies.
package struct Candidate: Hashable, Sendable {
    /// How fast the replicas may change.
    package enum Pace: String, Sendable, CaseIterable {
        /// As in the manifests.
        case today
        /// No `behavior`: the controller's own.
        case standard
        /// Down after one quiet minute.
        case quick
    }

    /// Millicores of the serving container.
    package var request: Int
    /// 0 means no limit.
    package var limit: Int
    package var least: Int
    package var most: Int
    /// Percent of the request.
    package var target: Int
    package var pace: Pace

    /// Replicas never change.
    package var isFixed: Bool { least == most }

    package init(request: Int, limit: Int, least: Int, most: Int, target: Int, pace: Pace) {
        self.request = request
        self.limit = limit
        self.least = least
        self.most = most
        self.target = target
        self.pace = pace
    }

    /// What the manifests say; nil where their autoscaler has no target in percent.
    package init?(_ recipe: Recipe) {
        request = Int((recipe.monitored.cpuRequest * 1000).rounded())
        limit = Int((recipe.monitored.cpuLimit * 1000).rounded())
        target = 80
        pace = .today
        guard let autoscaler = recipe.autoscaler else {
            least = recipe.workload.replicas
            most = least
            return
        }
        least = autoscaler.minReplicas
        most = autoscaler.maxReplicas
        guard case .utilization(let percent)? = autoscaler.metrics.first?.target else { return nil }
        target = percent
    }

    /// `1000m/2000m, 1-5, 40 %, quick`
    package var text: String {
        let pod = limit > 0 ? "\(request)m/\(limit)m" : "\(request)m"
        if isFixed { return "\(pod), \(least) pods" }
        return "\(pod), \(least)-\(most), \(target) %" + (pace == .today ? "" : ", \(pace.rawValue)")
    }
}

/// What a search holds fixed: the manifests, the load, the cluster.
package struct SearchSpace: Sendable {
    package var recipe: Recipe
    package var scenario: Scenario
    /// MiB that a pod was measured to use, where it was measured.
    package var measuredMemory: Double?
    package var prices: Prices

    package init(recipe: Recipe, scenario: Scenario, measuredMemory: Double?, prices: Prices) {
        self.recipe = recipe
        self.scenario = scenario
        self.measuredMemory = measuredMemory
        self.prices = prices
    }

    /// MiB that a recipe requests for the serving container: half as much again as was measured, or what is requested today.
    package var memoryRequest: Double {
        guard let measuredMemory else { return recipe.monitored.memoryRequest }
        return max(64, (measuredMemory * 1.5 / 32).rounded(.up) * 32)
    }

    /// CPU seconds of a request, on average.
    package var meanCPU: Double {
        let service = scenario.service
        return service.hitRate * service.hitCPU.mean + (1 - service.hitRate) * service.missCPU.mean
    }

    /// The manifests with a candidate's numbers.
    package func recipe(of candidate: Candidate) -> Recipe {
        var recipe = recipe
        let name = recipe.workload.container
        let memory = memoryRequest
        recipe.workload.memoryRequest += memory - recipe.monitored.memoryRequest
        let limit = recipe.monitored.memoryLimit
        recipe.monitored = (
            Double(candidate.request) / 1000, Double(candidate.limit) / 1000, memory,
            limit == 0 ? 0 : max(memory, measuredMemory == nil ? limit : memory)
        )
        for index in recipe.workload.requests.indices where recipe.workload.requests[index].name == name {
            recipe.workload.requests[index].millicores = candidate.request
        }
        recipe.workload.cpuLimit = candidate.limit > 0 ? Double(candidate.limit) / 1000 : nil
        var autoscaler = HorizontalPodAutoscaler(
            minReplicas: candidate.least, maxReplicas: candidate.most,
            metrics: [
                CPUMetric(
                    container: recipe.autoscaler?.metrics.first?.container,
                    target: .utilization(percent: candidate.target))
            ])
        autoscaler.behavior = candidate.pace.behavior(today: recipe.autoscaler?.behavior)
        recipe.autoscaler = candidate.isFixed ? nil : autoscaler
        recipe.workload.replicas = candidate.least
        return recipe
    }

    package func scenario(of candidate: Candidate, seed: UInt64) -> Scenario {
        var scenario = scenario
        let recipe = recipe(of: candidate)
        let startUp = scenario.workload.startUp
        scenario.workload = recipe.workload
        scenario.workload.startUp = startUp
        scenario.autoscaler = recipe.autoscaler
        scenario.seed = seed
        return scenario
    }
}

extension Candidate.Pace {
    package func behavior(today: ScalingBehavior?) -> ScalingBehavior? {
        switch self {
        case .today: today
        case .standard: nil
        case .quick:
            ScalingBehavior(
                scaleUp: .defaultUp,
                scaleDown: ScalingRules(stabilizationWindow: 60, policies: ScalingRules.defaultDown.policies))
        }
    }
}

/// What an hour of reservation costs.
package struct Prices: Sendable, Equatable {
    package var core = 0.04
    package var gibibyte = 0.005

    package init(core: Double = 0.04, gibibyte: Double = 0.005) {
        self.core = core
        self.gibibyte = gibibyte
    }

    package func cost(of hours: ResourceHours) -> Double { hours.cores * core + hours.gibibytes * gibibyte }
}
