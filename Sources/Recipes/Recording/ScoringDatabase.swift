import Files
import Foundation
import LatencyAnalyzer

/// The scoring log as `bungalow analyze --sqlite` stores it.
struct ScoringDatabase {
    private(set) var pods: [ScoringLogs.Log] = []
    /// What was left out, for a person.
    private(set) var losses: [String] = []
    private static let beginning = Data("SQLite format 3".utf8)
    private static let maximumRowCount = 1_000_000

    static func isDatabase(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        return (try? handle.read(upToCount: beginning.count)) == beginning
    }

    /// - Throws: `OperatorError` if it has no requests, or cannot be read.
    init(path: String) throws {
        let tables = try CallQuery(
            path: path, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'calls'", limit: 1)
        guard !tables.rows.isEmpty else {
            throw OperatorError(.input, "it has no table calls; make one with bungalow analyze --sqlite")
        }
        let counts = try CallQuery(
            path: path,
            sql: """
                SELECT pod, unixepoch(time) AS second, count(*) FROM calls WHERE second IS NOT NULL GROUP BY pod, second
                """,
            limit: Self.maximumRowCount)
        var logs: [String: ScoringLogs.Log] = [:]
        for row in counts.rows {
            guard let second = Int(row[1]), let count = Int(row[2]) else { continue }
            logs[row[0], default: .init(pod: row[0])].seconds[second] = count
        }
        guard !logs.isEmpty else { throw OperatorError(.input, "its table calls has no request with a time") }
        let times = try CallQuery(
            path: path,
            sql: """
                SELECT pod, second, scoring_ms FROM (
                    SELECT pod, unixepoch(time) AS second, scoring_ms,
                        row_number() OVER (PARTITION BY pod, time ORDER BY rowid) AS turn
                    FROM calls WHERE scoring_ms IS NOT NULL)
                WHERE second IS NOT NULL AND turn <= \(ScoringLogs.keptPerSecond)
                """,
            limit: Self.maximumRowCount)
        for row in times.rows {
            guard let second = Int(row[1]), let time = Double(row[2]) else { continue }
            logs[row[0]]?.times[second, default: []].append(time)
        }
        if counts.isCut || times.isCut {
            losses.append("only \(Self.maximumRowCount) seconds of pods and scoring times are read; give a shorter run")
        }
        pods = logs.values.sorted { $0.pod < $1.pod }
    }
}
