internal import CSQLite

/// A connection to an SQLite file, for one thread at a time; closed with the last reference to it and its statements.
package final class SQLiteConnection {
    /// For calls to SQLite that have no method here.
    package let handle: OpaquePointer

    /// Opens the file; creates it if it is missing, unless the connection is read-only.
    ///
    /// - Parameter patience: seconds to wait for the locks of other connections.
    package init(path: String, isReadOnly: Bool = false, patience: Double) throws(SQLiteError) {
        // SQLite's own locks are only needed for connections that several threads use at once.
        let flags =
            (isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message)
        }
        handle = opened
        sqlite3_busy_timeout(handle, Int32(clamping: Int(patience * 1000)))
        sqlite_require_single_quotes(handle)
    }

    deinit { sqlite3_close_v2(handle) }

    /// Whether the file may not be written.
    package var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }

    /// Whether a transaction has begun and not ended.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// How many rows the last statement changed.
    package var changedRows: Int { Int(sqlite3_changes(handle)) }

    /// Runs any number of statements that have no parameters; their rows are dropped.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    /// Runs one statement; its rows are dropped.
    package func execute(_ sql: String, _ parameters: (any SQLiteBindable)...) throws(SQLiteError) {
        try SQLiteStatement(sql, self).run(parameters)
    }

    /// The first value of the first row; NULL if there is no row.
    package func value(_ sql: String, _ parameters: (any SQLiteBindable)...) throws(SQLiteError) -> SQLiteValue {
        try SQLiteStatement(sql, self).value(parameters)
    }

    /// The same as a number; 0 if there is none.
    package func number(_ sql: String, _ parameters: (any SQLiteBindable)...) throws(SQLiteError) -> Int {
        try SQLiteStatement(sql, self).number(parameters)
    }

    /// Runs the body as one transaction, which is rolled back if the body throws.
    ///
    /// - Parameter begin: `BEGIN`, or `BEGIN IMMEDIATE` to wait for other writers first.
    package func transaction<Result>(_ begin: String, _ body: () throws -> Result) throws -> Result {
        try execute(begin)
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // Some errors have ended the transaction already, and the first error is the one to report.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// - Throws: if the result code is an error.
    package func check(_ code: Int32) throws(SQLiteError) {
        guard code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE else { return }
        throw SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}
