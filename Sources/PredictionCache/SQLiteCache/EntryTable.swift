import Foundation
import GRDB
import GRDBSQLite
import NIOCore

/// The one table of the cache file: its schema and its four statements.
///
/// `entry.digest` is `EntryHash` of the key; an integer index is a quarter of the size of one over the 60-byte keys,
/// which makes stores half as dear again and look-ups no dearer. Rows are in the order of writing, so that eviction
/// empties whole pages. `expires_at` is in Unix milliseconds.
enum EntryTable {
    static let applicationID = 0x4275_6E67
    static let version = 1

    /// Each object of the schema: its name, and the statement that makes it; SQLite makes the automatic index itself.
    static let schema = [
        "entry": """
        CREATE TABLE entry(id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE, expires_at INTEGER NOT NULL, \
        checksum INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL)
        """,
        "entry_expires_at": "CREATE INDEX entry_expires_at ON entry(expires_at)",
        "sqlite_autoindex_entry_1": "",
    ]

    static func create(in db: Database) throws {
        for (_, statement) in schema.sorted(by: { $0.key < $1.key }) where !statement.isEmpty {
            try db.execute(sql: statement)
        }
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The entry of `request`, read from SQLite's page straight into the answer's buffer.
    ///
    /// GRDB's cursors copy a row and build an index of its column names, which costs more than the look-up itself.
    static func lookUp(_ request: LookUpRequest, now: Int64, in db: Database) throws -> CacheAnswer {
        let statement = try db.cachedStatement(
            sql: "SELECT expires_at, checksum, key, value FROM entry WHERE digest = ?")
        let row = statement.sqliteStatement
        defer { sqlite3_reset(row) }
        return try request.key.withBytes { key in
            sqlite3_bind_int64(row, 1, EntryHash.digest(ofKey: key))
            switch sqlite3_step(row) {
            case SQLITE_ROW: return try answer(from: row, key: key, request: request, now: now)
            case SQLITE_DONE: return .none
            case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
            }
        }
    }

    private static func answer(
        from row: SQLiteStatement, key: UnsafeRawBufferPointer, request: LookUpRequest, now: Int64
    ) throws -> CacheAnswer {
        let expiresAt = sqlite3_column_int64(row, 0)
        let value = bytes(of: row, column: 3)
        // Another key with the same digest; the two displace each other.
        guard isEqual(bytes(of: row, column: 2), key) else { return .none }
        guard EntryHash.checksum(key: key, expiresAt: expiresAt, value: value) == sqlite3_column_int64(row, 1) else {
            throw EntryFailure.damaged("an entry does not match its checksum")
        }
        guard now < expiresAt else { return .none }
        // One byte more than the limit tells the caller that the entry is too long.
        let limit = max(0, min(request.maximumBytes, value.count))
        return .entry(ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: value.prefix(limit + 1))))
    }

    private static func isEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard one.count == other.count else { return false }
        guard let start = one.baseAddress, let otherStart = other.baseAddress else { return one.isEmpty }
        return memcmp(start, otherStart, one.count) == 0
    }

    private static func bytes(of row: SQLiteStatement, column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(row, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(row, column)))
    }

    static func store(_ request: StoreRequest, expiresAt: Int64, in db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO entry(digest, expires_at, checksum, key, value) VALUES(?, ?, ?, ?, ?)")
        let row = statement.sqliteStatement
        defer {
            sqlite3_reset(row)
            sqlite3_clear_bindings(row)
        }
        let code = request.key.withBytes { key in
            request.value.withUnsafeReadableBytes { value in
                sqlite3_bind_int64(row, 1, EntryHash.digest(ofKey: key))
                sqlite3_bind_int64(row, 2, expiresAt)
                sqlite3_bind_int64(row, 3, EntryHash.checksum(key: key, expiresAt: expiresAt, value: value))
                bind(key, to: row, at: 4)
                bind(value, to: row, at: 5)
                return sqlite3_step(row)
            }
        }
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
        }
    }

    /// Binds bytes that stay where they are until the statement has run.
    private static func bind(_ bytes: UnsafeRawBufferPointer, to row: SQLiteStatement, at index: Int32) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            // A null pointer would bind NULL.
            sqlite3_bind_zeroblob(row, index, 0)
            return
        }
        sqlite3_bind_blob(row, index, start, Int32(clamping: bytes.count), nil)
    }

    /// Deletes expired entries, oldest first, and says how many.
    static func deleteExpired(now: Int64, limit: Int, in db: Database) throws -> Int {
        try db.cachedStatement(
            sql: """
                DELETE FROM entry WHERE id IN \
                (SELECT id FROM entry WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                """
        ).execute(arguments: [now, limit])
        return db.changesCount
    }

    /// Deletes the entries that expire first, expired or not, and says how many.
    static func evict(_ count: Int, in db: Database) throws -> Int {
        try db.cachedStatement(
            sql: "DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY expires_at LIMIT ?)"
        ).execute(arguments: [count])
        return db.changesCount
    }
}
