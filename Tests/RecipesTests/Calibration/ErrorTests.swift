import Recipes
import Simulation
import TestSupport
import Testing

@Suite("The error of a calibrated CPU")
struct ErrorTests {
    private static let pods = ["a", "b", "c", "d", "e"]

    /// Each pod's counter every 15 s, read up to half a second beside its stamp. The cost drifts by some percent, on all pods alike,
    /// as where they share a machine: fifteen points of three moments are no more than three.
    static func recording(cost: Double, seed: UInt64) -> RecordedRun {
        var random = SeededGenerator(seed: seed)
        var run = RecordedRun()
        run.length = 900
        var drift = 0.0
        var used = [[Double]](repeating: [0], count: pods.count)
        for _ in 0..<901 {
            // Of 3 %, and with a memory of half a minute.
            drift = 0.967 * drift + Double.random(in: -0.0132...0.0132, using: &random)
            for pod in pods.indices { used[pod].append((used[pod].last ?? 0) + 20 * cost / 1000 * (1 + drift)) }
        }
        let seconds = Dictionary(uniqueKeysWithValues: (0..<900).map { ($0, 20) })
        run.podRequests = pods.map { .init(pod: $0, seconds: seconds, times: [:]) }
        run.requests = (0..<900).map { RecordedRequests(start: Double($0), seconds: 1, count: 100) }
        for stamp in stride(from: 15.0, to: 900, by: 15) {
            for (pod, name) in pods.enumerated() {
                let time = stamp + Double.random(in: -0.5...0.5, using: &random)
                let (second, rest) = (Int(time), time - time.rounded(.down))
                let counter = used[pod][second] + rest * (used[pod][second + 1] - used[pod][second])
                run.publications.append(
                    .init(
                        time: stamp + 1, stamp: stamp, window: 15, pod: name, container: "main", cores: 1,
                        cpuSeconds: counter))
            }
        }
        return run
    }

    @Test("The interval of a short stretch covers the truth in nine of ten stretches", arguments: [60.0, 120, 300])
    func coverage(length: Double) throws {
        var (covered, all, widths) = (0, 0, 0.0)
        for seed in 1...12 as ClosedRange<UInt64> {
            let run = Self.recording(cost: 6.6, seed: seed)
            for begin in stride(from: 0, through: 900 - length, by: 75) {
                let found = try Calibration(run, proofs: [], recipe: nil, stretch: begin...(begin + length))
                let cpu = try #require(found.missCPU)
                let error = try #require(cpu.plusMinus)
                all += 1
                widths += error
                if abs(cpu.value - 6.6) <= error { covered += 1 }
            }
        }
        #expect(Double(covered) >= 0.9 * Double(all), "\(covered) of \(all)")
        // A wide interval covers everything and shows nothing.
        #expect(widths / Double(all) < 0.25 * 6.6, "\(widths / Double(all))")
    }
}
