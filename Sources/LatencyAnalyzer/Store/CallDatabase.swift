import Bytes
import Files
import SQLite
import ScoringLog

/// Every call of the logs in an SQLite file, with views for the usual questions, so that people can ask their own.
///
/// A call is not stored twice: of rows that are equal in pod, time, request id, scoring time, status and bytes, there
/// are as many as the load with most of them has. A call that was cut off at the end of a log is completed by a log
/// that has all of it. Calls without a request id that are equal in everything are distinguished only by their number:
/// if two logs have different ones of the same second, the smaller number is lost.
/// `calls.time` is UTC, `2026-11-21 07:26:00`, as SQLite's date functions read it; percentiles in the views are
/// nearest-rank ones of the exact times.
public struct CallDatabase: Sendable {
    private let file: DatabaseFile

    /// Opens or creates the file.
    ///
    /// - Throws: `OperatorError` if the file cannot be used, or is a database of something else.
    public init(path: String) throws {
        file = try DatabaseFile(path: path, schema: Self.schema)
    }

    /// Reads a log and stores its calls, all of them or, on an error, none.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - sketchCapacity: how many requests to keep, for the comparison with other files.
    /// - Returns: the statistics of the log's pods.
    /// - Throws: `OperatorError` if the log cannot be read or the database not be written.
    func store(_ log: LogFile, onlyPath path: ModelKind?, sketchCapacity: Int) throws -> [PodStatistics] {
        do {
            return try file.use { database in
                let pods = try read(log, onlyPath: path, sketchCapacity, into: database)
                // Other processes wait only for this part.
                try database.transaction("BEGIN IMMEDIATE") {
                    for pod in pods {
                        let name = pod.statistics.file.pod
                        try CallMerge(database: database, pod: name, number: pod.number).run()
                    }
                }
                return pods.map(\.statistics)
            }
        } catch let error as SQLiteError {
            throw OperatorError(.output, "the requests cannot be stored: \(error)")
        }
    }

    /// Reads the log into a table of this connection's own.
    private func read(
        _ log: LogFile, onlyPath path: ModelKind?, _ sketchCapacity: Int, into database: SQLiteConnection
    ) throws -> [(number: Int, statistics: PodStatistics)] {
        var pods: [(number: Int, statistics: PodStatistics)] = []
        try database.transaction("BEGIN") {
            try database.execute("DELETE FROM temp.log")
            let insert = try SQLiteStatement("INSERT INTO temp.log VALUES (?, ?, ?, ?, ?, ?)", database)
            var time = (second: Int.min, text: "")
            pods = try PodStatistics.read(log, onlyPath: path, sketchCapacity: sketchCapacity) { pod, call in
                if call.secondsSince1970 != time.second {
                    time = (call.secondsSince1970, UTCTime.text(call.secondsSince1970))
                }
                try insert.run([
                    pod, time.text, call.requestID, call.scoringMilliseconds, call.status, call.bodyBytes,
                ])
            }
        }
        return pods
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS calls (
            pod TEXT NOT NULL,
            time TEXT NOT NULL,
            request_id TEXT,
            scoring_ms REAL,
            status INTEGER NOT NULL,
            bytes INTEGER,
            occurrence INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX IF NOT EXISTS calls_once ON calls (\(CallMerge.key), occurrence);
        CREATE INDEX IF NOT EXISTS calls_by_request_id ON calls (request_id);
        CREATE VIEW IF NOT EXISTS percentiles_per_minute AS
            SELECT minute, count(*) AS calls,
                min(scoring_ms) FILTER (WHERE rank >= 0.50 * scored) AS p50_ms,
                min(scoring_ms) FILTER (WHERE rank >= 0.90 * scored) AS p90_ms,
                min(scoring_ms) FILTER (WHERE rank >= 0.95 * scored) AS p95_ms,
                min(scoring_ms) FILTER (WHERE rank >= 0.99 * scored) AS p99_ms,
                max(scoring_ms) AS max_ms
            FROM (
                SELECT substr(time, 1, 16) AS minute, scoring_ms,
                    row_number() OVER (PARTITION BY substr(time, 1, 16) ORDER BY scoring_ms) AS rank,
                    count(*) OVER (PARTITION BY substr(time, 1, 16)) AS scored
                FROM calls WHERE scoring_ms IS NOT NULL
            )
            GROUP BY minute ORDER BY minute;
        CREATE VIEW IF NOT EXISTS throughput_per_minute AS
            SELECT substr(time, 1, 16) AS minute, pod, count(*) AS calls, round(count(*) / 60.0, 3) AS calls_per_second,
                count(*) FILTER (WHERE status >= 400) AS refused, sum(bytes) AS bytes
            FROM calls GROUP BY minute, pod ORDER BY minute, pod;
        CREATE VIEW IF NOT EXISTS slowest_calls AS
            SELECT scoring_ms, time, pod, request_id, status, bytes
            FROM calls WHERE scoring_ms IS NOT NULL ORDER BY scoring_ms DESC LIMIT 100;
        \(CallMerge.schema)
        """
}
