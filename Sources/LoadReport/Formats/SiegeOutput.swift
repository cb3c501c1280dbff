import Bytes
import Files
import Foundation

/// What siege prints at its end, as text or, from 4.0.5 on, as JSON, in a file that may hold its other output, too.
///
/// The format's source is `src/main.c` of siege 3.1, 4.0 and 4.1, which prints response times in ms. It has no date, so
/// the last run is taken to have ended when the file was written.
enum SiegeOutput {
    // Neither form counts requests lost after siege gave up, so both are read the same way.
    private static let keys = [
        "transactions": "transactions", "availability": "availability", "elapsed time": "elapsed_time",
        "response time": "response_time", "successful transactions": "successful_transactions",
        "failed transactions": "failed_transactions",
    ]

    /// Whether a file begins as siege's output does: with its greeting, a request, or the sums themselves.
    static func isBeginning(_ lines: [Substring]) -> Bool {
        guard let first = lines.first?.trimmed else { return false }
        let notes = lines.prefix { isNote($0.trimmed) }
        let sums = lines.dropFirst(notes.count).first?.trimmed ?? ""
        return first.hasPrefix("** SIEGE ") || isRequest(first)
            || sums.hasPrefix("Transactions:") || sums.contains("\"transactions\":")
            || sums == "{" && lines.dropFirst(notes.count + 1).first?.contains("\"transactions\":") == true
            || !notes.isEmpty && isRequest(sums)
    }

    private static func isRequest(_ line: String) -> Bool {
        line.hasPrefix("HTTP/1.") && (line.contains(" secs: ") || line.contains(" bytes ==> "))
    }

    private static func isNote(_ line: String) -> Bool {
        let starts = [
            "** ", "The server is now under siege", "Lifting the server siege", "New configuration template added",
            "Run siege -C", "[alert]", "[error]", "[notice]", "[debug]", "LOG FILE:", "You can disable this log file",
            "siege aborted due to",
        ]
        return starts.contains(where: line.hasPrefix)
    }

    fileprivate struct Sums: Equatable {
        var values: [String: Double] = [:]

        var okay: Int? { values["successful_transactions"].flatMap(Int.init(count:)) }
        var hits: Int? { values["transactions"].flatMap(Int.init(count:)) }
        var failed: Int? {
            guard let failed = values["failed_transactions"].flatMap(Int.init(count:)), let hits, let okay else {
                return nil
            }
            return failed + max(hits - okay, 0)
        }
        /// The share of the hits that siege calls available must be that of its counts, to a digit.
        var isConsistent: Bool {
            guard let share = values["availability"], let hits,
                let failed = values["failed_transactions"], hits + Int(failed) > 0
            else { return false }
            return abs(share - 100 * Double(hits) / (Double(hits) + failed)) < 0.011
        }
    }

    static func read(_ file: InputFile) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var found: [Sums] = []
        var wasAborted = false
        let losses = try TextLines.read(file.text) { _, line in
            // Verbose output has a line per request.
            guard
                line.contains("ransaction") || line.contains("vailability") || line.contains("time")
                    || line.contains("abort")
            else { return true }
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("siege aborted due to") { wasAborted = true }
            guard let (key, value) = value(in: text) else { return true }
            if key == "transactions" { found.append(Sums()) }
            guard !found.isEmpty, found[found.count - 1].values.updateValue(value, forKey: key) == nil else {
                return found.isEmpty
            }
            return true
        }
        // siege 4.1 prints the same run as text and as JSON.
        let runs = found.enumerated().filter { index, sums in
            index == 0 || !sums.isSameRun(as: found[index - 1])
        }.map(\.element)
        guard !runs.isEmpty else { throw UnreadableFile("siege's output without its sums; was it interrupted?") }
        guard runs.allSatisfy({ $0.okay != nil && $0.failed != nil }) else {
            throw UnreadableFile("siege's output without \"Successful transactions\" and \"Failed transactions\"")
        }
        return (try run(of: runs, wasAborted, file), losses)
    }

    private static func run(of sums: [Sums], _ wasAborted: Bool, _ file: InputFile) throws -> LoadRun {
        let (okay, failed) = (sums.compactMap(\.okay).reduce(0, +), sums.compactMap(\.failed).reduce(0, +))
        let seconds = sums.compactMap { $0.values["elapsed_time"] }.reduce(0, +)
        var run = LoadRun(name: file.runName, tool: "siege")
        run.sources = [file.relativePath]
        (run.calls, run.failures, run.detail) = (okay + failed, failed, .statistics)
        run.set(
            RequestTally(
                kind: .siegeOutput, requests: okay + failed, failures: failed,
                isConfirmed: !wasAborted && sums.allSatisfy(\.isConsistent)))
        if wasAborted { run.gaps.append("\(file.relativePath): siege was aborted after too many failures") }
        if !sums.allSatisfy(\.isConsistent), failed == 0 {
            run.gaps.append("\(file.relativePath): the availability is not that of the transactions")
        }
        if seconds > 0 {
            run.achievedRate = Double(okay) / seconds
            run.times = file.lastChange.advanced(by: -seconds)...file.lastChange
            run.isTimeOfFile = true
        }
        let weighted = sums.map { ($0.values["response_time"] ?? 0) * Double($0.okay ?? 0) }.reduce(0, +)
        if weighted > 0 { run.meanMilliseconds = weighted * 1000 / Double(okay) }
        return run
    }

    /// `Response time:   0.58 secs` or `"response_time":   0.58,`; times in seconds.
    private static func value(in line: String) -> (key: String, value: Double)? {
        guard
            let match = line.firstMatch(of: #/^[\s{]*"?([A-Za-z_ ]+?)"?:\s*([-0-9.,a-z]+?)\s*(hits|%|secs|ms)?\s*,?$/#)
        else { return nil }
        let name = match.1.lowercased().replacing("_", with: " ")
        guard let key = keys[name], let value = Double(match.2.replacing(",", with: ".")), value.isFinite, value >= 0,
            value < 1e12
        else { return nil }
        return (key, match.3 == "ms" ? value / 1000 : value)
    }
}

extension SiegeOutput.Sums {
    fileprivate func isSameRun(as other: Self) -> Bool {
        ["transactions", "successful_transactions", "failed_transactions", "elapsed_time"].allSatisfy {
            values[$0] == other.values[$0]
        }
    }
}
