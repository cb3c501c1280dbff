import Foundation
import LatencyAnalyzer
import ScoringLog

/// The requests of logs, pod by pod, as the tests compare them.
struct ReadCalls: Equatable, CustomStringConvertible {
    var pods: [String: [String]] = [:]

    /// Reads logs with the names that the command gives them.
    init(_ paths: [String]) throws {
        for file in LogFile.named(paths) { try add(file) }
    }

    init(_ file: LogFile) throws { try add(file) }

    private mutating func add(_ file: LogFile) throws {
        var calls: [Int: [String]] = [:]
        let pods = try PodStatistics.read(file, onlyPath: nil) { number, call in
            calls[number, default: []].append(Self.text(call))
        }
        for pod in pods { self.pods[pod.statistics.file.pod] = calls[pod.number] ?? [] }
    }

    /// `11:28:10 200 00000001 0.21`, with `-` for missing values.
    static func text(_ call: LoggedRequest) -> String {
        let second = call.secondsSince1970 % 86_400
        let time = String(format: "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60)
        let milliseconds = call.scoringMilliseconds.map { "\($0)" } ?? "-"
        return "\(time) \(call.status) \(call.requestID?.prefix(8) ?? "-") \(milliseconds)"
    }

    var description: String { pods.map { "\($0): \($1)" }.sorted().joined(separator: "\n") }
}
