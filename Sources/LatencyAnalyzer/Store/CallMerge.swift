import Files
import SQLite

/// Merges one load's calls with the stored ones of the same pod.
///
/// Both sides are multisets: rows that are equal in pod, time, request id, scoring time, status and bytes are counted,
/// and the higher count is kept. Before that, if one side has only the beginning of a call, since its log was cut off
/// there, and the other side has all of it, the beginning is removed.
struct CallMerge {
    let database: SQLiteConnection
    let pod: String
    /// The pod's number in the load.
    let number: Int

    /// Makes the table that takes a load's calls, equal ones numbered from 1 on.
    static let schema = """
        CREATE TEMP TABLE log (pod INTEGER, time TEXT, request_id TEXT, scoring_ms REAL, status INTEGER, bytes INTEGER);
        CREATE TEMP TABLE loaded (
            pod TEXT, time TEXT, request_id TEXT, scoring_ms REAL, status INTEGER, bytes INTEGER, occurrence INTEGER
        );
        CREATE TEMP TABLE taken (call INTEGER PRIMARY KEY);
        """

    /// Merges `temp.log` into `calls`.
    func run() throws {
        try database.execute("DELETE FROM temp.loaded")
        try database.execute(
            """
            INSERT INTO temp.loaded
            SELECT ?, time, request_id, scoring_ms, status, bytes,
                row_number() OVER (PARTITION BY time, request_id, scoring_ms, status, bytes)
            FROM temp.log WHERE pod = ?
            """, pod, number)
        if try needsSettling {
            try database.execute(
                "CREATE UNIQUE INDEX IF NOT EXISTS temp.loaded_once ON loaded (\(Self.key), occurrence)")
            try dropBeginnings(from: "calls", knownWholeIn: "temp.loaded")
            try dropBeginnings(from: "temp.loaded", knownWholeIn: "calls")
            try database.execute("DROP INDEX temp.loaded_once")
        }
        try database.execute("INSERT INTO calls SELECT * FROM temp.loaded WHERE true ON CONFLICT DO NOTHING")
    }

    /// The columns that make rows equal; the unique index of `calls` has the same.
    static let key = "pod, time, ifnull(request_id, ''), ifnull(scoring_ms, -1), status, ifnull(bytes, -1)"

    private static let isBeginning = "scoring_ms IS NULL AND status < 400"

    private static let isSame = """
        one.pod = other.pod AND one.time = other.time
        AND ifnull(one.request_id, '') = ifnull(other.request_id, '')
        AND ifnull(one.scoring_ms, -1) = ifnull(other.scoring_ms, -1)
        AND one.status = other.status AND ifnull(one.bytes, -1) = ifnull(other.bytes, -1)
        AND one.occurrence = other.occurrence
        """

    /// Whether there are beginnings where the load and the stored calls overlap.
    private var needsSettling: Bool {
        get throws {
            try database.number(
                """
                SELECT EXISTS (SELECT 1 FROM temp.loaded WHERE \(Self.isBeginning)) OR EXISTS (
                    SELECT 1 FROM calls WHERE pod = ? AND \(Self.isBeginning)
                    AND time BETWEEN (SELECT min(time) FROM temp.loaded) AND (SELECT max(time) FROM temp.loaded))
                """, pod) != 0
        }
    }

    /// Removes each call without a time that the other side has with a time instead.
    private func dropBeginnings(from one: String, knownWholeIn other: String) throws {
        try database.execute("DELETE FROM temp.taken")
        // The last of several equal ones first, so that their numbers stay without a gap.
        let beginnings = try SQLiteStatement(
            """
            SELECT rowid, time, status, bytes, request_id FROM \(one) AS one
            WHERE pod = ? AND \(Self.isBeginning)
            AND time BETWEEN (SELECT min(time) FROM temp.loaded) AND (SELECT max(time) FROM temp.loaded)
            AND NOT EXISTS (SELECT 1 FROM \(other) AS other WHERE \(Self.isSame))
            ORDER BY request_id IS NULL, occurrence DESC
            """, database
        ).rows([pod])
        let find = try SQLiteStatement(
            """
            SELECT rowid FROM \(other) AS other
            WHERE pod = ?1 AND time = ?2 AND status = ?3 AND bytes IS ?4
            AND (?5 IS NULL OR request_id = ?5)
            AND (scoring_ms IS NOT NULL OR ?5 IS NULL AND request_id IS NOT NULL)
            AND rowid NOT IN (SELECT call FROM temp.taken)
            AND NOT EXISTS (SELECT 1 FROM \(one) AS one WHERE \(Self.isSame))
            LIMIT 1
            """, database)
        for beginning in beginnings {
            let whole = try find.value([.text(pod)] + beginning.dropFirst())
            guard whole != .null else { continue }
            try database.execute("INSERT INTO temp.taken VALUES (?)", whole)
            try database.execute("DELETE FROM \(one) WHERE rowid = ?", beginning[0])
        }
    }
}
