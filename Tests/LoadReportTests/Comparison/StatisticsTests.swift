import Foundation
import Testing

@testable import LoadReport

/// The parts of intervals.
@Suite struct StatisticsTests {
    @Test(
        "Quantiles of Student's distribution are those of the tables",
        arguments: [
            (0.975, 1.0, 12.7062), (0.975, 2, 4.30265), (0.975, 4, 2.77645), (0.975, 30, 2.04227), (0.995, 2, 9.92484),
            (0.995, 10, 3.16927), (0.75, 1, 1), (0.9995, 5, 6.86883), (0.975, 1e6, 1.95997),
        ])
    func student(_ share: Double, _ degrees: Double, _ expected: Double) {
        #expect(abs(StudentDistribution.quantile(share, degrees: degrees) - expected) < 2e-5 * expected)
    }

    @Test("Counts made from percentiles reproduce these percentiles, to 2 %")
    func percentilesBack() throws {
        let values = [50.0: 2.0, 90: 5.5, 95: 9, 99: 31, 99.9: 80]
        let counts = try #require(LatencyCounts(Percentiles(count: 10_000, values: values, longest: 120)))
        let parts = RunParts([RunPart(seconds: 10, answered: 10_000, latencies: counts)])
        for (metric, expected) in [(ComparedMetric.p50, 2.0), (.p90, 5.5), (.p95, 9), (.p99, 31)] {
            let value = try #require(parts.value(metric, [1]))
            #expect(abs(value / expected - 1) < 0.02, "\(metric): \(value)")
        }
    }

    @Test("A part counts as often as its weight says")
    func weights() throws {
        let slow = Percentiles(count: 100, values: [50: 100, 99: 101], longest: 102)
        let fast = Percentiles(count: 100, values: [50: 1, 99: 1.01], longest: 1.02)
        let parts = RunParts([
            RunPart(seconds: 1, answered: 100, latencies: LatencyCounts(slow)),
            RunPart(seconds: 3, answered: 100, latencies: LatencyCounts(fast)),
        ])
        #expect(try #require(parts.value(.p50, [0, 1])) < 2 && #require(parts.value(.p50, [1, 0])) > 90)
        #expect(parts.value(.rate, [1, 1]) == 50 && parts.value(.rate, [3, 0]) == 100)
        #expect(parts.value(.p50, [0, 0]) == nil && parts.value(.cpu, [1, 1]) == nil)
    }

    @Test("A run that changed halfway is uncertain, a steady one is not")
    func driftCounts() throws {
        let folder = try ReportFolder()
        var made = MadeRuns(seed: 3)
        try folder.write(try made.run(name: "calm", slower: 1, drift: (0, 0.001)), to: "calm.run.json")
        try folder.write(try made.run(name: "restless", slower: 1, drift: (0, 0.3)), to: "restless.run.json")
        let evidence = try folder.read()
        let bootstrap = BlockBootstrap(seed: 1)
        let calm = try #require(bootstrap.variance(of: .p50, in: evidence.run("calm"), stream: 0))
        let restless = try #require(bootstrap.variance(of: .p50, in: evidence.run("restless"), stream: 0))
        #expect(restless.variance > 20 * calm.variance && calm.variance > 0)
    }

    @Test("Locust's hold is the end of its run")
    func locustHold() throws {
        let folder = try ReportFolder()
        try folder.add("measured/locust.run.json", "measured/locust.timing.csv")
        let run = try folder.read().run("locust")
        let hold = try #require(run.proof?.latencyMs.sustained?.count)
        let sum = run.comparedParts.reduce(0) { $0 + $1.answered }
        #expect(run.comparedParts.count < run.parts.count || sum <= hold, "\(sum) of \(hold)")
    }
}
