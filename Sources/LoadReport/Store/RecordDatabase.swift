import Bytes
import Files
import LatencyAnalyzer
import SQLite

/// Every client's records in an SQLite file, with views of each client's successes and errors.
///
/// A record is not stored twice: of several rows of a file that are equal in all columns, the first is the same
/// record as the first in another file of that client. `records.time` is UTC,
/// `2026-11-21 07:26:00.123`, as SQLite's date functions read it. The file may also hold the calls of
/// `bungalow analyze --sqlite`.
public struct RecordDatabase: Sendable {
    private let file: DatabaseFile
    private static let maximumResponseLength = 1000

    /// Opens or creates the file.
    ///
    /// - Throws: `OperatorError` if the file cannot be used, or is a database of something else.
    public init(path: String) throws {
        file = try DatabaseFile(path: path, schema: Self.schema)
    }

    /// Stores the records of one file, all of them or, on an error, none.
    ///
    /// - Parameter read: passes on each record.
    /// - Returns: what `read` returns.
    /// - Throws: `OperatorError` if the database cannot be written, and what `read` throws.
    func store<Result>(_ read: (_ add: (ClientRecord) throws -> Void) throws -> Result) throws -> Result {
        do {
            return try file.use { database in
                try database.transaction("BEGIN IMMEDIATE") {
                    try database.execute("DELETE FROM temp.file")
                    let insert = try SQLiteStatement(
                        "INSERT INTO temp.file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", database)
                    let result = try read { record in
                        try insert.run([
                            record.client, record.time.text, record.record, record.payloadBytes, record.isSuccess,
                            record.attempts, record.response.map { String($0.prefix(Self.maximumResponseLength)) },
                            record.totalMilliseconds, record.serviceMilliseconds,
                        ])
                    }
                    try database.execute(Self.merge)
                    return result
                }
            }
        } catch let error as SQLiteError {
            throw OperatorError(.output, "the records cannot be stored: \(error)")
        }
    }

    private static let columns = """
        client TEXT, time TEXT, record TEXT, payload_bytes INTEGER, success INTEGER, attempts INTEGER, response TEXT,
        total_ms REAL, service_ms REAL
        """

    private static let schema = """
        CREATE TABLE IF NOT EXISTS records (\(columns), occurrence INTEGER NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS records_once ON records (
            client, time, ifnull(record, ''), ifnull(payload_bytes, -1), success, ifnull(attempts, -1),
            ifnull(response, ''), ifnull(total_ms, -1), ifnull(service_ms, -1), occurrence
        );
        CREATE VIEW IF NOT EXISTS success_per_client AS
            SELECT client, count(*) AS records, sum(success) AS successes, count(*) - sum(success) AS errors,
                round(1.0 * sum(success) / count(*), 6) AS success_rate,
                min(time) FILTER (WHERE success) AS first_success, max(time) FILTER (WHERE success) AS last_success,
                min(time) FILTER (WHERE NOT success) AS first_error, max(time) FILTER (WHERE NOT success) AS last_error,
                count(DISTINCT ifnull(response, '')) FILTER (WHERE NOT success) AS distinct_errors
            FROM records GROUP BY client ORDER BY client;
        CREATE VIEW IF NOT EXISTS errors_per_client AS
            SELECT client, ifnull(response, '') AS error, count(*) AS records, min(time) AS first, max(time) AS last
            FROM records WHERE NOT success GROUP BY client, error ORDER BY client, records DESC, error;
        CREATE TEMP TABLE file (\(columns));
        """

    private static let merge = """
        INSERT INTO records
        SELECT *, row_number() OVER (
            PARTITION BY client, time, record, payload_bytes, success, attempts, response, total_ms, service_ms)
        FROM temp.file
        WHERE true
        ON CONFLICT DO NOTHING
        """
}

extension Instant {
    /// UTC, `2026-11-21 07:26:00.123`.
    fileprivate var text: String {
        let milliseconds = Int((seconds * 1000).rounded())
        // Towards the past, also before 1970.
        let fraction = (milliseconds % 1000 + 1000) % 1000
        let text = "00\(fraction)".suffix(3)
        return "\(UTCTime.text((milliseconds - fraction) / 1000)).\(text)"
    }
}
