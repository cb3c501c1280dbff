internal import CSQLite

/// What SQLite reports about a failed call.
package struct SQLiteError: Error, CustomStringConvertible {
    /// A primary result code, such as `SQLITE_BUSY`.
    package let code: Int32
    /// In SQLite's words, without the statement.
    package let message: String

    package init(code: Int32, message: String) {
        self.code = code & 0xFF
        self.message = message
    }

    package var description: String { message }
}
