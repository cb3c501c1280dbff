import Foundation
import LatencyAnalyzer

/// Locust's `--json` (on standard output) and `--json-file`: a list with the requests of each name, without the sum.
///
/// The format's source is `stats.py` of Locust 2.47. Response times are keys of counts, rounded, in ms.
enum LocustJSON {
    private struct Entry: Decodable {
        let name: String
        let method: String?
        let numRequests, numFailures: Int
        let startTime, lastRequestTimestamp: Double?
        let totalResponseTime, maxResponseTime: Double?
        let responseTimes: [String: Int]
        let numReqsPerSec, numFailPerSec: [String: Int]?

        private enum CodingKeys: String, CodingKey {
            case name, method
            case numRequests = "num_requests", numFailures = "num_failures", startTime = "start_time"
            case lastRequestTimestamp = "last_request_timestamp", totalResponseTime = "total_response_time"
            case maxResponseTime = "max_response_time", responseTimes = "response_times"
            case numReqsPerSec = "num_reqs_per_sec", numFailPerSec = "num_fail_per_sec"
        }

        var isWithinBounds: Bool {
            let counts =
                [numRequests, numFailures] + responseTimes.values + (numReqsPerSec ?? [:]).values
                + (numFailPerSec ?? [:]).values
            return counts.allSatisfy(Int.allowedCounts.contains) && numFailures <= numRequests
        }

        /// Whether its counts by second add up to its counts.
        var isConfirmed: Bool {
            guard let numReqsPerSec, let numFailPerSec else { return false }
            return numReqsPerSec.values.reduce(0, +) == numRequests && numFailPerSec.values.reduce(0, +) == numFailures
        }
    }

    /// Whether a file begins as Locust's JSON does, after lines of its log.
    static func isBeginning(_ lines: [Substring]) -> Bool {
        guard let start = lines.firstIndex(where: { $0.trimmed.hasPrefix("[") && !isLogLine($0) }),
            lines[..<start].allSatisfy({ isLogLine($0) || !$0.contains(",") })
        else { return false }
        let text = lines[start...].joined()
        return text.trimmed == "[]" || text.contains("\"num_requests\"") || text.contains("\"num_failures\"")
            || text.contains("\"last_request_timestamp\"")
    }

    private static func isLogLine(_ line: Substring) -> Bool {
        line.prefixMatch(of: #/\[\d{4}-\d\d-\d\d[ T]/#) != nil
    }

    static func read(_ file: InputFile) throws -> LoadRun {
        let lines = String(decoding: try file.wholeText(), as: UTF8.self)
            .split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        guard let start = lines.firstIndex(where: { $0.trimmed.hasPrefix("[") && !isLogLine($0) }),
            let end = lines.lastIndex(where: { $0.trimmed.hasSuffix("]") }), start <= end
        else { throw UnreadableFile("no whole JSON; is something still writing it?") }
        let text = lines[start...end].joined(separator: "\n")
        let entries = try JSONDecoder().decode([Entry].self, from: Data(text.utf8))
        guard !entries.isEmpty else { throw UnreadableFile("Locust made no request") }
        guard entries.allSatisfy(\.isWithinBounds) else {
            throw UnreadableFile("a count is negative, above a million million, or below its failures")
        }
        return run(of: entries, file)
    }

    private static func run(of entries: [Entry], _ file: InputFile) -> LoadRun {
        var run = LoadRun(name: file.runName, tool: "locust")
        run.sources = [file.relativePath]
        let calls = entries.map(\.numRequests).reduce(0, +)
        let failures = entries.map(\.numFailures).reduce(0, +)
        (run.calls, run.failures) = (calls, failures)
        run.set(
            RequestTally(
                kind: .locustJSON, requests: calls, failures: failures,
                isConfirmed: entries.allSatisfy(\.isConfirmed)))
        if let first = entries.compactMap(\.startTime).min().flatMap(Instant.init(seconds:)),
            let last = entries.compactMap(\.lastRequestTimestamp).max().flatMap(Instant.init(seconds:)), first <= last
        {
            run.times = first...last
            let seconds = last.seconds - first.seconds
            if seconds > 0 { run.achievedRate = Double(calls - failures) / seconds }
        }
        var series = Timeline<LoadSlot>(maximumCount: LoadSlot.maximumCount)
        for entry in entries {
            for (second, count) in entry.numReqsPerSec ?? [:] {
                guard let second = Int(second).flatMap({ Instant(seconds: Double($0)) })?.second else { continue }
                series.update(at: second) { $0.calls += count }
            }
            for (second, count) in entry.numFailPerSec ?? [:] {
                guard let second = Int(second).flatMap({ Instant(seconds: Double($0)) })?.second else { continue }
                series.update(at: second) { $0.failures += count }
            }
        }
        run.set(series, of: .statistics)
        addLatencies(of: entries, to: &run)
        return run
    }

    private static func addLatencies(of entries: [Entry], to run: inout LoadRun) {
        var counts: [Double: Int] = [:]
        for (text, count) in entries.flatMap(\.responseTimes) {
            guard let milliseconds = Double(text), milliseconds.isFinite else { continue }
            counts[milliseconds, default: 0] += count
        }
        let sorted = counts.sorted { $0.key < $1.key }
        let total = sorted.map(\.value).reduce(0, +)
        guard total > 0 else { return }
        let values = LatencyHistogram.percentiles.map { percentile in
            var sum = 0
            let value = sorted.first { entry in
                sum += entry.value
                return Double(sum) >= Double(total) * percentile / 100
            }
            return (percentile, value?.key ?? 0)
        }
        run.percentiles = Percentiles(
            count: total, values: Dictionary(uniqueKeysWithValues: values),
            longest: entries.compactMap(\.maxResponseTime).max())
        run.meanMilliseconds = entries.compactMap(\.totalResponseTime).reduce(0, +) / Double(total)
    }
}
