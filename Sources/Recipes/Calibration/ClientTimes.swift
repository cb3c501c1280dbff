import Simulation

/// What the clients' response times tell beyond the CPU, the queues and the quota that a simulation of them has.
extension Calibration {
    private static let leastRequests = 100
    /// siege reports hundredths of a second.
    private static let grain = 5.0
    private static let seeds = 1...3 as ClosedRange<UInt64>
    /// A wait changes how fast closed clients ask, and so the queues.
    private static let rounds = 2

    /// Adds the time that is not CPU, where clients waited longer than a simulation of the same stretch says.
    mutating func findWait(ofClients run: RecordedRun, recipe: Recipe?, part: ClosedRange<Double>) {
        let known = run.intervals.filter { interval in
            part.contains(interval.start) && part.contains(interval.end) && interval.mean != nil
                && interval.requests >= Self.leastRequests
        }
        guard let recipe, let cpu = missCPU, !known.isEmpty else { return }
        let count = known.reduce(0) { $0 + $1.requests }
        let recorded = known.reduce(0) { $0 + ($1.mean ?? 0) * Double($1.requests) } / Double(count) * 1000
        var doubt = max(Self.grain, 0.1 * recorded, cpu.plusMinus ?? 0)
        let logged = missWait
        let before = logged?.value ?? 0
        // How long requests queued is known less well than how long they took.
        if let predicted = meanResponse(run, recipe: recipe, part: part, known: known) {
            doubt = max(doubt, predicted - before - cpu.value)
        }
        var rest = 0.0
        for _ in 0..<Self.rounds {
            missWait = Estimate(max(0, before + rest), plusMinus: doubt, source: "")
            guard let predicted = meanResponse(run, recipe: recipe, part: part, known: known) else { break }
            rest += recorded - predicted
        }
        let source = "\(count) response times of the clients, less those of a simulation"
        missWait = logged ?? Estimate(0, plusMinus: doubt, source: source)
        if rest > doubt { missWait = Estimate(before + rest, plusMinus: doubt, source: source) }
        guard rest < -2 * doubt else { return }
        open.append(
            "response times: clients had \(fixed(recorded, 0)) ms, a simulation of the stretch \(fixed(-rest, 0)) ms more; the CPU "
                + "of a request may be less than was found, or the load another than was recorded")
    }

    /// Milliseconds, on average over intervals; nil if nothing can be simulated.
    private func meanResponse(
        _ run: RecordedRun, recipe: Recipe, part: ClosedRange<Double>, known: [RecordedRun.Interval]
    ) -> Double? {
        let cores = recipe.nodes.map(\.cores).max() ?? 4
        var model = ServiceModel(environment: recipe.environment, cores: cores)
        let noSamples = { (_: String) throws(RecipeError) in "" }
        guard (try? model.read(yaml(of: ""), name: "service", samples: noSamples)) != nil,
            var scenario = try? run.scenario(recipe: recipe, model: model, load: nil, resolution: nil, known: part)
        else { return nil }
        scenario.duration = min(scenario.duration, part.upperBound)
        var (sum, count) = (0.0, 0.0)
        for seed in Self.seeds {
            scenario.seed = seed
            let outcome = simulate(scenario)
            for interval in known {
                guard let mean = outcome.meanResponse(from: interval.start, to: interval.end) else { continue }
                sum += mean * Double(interval.requests)
                count += Double(interval.requests)
            }
        }
        return count > 0 ? sum / count * 1000 : nil
    }
}
