import Foundation
import LoadReport
import Recipes
import Simulation
import TestSupport
import Testing

@Suite("Calibration")
struct CalibrationTests {
    /// The files of a recording of a real cluster, without its logs.
    static func recording() throws -> RecordedRun {
        let folder = try #require(
            Bundle.module.url(forResource: "recorded", withExtension: nil, subdirectory: "Vectors"))
        let evidence = try LoadFolder(path: folder.path, zone: .gmt).read()
        return try RecordedRun(folder: folder.path, evidence: evidence)
    }

    static func recipe() throws -> Recipe {
        try Recipe(manifests: try ManifestTests.text("objects.json"), name: "objects.json")
    }

    /// Seconds of the recording until the end of its first load.
    static let firstLoad = 0.0...245.0

    @Test("The first load of a recorded run shows the CPU that the second one used")
    func recordedRun() throws {
        let run = try Self.recording()
        let found = try Calibration(run, proofs: [], recipe: try Self.recipe(), stretch: Self.firstLoad)
        let cpu = try #require(found.missCPU)
        let error = try #require(cpu.plusMinus)
        // Of the second load: what all pods' counters rose by, over its requests.
        let later = run.publications.filter { $0.time > 300 && $0.time < 480 }
        var used = 0.0
        for values in Dictionary(grouping: later, by: \.pod).values {
            let counters = values.compactMap(\.cpuSeconds)
            used += (counters.max() ?? 0) - (counters.min() ?? 0)
        }
        let begin = try #require(later.map(\.stamp).min())
        let end = try #require(later.map(\.stamp).max())
        let cost = used / run.requestCount(from: begin, to: end) * 1000
        #expect(abs(cpu.value - cost) < 0.05 * cost, "\(cpu.value), later \(cost)")
        #expect(error < 0.2 * cost)
        #expect(found.resolution?.value == 15 && found.startUp.map { (0...3).contains($0.value) } == true)
        #expect((found.base?.value ?? 1) < 0.002 && (found.idleMemory?.value ?? 0) > 3)
        #expect(found.hitCPU == nil && found.open.contains { $0.contains("a run with CACHE_RATE=1 would tell") })
    }

    /// A monitor that sees the mean of a span, late, of a pod with a base and a cost for each request.
    static func monitored(cost: Double, base: Double, span: Int, lag: Int, seed: UInt64) -> RecordedRun {
        var random = SeededGenerator(seed: seed)
        var run = RecordedRun()
        var rates = [Double](repeating: 0, count: 600)
        for second in 60..<600 {
            let steady = 10 + (second / 45 % 4) * 10
            rates[second] = Double(steady) * Double.random(in: 0.8...1.2, using: &random)
        }
        run.requests = rates.enumerated().map { RecordedRequests(start: Double($0), seconds: 1, count: $1) }
        run.length = 600
        var published = base
        for second in 0..<600 {
            if second % span == 0, second >= lag + span {
                let window = rates[(second - lag - span)..<(second - lag)]
                let rate = window.reduce(0, +) / Double(span)
                published = base + cost * rate * Double.random(in: 0.98...1.02, using: &random)
            }
            if second % 5 == 0 { run.addSample(second: second, cores: published) }
        }
        return run
    }

    @Test(
        "A monitor's use shows the cost of a request, whatever its lag, and the error that is given covers it",
        arguments: [(15, 0), (15, 12), (30, 20), (60, 10)])
    func monitor(span: Int, lag: Int) throws {
        var covered = 0
        for seed in 1...10 as ClosedRange<UInt64> {
            let run = Self.monitored(cost: 0.02, base: 0.05, span: span, lag: lag, seed: seed)
            let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
            let cpu = try #require(found.missCPU)
            #expect(abs(cpu.value - 20) < 2, "seed \(seed): \(cpu)")
            #expect(found.resolution?.value == Double(span))
            if abs(cpu.value - 20) <= cpu.plusMinus ?? 0 { covered += 1 }
        }
        #expect(covered >= 8, "\(covered) of 10")
    }

    @Test("Proven runs of different hit rates tell hits and misses apart, and the base")
    func proofs() throws {
        let folder = try TemporaryFolder()
        for (index, run) in [(1.0, 10, 0), (20, 0, 2000), (20, 4000, 0), (20, 2000, 2000)].enumerated() {
            // 2 ms a hit, 7 ms a miss, 0.1 cores of base.
            let cpu = 0.1 * run.0 + 0.002 * Double(run.1) + 0.007 * Double(run.2)
            try Self.proof(name: "r\(index)", second: index * 30, seconds: run.0, hits: run.1, misses: run.2, cpu: cpu)
                .write(to: folder.url.appending(path: "r\(index).run.json"), atomically: true, encoding: .utf8)
        }
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        #expect(evidence.skipped.isEmpty, "\(evidence.skipped)")
        let run = try RecordedRun(folder: folder.url.path, evidence: evidence)
        let found = try Calibration(
            run, proofs: evidence.runs.compactMap(\.proof), recipe: nil, stretch: 0...run.length)
        #expect(abs((found.hitCPU?.value ?? 0) - 2) < 0.01 && abs((found.missCPU?.value ?? 0) - 7) < 0.01)
        #expect(abs((found.base?.value ?? 0) - 0.1) < 0.001)
        var model = ServiceModel(environment: [:], cores: 1)
        try model.read(found.yaml(of: "folder"), name: "service.yaml") { _ throws(RecipeError) in "" }
        #expect(abs(model.service.missCPU.mean - 0.007) < 1e-5 && model.calibrated != nil)
    }

    @Test("A request costs more where few come, and runs at other rates tell how much at any rate")
    func wakeUps() throws {
        let folder = try TemporaryFolder()
        // 0.05 ms a request, and 0.7 ms a wake-up that 10 ms share; 2 cores of a thousand without any.
        func cost(_ rate: Double) -> Double { 0.05 + 0.7 / (1 + rate * 0.01) }
        for (index, rate) in [1.0, 50, 200, 800, 3000, 6000].enumerated() {
            let count = Int(rate * 10)
            let cpu = 0.02 + cost(rate) / 1000 * Double(count)
            try Self.proof(name: "r\(index)", second: index * 30, seconds: 10, hits: 0, misses: count, cpu: cpu)
                .write(to: folder.url.appending(path: "r\(index).run.json"), atomically: true, encoding: .utf8)
        }
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        let run = try RecordedRun(folder: folder.url.path, evidence: evidence)
        let found = try Calibration(
            run, proofs: evidence.runs.compactMap(\.proof), recipe: nil, stretch: 0...run.length)
        for rate in [5.0, 100, 300, 1500] {
            let predicted = try #require(found.missCPU).value + found.wakeUpCost(rate: rate)
            #expect(abs(predicted - cost(rate)) < 0.1 * cost(rate), "\(rate)/s: \(predicted), \(cost(rate))")
        }
        var model = ServiceModel(environment: [:], cores: 1)
        try model.read(found.yaml(of: "folder"), name: "service.yaml") { _ throws(RecipeError) in "" }
        #expect(abs(model.service.wakeUpShared - found.wakeUpShared) < 1e-4 && model.service.wakeUpCPU > 0.0005)
    }

    @Test("Clients that waited longer than their CPU and their queues tell a wait")
    func waits() throws {
        let recorded = try IndependentRecordingTests.read("wait-15")
        let found = try Calibration(recorded.run, proofs: [], recipe: recorded.recipe, stretch: 0...300)
        let wait = try #require(found.missWait)
        // 100 ms in truth.
        #expect(abs(wait.value - 100) <= wait.plusMinus ?? 0 && wait.value > 70, "\(wait)")
    }

    @Test("A short stretch shows a cost with its error, or says that it shows none")
    func shortStretch() throws {
        let run = try Self.recording()
        for begin in stride(from: 95.0, to: 240, by: 15) {
            do throws(RecipeError) {
                let found = try Calibration(run, proofs: [], recipe: nil, stretch: begin...(begin + 30))
                #expect(
                    found.missCPU?.plusMinus != nil
                        || found.open.contains { $0.contains("the error of cpu_per_miss_ms") })
            } catch {
                #expect(error.description.contains("no file shows what a request costs"))
            }
        }
    }

    @Test("Runs that asked for hits and had none say that the server has no cache")
    func noCache() throws {
        let folder = try TemporaryFolder()
        for index in 0..<2 {
            try Self.proof(
                name: "r\(index)", second: index * 30, seconds: 10, hits: 0, misses: 100 + index,
                cpu: 1 + Double(index) / 100
            )
            .write(to: folder.url.appending(path: "r\(index).run.json"), atomically: true, encoding: .utf8)
        }
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        let run = try RecordedRun(folder: folder.url.path, evidence: evidence)
        let found = try Calibration(
            run, proofs: evidence.runs.compactMap(\.proof), recipe: nil, stretch: 0...run.length)
        #expect(
            found.open.contains { $0.contains("the server has no cache; one with a cache would tell") }, "\(found.open)"
        )
    }

    @Test("A folder's name stays within its comment, whatever is in it")
    func nameOfFolder() throws {
        let run = Self.monitored(cost: 0.02, base: 0.05, span: 15, lag: 0, seed: 1)
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        let lines = found.yaml(of: "we ird\ncpu_per_miss_ms: 1").split(whereSeparator: \.isNewline)
        #expect(lines.count { $0.hasPrefix("cpu_per_miss_ms:") } == 1)
    }

    @Test("Runs of two systems are not added up")
    func mixed() throws {
        let folder = try TemporaryFolder()
        for (index, configuration) in ["a", "b"].enumerated() {
            let version = #""version": {"configuration": "\#(configuration)"}, "verdict""#
            try Self.proof(name: "r\(index)", second: index * 30, seconds: 10, hits: 0, misses: 100, cpu: 1)
                .replacing("\"verdict\"", with: version)
                .write(to: folder.url.appending(path: "r\(index).run.json"), atomically: true, encoding: .utf8)
        }
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        let run = try RecordedRun(folder: folder.url.path, evidence: evidence)
        let error = LoadTests.error { () throws(RecipeError) in
            _ = try Calibration(run, proofs: evidence.runs.compactMap(\.proof), recipe: nil, stretch: 0...100)
        }
        #expect(error?.contains("the 2 runs are of 2 systems") == true, "\(error ?? "")")
    }

    static func proof(name: String, second: Int, seconds: Double, hits: Int, misses: Int, cpu: Double) -> String {
        func time(_ seconds: Double) -> String {
            Date(timeIntervalSince1970: 1_795_000_000 + Double(second) + seconds).ISO8601Format()
        }
        func sample(_ seconds: Double, _ hits: Int, _ misses: Int, _ cpu: Double) -> String {
            """
            {"time": "\(time(seconds))", "hit": \(hits), "miss": \(misses), "bypass": 0, "refused": 0,
             "cpu_seconds": \(5 + cpu), "resident_bytes": 20971520}
            """
        }
        return """
            {"schema": 1, "tool": "k6", "name": "\(name)", "started": "\(time(0))", "ended": "\(time(seconds))",
             "target": "http://a", "model": "closed", "cache_rate": 0.5, "hot_records": 1, "users": 1,
             "planned": {"calls": \(hits + misses), "hot": \(hits)}, "warm_up": {"hit": 0, "miss": 0, "bypass": 0},
             "seen": {"hit": \(hits), "miss": \(misses), "bypass": 0, "refused": 0, "errors": 0, "timeouts": 0,
                "hot_missed": 0, "cold_hit": 0},
             "counter_source": "metrics", "counters": [{"instance": "a", "hits": \(hits), "misses": \(misses),
                "bypasses": 0, "first": \(sample(0, 0, 0, 0)), "last": \(sample(seconds, hits, misses, cpu))}],
             "dropped_iterations": 0, "latency_ms": {"peak": null, "sustained": null},
             "rate": {"offered": null, "achieved": 1, "sustained": null}, "verdict": "PROVEN", "reasons": []}
            """
    }

    @Test("Scoring logs tell the spread of CPU, and time that is not CPU")
    func logs() throws {
        var run = Self.monitored(cost: 0.02, base: 0.05, span: 15, lag: 5, seed: 1)
        func times(_ milliseconds: Double) -> [RecordedRun.PodRequests] {
            // Half of the requests waited for others.
            let times = (0..<10).map { milliseconds * ($0 < 5 ? 1 + Double($0) / 100 : 1 + Double($0)) }
            return [
                .init(
                    pod: "a", seconds: [100: 10],
                    times: Dictionary(uniqueKeysWithValues: (100..<120).map { ($0, times) }))
            ]
        }
        run.podRequests = times(20)
        let busy = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        #expect((busy.missCPU?.variation ?? 1) < 0.1 && busy.missWait?.value == 0)
        run.podRequests = times(70)
        let waiting = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        #expect(abs((waiting.missWait?.value ?? 0) - 50) < 6, "\(String(describing: waiting.missWait))")
    }

    @Test("A folder without CPU says which run would show it")
    func nothing() throws {
        var run = Self.monitored(cost: 0.02, base: 0.05, span: 15, lag: 5, seed: 1)
        run.samples = []
        let error = LoadTests.error { () throws(RecipeError) in
            _ = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        }
        #expect(
            error?.contains("record CPU (bungalow monitor) and requests together, or run loadtest/calibrate") == true)
    }

    @Test("Two publications of a load without an idle stretch tell the CPU of a request, and leave the base open")
    func fewPoints() throws {
        var run = RecordedRun()
        run.length = 200
        run.requests = (0..<200).map { RecordedRequests(start: Double($0), seconds: 1, count: 20) }
        run.podRequests = [
            .init(pod: "a", seconds: Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, 20) }), times: [:])
        ]
        // 50 ms a request, and what a clock and a scheduler add and take.
        for (time, used) in [(30.0, 0.0), (90, 60.4), (150, 120.1)] {
            run.publications.append(
                .init(
                    time: time, stamp: time, window: 60, pod: "a", container: "main", cores: 1, cpuSeconds: used))
        }
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...200)
        #expect(abs((found.missCPU?.value ?? 0) - 50) < 0.5, "\(String(describing: found.missCPU))")
        #expect(found.base == nil && found.open.contains { $0.contains("begin the monitor a minute before the load") })
    }
}
