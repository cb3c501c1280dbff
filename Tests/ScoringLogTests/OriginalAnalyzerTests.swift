import Bytes
import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The original scripts' own reading of a log, rule by rule, held against their results file and against our parser.
@Suite struct OriginalAnalyzerTests {
    private static let pods = ["bungalow-6fc5cf8df6-sdxld", "bungalow-6fc5cf8df6-vx58m"]

    /// A scored call as the scripts keep it.
    private struct Request: Equatable {
        var milliseconds: Double
        var time: Date
        var requestID: String
    }

    private struct Replay {
        var accessLines = 0
        var scoringLines = 0
        var requests: [Request] = []
    }

    private static func vector(_ name: String) throws -> String {
        let url = try #require(Bundle.module.url(forResource: "Vectors/\(name)", withExtension: "txt"))
        return try String(contentsOf: url, encoding: .utf8)
    }

    /// Reads as the scripts do; where they would end with an exception, the test fails.
    private static func replay(_ log: String, mark: String) throws -> Replay {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "dd/MMM/yyyy:HH:mm:ss"
        var replay = Replay()
        var time: Date?
        var requestID = ""
        for line in log.split(separator: "\n", omittingEmptySubsequences: true) {
            let tokens = line.split(separator: " ", omittingEmptySubsequences: false)
            if line.contains("127.0.0.1") {
                replay.accessLines += 1
                let text = try #require(tokens.count > 3 ? tokens[3] : nil).trimmingCharacters(in: ["[", "]"])
                let start: Date = try #require(formatter.date(from: text))
                time = start
            }
            if line.contains("X-Ms-Request-Id") {
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                requestID = try #require(parts.count > 1 ? parts[1] : nil).trimmingCharacters(in: .whitespaces)
            }
            if line.contains(mark) {
                replay.scoringLines += 1
                let number = try #require(tokens.count > 2 ? tokens[2] : nil)
                let milliseconds = try #require(Double(number))
                if let start = time {
                    replay.requests.append(Request(milliseconds: milliseconds, time: start, requestID: requestID))
                    time = nil
                }
            }
        }
        return replay
    }

    private static func results(_ files: [Replay]) throws -> String {
        var lines = ["Deployment: bungalow", "Namespace: bungalow", "Pods: "] + pods.map { "\t \($0)" } + ["\n"]
        lines.append("Total calls - \(files.reduce(0) { $0 + $1.accessLines }) ")
        lines.append("Total latency entries - \(files.reduce(0) { $0 + $1.scoringLines })")
        lines.append("Full Requests Captured - \(files.reduce(0) { $0 + $1.requests.count })\n")
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        for (pod, file) in zip(pods, files) {
            let times = file.requests.map(\.time)
            let (first, last) = (try #require(times.min()), try #require(times.max()))
            let minutes = last.timeIntervalSince(first) / 60
            let latencies = file.requests.map(\.milliseconds)
            let count = latencies.count
            lines += [
                "\nFile : \(pod).txt", "Times (\(count)):", "\t Earliest: \(formatter.string(from: first))",
                "\t Latest: \(formatter.string(from: last))", "\t Time in minutes: \(minutes)",
                "Scoring Calls (\(count)):", "\t Average: \(latencies.reduce(0, +) / Double(count)) ms",
                "\t Slowest: \(latencies.reduce(0, max)) ms", "\t Fastest: \(latencies.reduce(100, min)) ms",
                "\t Throughput: \(Double(count) / (minutes * 60)) RPS",
            ]
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What the parser reads, in the scripts' terms.
    private static func replayByParser(_ log: String) -> Replay {
        let reading = LogReading(log)
        var replay = Replay(accessLines: reading.counts.calls, scoringLines: reading.counts.scoringLines)
        for call in reading.calls {
            guard let milliseconds = call.scoringMilliseconds else { continue }
            let time = Date(timeIntervalSince1970: Double(call.secondsSince1970))
            replay.requests.append(
                Request(milliseconds: milliseconds, time: time, requestID: call.requestID ?? ""))
        }
        return replay
    }

    @Test func `The scripts' rules give the scripts' results file`() throws {
        let files = try Self.pods.map { try Self.replay(try Self.vector($0), mark: "Prediction took") }
        #expect(try Self.results(files) == Self.vector("bungalow_results"))
    }

    @Test func `The parser gives the scripts' results file`() throws {
        let files = try Self.pods.map { Self.replayByParser(try Self.vector($0)) }
        #expect(try Self.results(files) == Self.vector("bungalow_results"))
    }

    @Test(arguments: pods) func `Nothing of the vectors is broken or left over`(pod: String) throws {
        var expected = ScoringLogCounts()
        expected.lines = 1480
        expected.calls = 500
        expected.scoringLines = 490
        expected.scoredCalls = 490
        #expect(LogReading(try Self.vector(pod)).counts == expected)
    }

    @Test(arguments: [(ScoringLogBlock.Path.ml, "Prediction took"), (.dl, "Predictions took")])
    func `The scripts read what the encoder writes as the parser does`(
        path: ScoringLogBlock.Path, mark: String
    ) throws {
        var generator = SeededGenerator(seed: 11)
        var batch = ScoringLogBatch()
        for second in 0..<1000 {
            let time = CommonLogTime(secondsSince1970: 1_795_245_960 + second)
            let id = RequestID(randomHigh: generator.next(), low: generator.next()).description
            let nanoseconds = UInt64.random(in: 0...99_000_000, using: &generator)
            batch.append(try .scored(id: id, time: time, nanoseconds: nanoseconds, path: path))
            if second % 50 == 7 { batch.append(.refused(status: 503, time: time)) }
        }
        let log = String(decoding: batch.bytes, as: UTF8.self)
        let original = try Self.replay(log, mark: mark)
        let parsed = Self.replayByParser(log)
        #expect(original.requests.count == 1000)
        #expect(original.requests == parsed.requests)
        #expect(original.accessLines == 1020 && parsed.accessLines == 1020)
        #expect(original.scoringLines == parsed.scoringLines)
    }
}
