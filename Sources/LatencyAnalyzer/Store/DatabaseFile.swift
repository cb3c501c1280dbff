import Files
package import SQLite
import Synchronization

/// An SQLite file of ours, recognized by its application id; one file may hold all our tables.
///
/// `@unchecked Sendable`: the connection is used under the lock only.
package final class DatabaseFile: @unchecked Sendable {
    // "BUNG"
    private static let applicationID = 0x4255_4E47

    // How long another of our runs may take to store a log.
    private static let patience = 120.0

    private let lock = Mutex(())
    private let connection: SQLiteConnection

    /// Opens or creates the file.
    ///
    /// - Parameter schema: statements that may run at each opening.
    /// - Throws: `OperatorError` if the file cannot be used, or is a database of something else.
    package init(path: String, schema: String) throws {
        if let status = FileStatus(path: path), !status.isRegular {
            throw OperatorError(.output, "\(path) cannot be used as a database: it is not a regular file")
        }
        do {
            let connection = try SQLiteConnection(path: path, patience: Self.patience)
            self.connection = connection
            try connection.transaction("BEGIN IMMEDIATE") {
                let id = try connection.number("PRAGMA application_id")
                let isEmpty = try connection.number("SELECT count(*) FROM sqlite_master") == 0
                guard id == Self.applicationID || isEmpty else {
                    throw OperatorError(.output, "\(path) is a database of something else; name a new file")
                }
                try connection.execute("PRAGMA application_id = \(Self.applicationID);\n\(schema)")
            }
        } catch let error as SQLiteError {
            throw OperatorError(.output, "\(path) cannot be used as a database: \(error)")
        }
    }

    /// Reads or writes the file; others wait meanwhile.
    package func use<Result>(_ body: (SQLiteConnection) throws -> Result) rethrows -> Result {
        try lock.withLock { _ in try body(connection) }
    }
}
