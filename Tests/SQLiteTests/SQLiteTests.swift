import CSQLite
import Foundation
import SQLite
import TestSupport
import Testing

/// The thin layer over SQLite's C interface.
@Suite struct SQLiteTests {
    private let folder: TemporaryFolder
    private let connection: SQLiteConnection

    init() throws {
        folder = try TemporaryFolder()
        connection = try SQLiteConnection(path: folder.url.appending(path: "test.sqlite").path, patience: 0)
        try connection.execute("CREATE TABLE t (value)")
    }

    @Test(
        "Values of every kind are read back unchanged",
        arguments: [
            .null, .integer(.min), .integer(.max), .real(-0.1), .text(""), .text("a\0b ä"), .blob([]),
            .blob([0, 255]),
        ] as [SQLiteValue])
    func values(value: SQLiteValue) throws {
        try connection.execute("INSERT INTO t VALUES (?)", value)
        #expect(try connection.value("SELECT value FROM t") == value)
        #expect(connection.changedRows == 1)
    }

    @Test("Swift's values and nil become SQLite's types")
    func bindable() throws {
        let row = try SQLiteStatement("SELECT ?, ?, ?, ?, ?, ?", connection)
            .rows([1, Int64(2), true, 0.5, "text", Int?.none])
        #expect(row == [[.integer(1), .integer(2), .integer(1), .real(0.5), .text("text"), .null]])
    }

    @Test("Text that is not UTF-8 is repaired, and does not trap")
    func brokenText() throws {
        #expect(try connection.value("SELECT CAST(x'61ff' AS TEXT)") == .text("a\u{FFFD}"))
    }

    @Test("A statement can run again, with other values")
    func again() throws {
        let insert = try SQLiteStatement("INSERT INTO t VALUES (?)", connection)
        for number in 1...3 { try insert.run([number]) }
        try insert.run()
        #expect(try connection.number("SELECT count(*) FROM t WHERE value IS NULL") == 1)
        let rows = try SQLiteStatement("SELECT value AS v FROM t WHERE value >= ? ORDER BY value", connection)
        #expect(rows.columnNames == ["v"] && rows.isReadOnly)
        #expect(try rows.rows([2]) == [[.integer(2)], [.integer(3)]])
        #expect(try rows.value([3]) == .integer(3))
        #expect(try rows.number([4]) == 0)
    }

    @Test(
        "What is not one statement is an error",
        arguments: ["", "-- a comment", "SELECT 1; SELECT 2", "SELECT 1; nonsense"])
    func notOneStatement(sql: String) throws {
        let error = #expect(throws: SQLiteError.self) { try SQLiteStatement(sql, connection) }
        #expect(error?.code == SQLITE_MISUSE)
    }

    @Test("One statement may end in a semicolon and a comment")
    func oneStatement() throws {
        #expect(try connection.number("SELECT 1; -- one ") == 1)
    }

    @Test("An error has SQLite's code and words")
    func errors() throws {
        let missing = #expect(throws: SQLiteError.self) { try connection.execute("SELECT * FROM missing") }
        #expect(missing?.code == SQLITE_ERROR && missing?.description == "no such table: missing")
        // SQLite once took this for a text.
        #expect(throws: SQLiteError.self) { try connection.value("SELECT \"value\"") }
        let place = #expect(throws: SQLiteError.self) {
            try SQLiteConnection(path: folder.url.path, patience: 0)
        }
        #expect(place?.code == SQLITE_CANTOPEN && place?.description == "unable to open database file")
    }

    @Test("A transaction is rolled back if its body throws, and the connection stays usable")
    func transactions() throws {
        struct Stop: Error {}
        try connection.transaction("BEGIN") { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(throws: Stop.self) {
            try connection.transaction("BEGIN IMMEDIATE") {
                try connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.number("SELECT sum(value) FROM t") == 1)
    }

    @Test("A connection that only reads cannot write, and creates no file")
    func readOnly() throws {
        let path = folder.url.appending(path: "test.sqlite").path
        let reader = try SQLiteConnection(path: path, isReadOnly: true, patience: 0)
        #expect(reader.isReadOnly && !connection.isReadOnly)
        let error = #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.code == SQLITE_READONLY)
        #expect(throws: SQLiteError.self) { try SQLiteConnection(path: path + "2", isReadOnly: true, patience: 0) }
    }

    @Test("Another connection's lock is SQLITE_BUSY")
    func busy() throws {
        let other = try SQLiteConnection(path: folder.url.appending(path: "test.sqlite").path, patience: 0)
        try connection.execute("BEGIN IMMEDIATE")
        let error = #expect(throws: SQLiteError.self) { try other.execute("BEGIN IMMEDIATE") }
        #expect(error?.code == SQLITE_BUSY)
    }
}
