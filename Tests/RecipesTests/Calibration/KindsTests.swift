import Foundation
import Recipes
import Simulation
import TestSupport
import Testing

@Suite("Hits and misses that no client told apart")
struct KindsTests {
    /// A pod's log and its monitor: hits of 1 ms, misses of 12 ms of CPU and 30 ms of wait.
    static func recording(hits: Double, missTime: Double = 42, rate: Int = 10, seed: UInt64 = 1) -> RecordedRun {
        var random = SeededGenerator(seed: seed)
        var run = RecordedRun()
        run.length = 600
        var (seconds, times): ([Int: Int], [Int: [Double]]) = ([:], [:])
        var cpu = [Double](repeating: 0.02, count: 600)
        for second in 60..<600 {
            for _ in 0..<rate {
                let isHit = Double.random(in: 0..<1, using: &random) < hits
                let spread = Double.random(in: 0.95...1.05, using: &random)
                times[second, default: []].append(spread * (isHit ? 1 : missTime))
                cpu[second] += isHit ? 0.001 : 0.012
            }
            seconds[second] = rate
        }
        run.podRequests = [.init(pod: "a", seconds: seconds, times: times)]
        run.requests = seconds.map { RecordedRequests(start: Double($0.key), seconds: 1, count: Double($0.value)) }
        for second in stride(from: 0, to: 600, by: 5) {
            let end = second / 15 * 15
            let window = cpu[max(0, end - 15)..<max(15, end)]
            let used = window.reduce(0, +) / Double(window.count)
            run.addSample(second: second, cores: used)
        }
        return run
    }

    @Test(
        "Two kinds of requests in the scoring log are split at the gap between them, and the intervals cover both costs"
    )
    func split() throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let run = Self.recording(hits: 0.7, seed: seed)
            let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
            let hit = try #require(found.hitCPU)
            let miss = try #require(found.missCPU)
            #expect(abs(hit.value - 1) <= hit.plusMinus ?? 0, "\(hit)")
            #expect(abs(miss.value - 12) <= miss.plusMinus ?? 0 && miss.plusMinus ?? 9 < 4, "\(miss)")
            let wait = try #require(found.missWait)
            #expect(abs(wait.value - 30) <= wait.plusMinus ?? 0, "\(wait)")
            #expect(abs((found.hitRate?.value ?? 0) - 0.7) < 0.03)
            var model = ServiceModel(environment: [:], cores: 1)
            try model.read(found.yaml(of: "folder"), name: "service.yaml") { _ throws(RecipeError) in "" }
            #expect(abs(model.service.hitRate - 0.7) < 0.03)
        }
    }

    @Test("Requests of one kind are not split, and neither are those that waited for others")
    func oneKind() throws {
        let run = Self.recording(hits: 0)
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        #expect(found.hitCPU == nil && found.hitRate == nil && abs((found.missCPU?.value ?? 0) - 12) < 1)
        // Two thirds of a core: half of the requests may have queued.
        let busy = Self.recording(hits: 0.5, rate: 100)
        let queued = try Calibration(busy, proofs: [], recipe: nil, stretch: 0...600)
        #expect(queued.hitCPU == nil && queued.open.contains { $0.contains("what hits and misses cost apart") })
    }

    @Test("Hits that waited for misses leave no gap: nothing is split, and the error of the mean covers a miss")
    func queued() throws {
        var random = SeededGenerator(seed: 9)
        var run = Self.recording(hits: 0.7, missTime: 12)
        // Misses differ, and one hit of ten finds the only core busy with one.
        run.podRequests[0].times = run.podRequests[0].times.mapValues { times in
            times.map { time in
                if time > 2 { return time * Double.random(in: 0.4...1.6, using: &random) }
                return Int.random(in: 0..<10, using: &random) == 0
                    ? time + Double.random(in: 0...12, using: &random) : time
            }
        }
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...600)
        let miss = try #require(found.missCPU)
        #expect(found.hitCPU == nil && found.hitRate == nil && found.missWait == nil)
        #expect(abs(miss.value - 12) <= miss.plusMinus ?? 0, "\(miss)")
        #expect(found.open.contains { $0.contains("without a gap between them") }, "\(found.open)")
    }

    @Test("Hits and misses whose shares never changed leave a hit open, and the error of their mean covers a miss")
    func mixed() throws {
        var run = RecordedRun()
        run.length = 100
        var spans: [RecordedRun.CounterSpan] = []
        for (index, rate) in [100.0, 200, 300].enumerated() {
            let begin = Double(index) * 30
            spans.append(
                .init(
                    begin: begin, end: begin + 20, cpuSeconds: rate * (0.7 * 0.001 + 0.3 * 0.012), hits: 0.7 * rate,
                    misses: 0.3 * rate))
        }
        run.counterSpans = spans
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...100)
        let miss = try #require(found.missCPU)
        #expect(found.hitCPU == nil && found.missWait == nil)
        #expect(abs(miss.value - 12) <= miss.plusMinus ?? 0, "\(miss)")
        #expect(found.open.contains { $0.contains("runs with CACHE_RATE=0 and CACHE_RATE=1") }, "\(found.open)")
    }
}
