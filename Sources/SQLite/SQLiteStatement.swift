internal import CSQLite

/// One prepared statement, to be run any number of times.
package final class SQLiteStatement {
    private let connection: SQLiteConnection
    /// For calls to SQLite that have no method here.
    package let handle: OpaquePointer

    /// - Throws: `SQLITE_MISUSE` if the text holds no statement or more than one.
    package init(_ sql: String, _ connection: SQLiteConnection) throws(SQLiteError) {
        self.connection = connection
        var (statement, next): (OpaquePointer?, OpaquePointer?)
        var codes = (SQLITE_OK, SQLITE_OK)
        sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            codes.0 = sqlite3_prepare_v3(connection.handle, text, -1, 0, &statement, &rest)
            if statement != nil { codes.1 = sqlite3_prepare_v3(connection.handle, rest, -1, 0, &next, nil) }
        }
        try connection.check(codes.0)
        guard let statement, next == nil, codes.1 == SQLITE_OK else {
            sqlite3_finalize(statement)
            sqlite3_finalize(next)
            throw SQLiteError(code: SQLITE_MISUSE, message: "not one statement")
        }
        handle = statement
    }

    deinit { sqlite3_finalize(handle) }

    /// Whether it leaves the file unchanged.
    package var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

    /// The names of its result columns.
    package var columnNames: [String] {
        (0..<sqlite3_column_count(handle)).map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" }
    }

    // MARK: Running

    /// Runs it to its end; its rows are dropped.
    package func run(_ parameters: [any SQLiteBindable] = []) throws(SQLiteError) {
        defer { reset() }
        try bind(parameters)
        while try step() {}
    }

    /// All its rows.
    package func rows(_ parameters: [any SQLiteBindable] = []) throws(SQLiteError) -> [[SQLiteValue]] {
        defer { reset() }
        try bind(parameters)
        var rows: [[SQLiteValue]] = []
        while try step() { rows.append((0..<sqlite3_column_count(handle)).map(value(at:))) }
        return rows
    }

    /// The first value of the first row; NULL if there is no row.
    package func value(_ parameters: [any SQLiteBindable] = []) throws(SQLiteError) -> SQLiteValue {
        defer { reset() }
        try bind(parameters)
        return try step() ? value(at: 0) : .null
    }

    /// The same as a number; 0 if there is none.
    package func number(_ parameters: [any SQLiteBindable] = []) throws(SQLiteError) -> Int {
        guard case .integer(let number) = try value(parameters) else { return 0 }
        return Int(number)
    }

    /// Binds the values of its parameters, from number 1 on; the others are NULL.
    package func bind(_ parameters: [any SQLiteBindable]) throws(SQLiteError) {
        for (index, parameter) in zip(Int32(1)..., parameters) {
            try connection.check(bind(parameter.sqliteValue, at: index))
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        // SQLite makes a copy.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let number): return sqlite3_bind_int64(handle, index, number)
        case .real(let number): return sqlite3_bind_double(handle, index, number)
        case .text(var text):
            return text.withUTF8 { text in
                text.withMemoryRebound(to: CChar.self) { text in
                    // A null pointer would mean NULL.
                    text.isEmpty
                        ? sqlite3_bind_text(handle, index, "", 0, transient)
                        : sqlite3_bind_text(handle, index, text.baseAddress, Int32(clamping: text.count), transient)
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { bytes in
                bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(clamping: bytes.count), transient)
            }
        }
    }

    /// Moves to the next row. Returns false at the end.
    package func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        try connection.check(code)
        return code == SQLITE_ROW
    }

    /// Prepares it to run again, with all parameters NULL.
    package func reset() {
        // It returns the error of the last step once more.
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: The row

    /// A value of the row; invalid UTF-8 in a text is replaced.
    package func value(at column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT: .text(text(at: column))
        case SQLITE_BLOB: .blob(Array(bytes(at: column)))
        default: .null
        }
    }

    private func text(at column: Int32) -> String {
        // In this order: asking for the text may change its length.
        let start = UnsafeRawPointer(sqlite3_column_text(handle, column))
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
    }

    /// The bytes of a blob, until the next step.
    package func bytes(at column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }
}
