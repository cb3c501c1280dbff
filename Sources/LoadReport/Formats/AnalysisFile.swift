import Foundation
import LatencyAnalyzer

/// The JSON of `bungalow analyze --json`.
struct AnalysisFile: Decodable {
    let deployment: String
    let completeness: String?
    let expectedCalls: Int?
    let pods: [Pod]
    let total: Pod

    struct Pod: Decodable {
        let calls, scoredCalls: Int
        let earliest, latest: Instant?
        let percentilesMs: [String: Double]?
    }

    /// Files of older releases have no such line if nothing is missing or nothing was checked.
    private var verdict: Completeness {
        if let completeness { return Completeness(line: completeness) ?? .notChecked(completeness) }
        guard let expectedCalls else { return AnalysisText.notChecked }
        return .complete("\(total.calls) of \(expectedCalls) requests")
    }

    func log(of file: InputFile) -> ServerLog {
        let times = total.earliest.flatMap { first in total.latest.map { min(first, $0)...max(first, $0) } }
        let values = LatencyHistogram.percentiles.compactMap { percentile in
            total.percentilesMs?[LatencyHistogram.name(ofPercentile: percentile)].map { (percentile, $0) }
        }
        return ServerLog(
            source: file.relativePath, deployment: deployment, pods: pods.count, calls: total.calls,
            scored: total.scoredCalls, completeness: verdict.checked(against: total.calls), times: times,
            percentiles: Percentiles(count: total.scoredCalls, values: Dictionary(uniqueKeysWithValues: values)))
    }
}

/// `<deployment>_results.txt` of `bungalow analyze` or of the AKS latency-detection scripts.
enum AnalysisText {
    static let notChecked = Completeness.notChecked(
        "nothing says how many requests there should be; --expect, --metrics or --counters of analyze do")

    static func read(_ file: InputFile) throws -> ServerLog {
        let text = String(decoding: try file.wholeText(), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map(\.trimmed)
        let after = { (start: String) in
            lines.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count).trimmed }
        }
        guard let calls = after("Total calls - ").first.flatMap({ Int($0) }),
            let scored = after("Full Requests Captured - ").first.flatMap({ Int($0) })
        else { throw UnreadableFile("results without \"Total calls\" and \"Full Requests Captured\"; is it whole?") }
        let first = after("Earliest: ").compactMap { Instant(local: $0, in: .gmt) }.min()
        let last = after("Latest: ").compactMap { Instant(local: $0, in: .gmt) }.max()
        return ServerLog(
            source: file.relativePath, deployment: after("Deployment: ").first ?? "", pods: after("File : ").count,
            calls: calls, scored: scored,
            completeness: verdict(in: lines).checked(against: calls),
            times: first.flatMap { first in last.map { min(first, $0)...max(first, $0) } },
            percentiles: percentiles(in: lines, of: scored))
    }

    /// The file's verdict; of several, the one that reports something missing.
    private static func verdict(in lines: [String]) -> Completeness {
        let found = lines.compactMap { Completeness(line: $0) }
        return found.first { if case .incomplete = $0 { true } else { false } } ?? found.first ?? notChecked
    }

    /// The sum's row of the first table with percentiles; the scripts write none.
    private static func percentiles(in lines: [String], of scored: Int) -> Percentiles {
        let names = LatencyHistogram.percentiles.map(LatencyHistogram.name(ofPercentile:))
        let words = { (line: String) in line.split(whereSeparator: \.isWhitespace).map(String.init) }
        guard let head = lines.firstIndex(where: { words($0) == ["pod", "scored"] + names }),
            let row = lines[head...].first(where: { $0.hasPrefix("all pods ") })
        else { return Percentiles(count: scored, values: [:]) }
        let cells = zip(LatencyHistogram.percentiles, words(row).suffix(names.count))
        let values = cells.compactMap { percentile, cell in Double(cell).map { (percentile, $0) } }
        return Percentiles(count: scored, values: Dictionary(uniqueKeysWithValues: values))
    }
}

extension Completeness {
    /// The same, unless the file's own numbers show that it is incomplete.
    fileprivate func checked(against calls: Int) -> Self {
        guard case .complete(let words) = self else { return self }
        guard let match = words.prefixMatch(of: #/(\d+) of (\d+) requests/#), let found = Int(match.1),
            let expected = Int(match.2)
        else { return .notChecked("the file says \"Complete\" without the two counts that would prove it") }
        guard found == expected, found == calls else {
            return .incomplete("the file says \"Complete: \(words)\", and has \(calls) requests")
        }
        return self
    }
}
