package import Simulation

extension RecordedRun {
    /// What was recorded, to be simulated: its load, its first replicas and the times at which its metrics were read.
    ///
    /// - Parameters:
    ///   - load: in place of the recorded one.
    ///   - resolution: of metrics-server, in place of the recorded times.
    ///   - known: the part whose changes may tell when the controller acts.
    package func scenario(
        recipe: Recipe, model: ServiceModel, load given: Load?, resolution chosen: Double?,
        known: ClosedRange<Double>? = nil
    ) throws(RecipeError) -> Scenario {
        let recorded = if let given { given } else { try load() }
        var scenario = Scenario(duration: length, workload: recipe.workload, load: recorded)
        if !recipe.nodes.isEmpty { scenario.nodes = recipe.nodes }
        scenario.autoscaler = recipe.autoscaler
        scenario.service = model.service
        if let startUp = model.startUp { scenario.workload.startUp = startUp }
        if let first = replicaCount(at: samples.first?.time ?? 0) { scenario.workload.replicas = first }
        if let chosen {
            scenario.metrics = .scraped(resolution: chosen)
        } else if hasFreshPublications, let last = publicationTimes.last {
            let step = resolution ?? 15
            scenario.metrics = .readAt(publicationTimes + stride(from: last + step, to: length, by: step))
        } else {
            let resolution = model.resolution ?? resolution ?? 15
            scenario.metrics = .scraped(resolution: resolution)
            scenario.scrapePhase = scrapePhase(resolution: resolution)
        }
        if let known {
            let period = scenario.controller.syncPeriod + scenario.controller.syncWork
            scenario.controller.syncPhase = syncPhase(period: period, in: known)
        }
        return scenario
    }

    /// The load by its commands, or else by the requests of each moment.
    private func load() throws(RecipeError) -> Load {
        if let phases { return .traffic(phases) }
        guard !requests.isEmpty else {
            throw RecipeError("the recording does not tell how many requests were sent: give the load with --load")
        }
        return try LoadProfile.recorded(requests, name: "the recording", from: 0)
    }

    /// How the load is known, for people.
    package var loadSource: String {
        phases == nil ? "the requests of each moment, by \(requestSource)" : "its commands"
    }
}
