import Bytes
import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The original scripts' reading of a log, rule by rule, compared with their results file and with our parser.
@Suite struct OriginalAnalyzerTests {
    /// A scored request as the scripts keep it.
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
        var lines =
            ["Deployment: bungalow", "Namespace: bungalow", "Pods: "] + LogVectors.pods.map { "\t \($0)" } + ["\n"]
        lines.append("Total calls - \(files.reduce(0) { $0 + $1.accessLines }) ")
        lines.append("Total latency entries - \(files.reduce(0) { $0 + $1.scoringLines })")
        lines.append("Full Requests Captured - \(files.reduce(0) { $0 + $1.requests.count })\n")
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        for (pod, file) in zip(LogVectors.pods, files) {
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
        var replay = Replay(accessLines: reading.counts.requests, scoringLines: reading.counts.scoringLines)
        for request in reading.requests {
            guard let milliseconds = request.scoringMilliseconds else { continue }
            let time = Date(timeIntervalSince1970: Double(request.secondsSince1970))
            replay.requests.append(
                Request(milliseconds: milliseconds, time: time, requestID: request.requestID ?? ""))
        }
        return replay
    }

    @Test("the scripts' rules give the scripts' results file")
    func scripts() throws {
        let files = try LogVectors.pods.map { try Self.replay(try LogVectors.text($0), mark: "Prediction took") }
        #expect(try Self.results(files) == LogVectors.text("bungalow_results"))
    }

    @Test("the parser gives the scripts' results file")
    func parser() throws {
        let files = try LogVectors.pods.map { Self.replayByParser(try LogVectors.text($0)) }
        #expect(try Self.results(files) == LogVectors.text("bungalow_results"))
    }

    @Test(
        "no line of the vectors is broken or left over", arguments: LogVectors.pods)
    func nothingBroken(pod: String) throws {
        var expected = ScoringLogCounts()
        expected.lines = 1480
        expected.requests = 500
        expected.scoringLines = 490
        expected.scoredRequests = 490
        #expect(LogReading(try LogVectors.text(pod)).counts == expected)
    }

    @Test(
        "the scripts read what the encoder writes exactly as the parser does",
        arguments: [(ModelKind.ml, "Prediction took"), (.dl, "Predictions took")])
    func encoder(
        modelKind: ModelKind, mark: String
    ) throws {
        var generator = SeededGenerator(seed: 11)
        var batch = ScoringLogBatch()
        for second in 0..<1000 {
            let time = CommonLogTime(secondsSince1970: 1_795_245_960 + second)
            let id = RequestID(randomHigh: generator.next(), low: generator.next()).description
            let nanoseconds = UInt64.random(in: 0...99_000_000, using: &generator)
            batch.append(try .scored(id: id, time: time, nanoseconds: nanoseconds, modelKind: modelKind))
            if second % 50 == 7 { batch.append(.rejected(status: 503, time: time)) }
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
