import Foundation
import LatencyAnalyzer
import ScoringLog
import TestSupport
import Testing

/// Thousands of damaged logs: no id gets another's time, and no incomplete log is called complete.
@Suite struct LogMutationTests {
    /// How many logs; script/trust sets more.
    private static let count = Int(ProcessInfo.processInfo.environment["BUNGALOW_LOG_MUTATIONS"] ?? "") ?? 5000
    private static let seed = UInt64(ProcessInfo.processInfo.environment["BUNGALOW_LOG_SEED"] ?? "") ?? 15
    private static let parts = 10

    @Test(
        "No id gets another's time, and no log that lacks a request is complete", .proves("T47"), arguments: 0..<parts)
    func mutations(part: Int) throws {
        let folder = try LogFolder()
        var (complete, timed) = (0, 0)
        for number in stride(from: part, to: Self.count, by: Self.parts) {
            let log = MutatedLog(seed: Self.seed &* 1_000_003 &+ UInt64(number))
            let verdict = try check(log, in: folder, "seed \(Self.seed), log \(number)")
            complete += verdict.isComplete ? 1 : 0
            timed += verdict.timed
        }
        // The oracle has something to judge: most times are found, and whole logs are called complete.
        #expect(complete > Self.count / Self.parts / 20 && timed > Self.count / Self.parts * 4)
    }

    private func check(
        _ log: MutatedLog, in folder: LogFolder, _ name: String
    ) throws -> (isComplete: Bool, timed: Int) {
        let file = try folder.write(Data(log.bytes), to: "pod.txt")
        var calls: [LoggedRequest] = []
        let pods = try PodStatistics.read(file, onlyPath: nil) { _, call in calls.append(call) }
        let truth = Dictionary(uniqueKeysWithValues: log.blocks.compactMap { block in block.id.map { ($0, block) } })
        var timed = 0
        for call in calls {
            guard let id = call.requestID, let milliseconds = call.scoringMilliseconds else { continue }
            timed += 1
            let own = truth[id]
            guard own.map({ Double($0.milliseconds) == milliseconds }) == true else {
                Issue.record(
                    "\(name), \(log.history): \(id) has \(milliseconds) ms, and not \(own?.milliseconds ?? "none")")
                return (false, timed)
            }
        }
        let analysis = Analysis(
            deployment: "d", namespace: "n", pods: pods.map(\.statistics),
            expectedCalls: .init(calls: log.blocks.count, source: "the test"))
        if case .complete = analysis.completeness {
            let found = calls.map { "\($0.secondsSince1970 % 3600) \($0.status)" }.sorted()
            let wanted = log.blocks.map { "\($0.second) \($0.status)" }.sorted()
            #expect(found == wanted, "\(name), \(log.history): \(analysis.completeness.line)")
            return (true, timed)
        }
        if calls.isEmpty, case .incomplete = analysis.completeness { return (false, timed) }
        #expect(!calls.isEmpty, "\(name), \(log.history): \(analysis.completeness.line)")
        return (false, timed)
    }
}
