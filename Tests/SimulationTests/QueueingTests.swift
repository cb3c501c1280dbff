import Autoscaler
import Simulation
import Testing

/// Steady pools, compared with closed forms: the confidence interval of a mean over seeds must hold the expectation.
@Suite("Queues with closed forms")
struct QueueingTests {
    /// 70 % busy by default.
    static let rate = 7.0
    static let mean = 0.1

    static func scenario(
        cores: Double, pods: Int = 1, rate: Double = rate, cpu: Span, _ change: (inout Scenario) -> Void = { _ in }
    ) -> Scenario {
        var workload = Workload(requests: [ContainerRequest(name: "main", millicores: 1)])
        workload.replicas = pods
        let open = OpenTraffic(steps: [Step(time: 0, value: rate)])
        var scenario = Scenario(
            duration: 3000, workload: workload,
            load: .traffic([Phase(name: "open", seconds: 3000, traffic: .open(open))]))
        scenario.nodes = Array(repeating: NodeSize(cores: cores), count: pods)
        scenario.service.missCPU = cpu
        scenario.service.roundTrip = 0
        scenario.service.queueLimit = .max
        scenario.service.queueDeadline = .infinity
        scenario.service.inFlightLimit = Int(cores)
        change(&scenario)
        return scenario
    }

    /// The mean latency over seeds, and the half width of its 99.9 % interval.
    static func mean(_ scenario: Scenario, seeds: UInt64 = 10) -> (value: Double, halfWidth: Double) {
        let means = (1...seeds).map { seed in
            var scenario = scenario
            scenario.seed = seed
            return simulate(scenario).phases[0].latency.mean ?? .nan
        }
        let mean = means.reduce(0, +) / Double(means.count)
        let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count - 1)
        // Student's t for nine degrees of freedom.
        return (mean, 4.78 * (variance / Double(means.count)).squareRoot())
    }

    static func expect(_ scenario: Scenario, mean expected: Double) {
        let (value, halfWidth) = mean(scenario)
        #expect(abs(value - expected) <= halfWidth, "\(value) ± \(halfWidth), expected \(expected)")
        #expect(halfWidth < expected / 10, "too wide to say anything")
    }

    @Test("M/M/1: one worker, exponential times")
    func mm1() {
        Self.expect(
            Self.scenario(cores: 1, cpu: .spread(mean: Self.mean, variation: 1)), mean: Self.mean / (1 - 0.7))
    }

    @Test("M/D/1: one worker, constant times")
    func md1() {
        Self.expect(
            Self.scenario(cores: 1, cpu: .constant(Self.mean)), mean: Self.mean * (1 + 0.7 / (2 * (1 - 0.7))))
    }

    @Test("M/M/4: Erlang C")
    func mm4() {
        let load = 2.8
        let terms = [1, load, load * load / 2, load * load * load / 6]
        let last = load * load * load * load / 24 / (1 - load / 4)
        let waiting = last / (terms.reduce(0, +) + last)
        Self.expect(
            Self.scenario(cores: 4, rate: 28, cpu: .spread(mean: Self.mean, variation: 1)),
            mean: Self.mean + waiting * Self.mean / (4 - load))
    }

    @Test("M/G/1 with processor sharing: the mean does not depend on the spread", arguments: [0.0, 0.5, 2.0])
    func processorSharing(variation: Double) {
        let scenario = Self.scenario(cores: 1, cpu: .spread(mean: Self.mean, variation: variation)) {
            $0.service.inFlightLimit = .max
        }
        Self.expect(scenario, mean: Self.mean / (1 - 0.7))
    }

    @Test("A model's threads are workers too: misses wait in turn, hits do not")
    func modelThreads() {
        var scenario = Self.scenario(cores: 1, cpu: .constant(Self.mean)) {
            $0.service.inFlightLimit = .max
            $0.service.modelThreads = 1
        }
        Self.expect(scenario, mean: Self.mean * (1 + 0.7 / (2 * (1 - 0.7))))
        scenario.service.hitRate = 1
        scenario.service.hitWait = .constant(0.02)
        #expect(abs(Self.mean(scenario).value - 0.02) < 1e-9)
    }

    @Test("A random split over three pods is three queues, not one with three workers")
    func randomSplit() {
        Self.expect(
            Self.scenario(cores: 1, pods: 3, rate: 21, cpu: .spread(mean: Self.mean, variation: 1)),
            mean: Self.mean / (1 - 0.7))
    }

    @Test("A quota of 0.2 cores stretches 100 ms of CPU to 420 ms less the wait for the next period")
    func quota() {
        // A call that begins φ ms into a period takes 420 − φ up to φ = 80, and 420 later: 388 on average.
        let scenario = Self.scenario(cores: 1, rate: 0.1, cpu: .constant(Self.mean)) {
            $0.workload.cpuLimit = 0.2
            $0.service.inFlightLimit = .max
        }
        var all = Histogram()
        for seed in 1...20 as ClosedRange<UInt64> {
            var scenario = scenario
            scenario.seed = seed
            all.add(simulate(scenario).phases[0].latency)
        }
        for (share, expected) in [(0.001, 0.34), (0.25, 0.365), (0.5, 0.39)] {
            #expect(abs((all.quantile(share) ?? 0) - expected) < 0.008, "\(share)")
        }
    }

    @Test("A saturated pod serves its limit divided by the CPU of a request")
    func saturatedLimit() {
        let scenario = Self.scenario(cores: 4, rate: 50, cpu: .constant(0.02)) {
            $0.workload.cpuLimit = 0.5
            $0.service.queueLimit = 10
            $0.service.queueDeadline = 1
        }
        let outcome = simulate(scenario)
        #expect(abs(Double(outcome.phases[0].served) - 3000 * 0.5 / 0.02) < 20)
        #expect(abs(outcome.cpuUsedByRequests - 3000 * 0.5) < 0.5)
    }

    @Test("Pods of one full node share its cores evenly")
    func sharedNode() {
        let scenario = Self.scenario(cores: 1, pods: 3, rate: 100, cpu: .constant(0.02)) {
            $0.nodes = [NodeSize(cores: 1)]
            $0.service.queueLimit = 5
        }
        let outcome = simulate(scenario)
        #expect(abs(outcome.cpuUsedByRequests - 3000) < 1)
        #expect(abs(Double(outcome.phases[0].served) - 50 * 3000) < 20)
    }
}
