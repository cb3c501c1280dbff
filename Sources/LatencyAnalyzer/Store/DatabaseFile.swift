import Files
public import GRDB

/// An SQLite file of ours, recognized by its application id; one file may hold all our tables.
public struct DatabaseFile: Sendable {
    // "BUNG"
    private static let applicationID = 0x4255_4E47

    // How long another run of ours may take to store a log.
    private static let patience = 120.0

    /// Where the file is read and written.
    public let queue: DatabaseQueue

    /// Opens or creates the file.
    ///
    /// - Parameter schema: statements that may run at each opening.
    /// - Throws: `OperatorError` if the file cannot be used, or is a database of something else.
    public init(path: String, schema: String) throws {
        if let status = FileStatus(path: path), !status.isRegular {
            throw OperatorError(.output, "\(path) cannot be used as a database: it is not a regular file")
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.patience)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { database in
                let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
                guard id == Self.applicationID || isEmpty else {
                    throw OperatorError(.output, "\(path) is a database of something else; name a new file")
                }
                try database.execute(sql: "PRAGMA application_id = \(Self.applicationID);\n\(schema)")
            }
        } catch let error as DatabaseError {
            throw OperatorError(.output, "\(path) cannot be used as a database: \(error.message ?? "\(error)")")
        }
    }
}
