import Foundation
import GRDB
import GRDBSQLite
import Logging

/// Opening the cache file: what is in it is judged before anything is written to it.
extension EntryDatabase {
    /// A file that was open when damage was found in it.
    struct Suspect {
        let identity: FileIdentity
        let reason: String
    }

    private enum Verdict {
        case usable(EntryDatabase)
        case damaged(String)
        case tooLarge
    }

    /// Opens the file, makes it if it is missing, and replaces it if it is damaged.
    ///
    /// - Throws: `SQLitePredictionStoreError`, also where the file is another program's database, which stays as it is.
    static func open(
        _ configuration: SQLitePredictionStoreConfiguration, suspect: Suspect? = nil, patience: Double,
        logger: Logger
    ) throws -> EntryDatabase {
        let file = CacheFile(path: configuration.absolutePath)
        try file.create()
        let lock = try CacheFileLock(of: file, patience: patience)
        defer { withExtendedLifetime(lock) {} }
        if let suspect, suspect.identity == FileIdentity(of: file.path) {
            try replace(file, reason: suspect.reason, logger: logger)
        }
        for _ in 0..<3 {
            // The file may have been set aside by another process while this one waited for the lock.
            try file.create()
            switch try judge(file, configuration, patience: patience) {
            case .usable(let database):
                return database
            case .damaged(let reason):
                try replace(file, reason: reason, logger: logger)
            case .tooLarge:
                file.remove()
                logger.notice("The cache file \(file.path) was larger than the limit; a new one is begun.")
            }
        }
        throw CacheFile.unusable(file.path, "a new file in its place is found damaged as well")
    }

    private static func replace(_ file: CacheFile, reason: String, logger: Logger) throws {
        let name = try file.setAside(at: Date())
        logger.warning(
            "The cache file \(file.path) is damaged (\(reason)); it is kept as \(name) and a new one is begun.")
    }

    private static func judge(
        _ file: CacheFile, _ configuration: SQLitePredictionStoreConfiguration, patience: Double
    ) throws -> Verdict {
        guard let identity = FileIdentity(of: file.path) else {
            throw CacheFile.unusable(file.path, "it cannot be read", code: errno)
        }
        do {
            let queue = try retryingWhileBusy(patience) {
                try DatabaseQueue(path: file.path, configuration: connection(configuration))
            }
            let database = EntryDatabase(queue: queue, identity: identity, configuration: configuration)
            do {
                let verdict = try queue.writeWithoutTransaction { try database.prepare($0, file, patience: patience) }
                if case .usable = verdict { return verdict }
                database.close(checkpoint: false)
                return verdict
            } catch {
                database.close(checkpoint: false)
                throw error
            }
        } catch let error as SQLitePredictionStoreError {
            throw error
        } catch {
            switch EntryFailure(error) {
            case .damaged(let reason): return .damaged(reason)
            case .busy: throw CacheFile.unusable(file.path, "another process holds it locked", mayPass: true)
            case .refused(let reason):
                throw CacheFile.unusable(file.path, "it cannot be opened: \(reason)", mayPass: mayPass(error))
            }
        }
    }

    /// No room, a failing disk, no memory; and not that the file may not be read or written.
    private static func mayPass(_ error: any Error) -> Bool {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM: true
        default: false
        }
    }

    private static func connection(_ configuration: SQLitePredictionStoreConfiguration) -> GRDB.Configuration {
        var connection = GRDB.Configuration()
        connection.label = "bungalow-cache"
        // A transaction that a damaged file does not let end must not trap; the connection is given up instead.
        connection.allowsUnsafeTransactions = true
        connection.busyMode = .timeout(Double(configuration.busyTimeoutMilliseconds) / 1000)
        connection.foreignKeysEnabled = false
        return connection
    }

    private func prepare(_ db: Database, _ file: CacheFile, patience: Double) throws -> Verdict {
        let isNew = try Self.retryingWhileBusy(patience) {
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            return try judgeContent(db, file)
        }
        try Self.retryingWhileBusy(patience) { try setUp(db, isNew: isNew, file) }
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        guard pageBytes == Self.pageBytes else { return .damaged("its pages have \(pageBytes) bytes") }
        return pages > maximumPages ? .tooLarge : .usable(self)
    }

    /// True if the file is empty, false if it is a cache; anything else is thrown.
    private func judgeContent(_ db: Database, _ file: CacheFile) throws -> Bool {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        // As hexadecimal digits: a crafted file may hold names that are no text, at which GRDB would trap.
        let rows = try Row.fetchAll(db, sql: "SELECT hex(name), hex(coalesce(sql, '')) FROM sqlite_master")
        let schema = [String: String](
            rows.map { (Self.text(hex: $0[0]), Self.text(hex: $0[1])) }, uniquingKeysWith: { first, _ in first })
        if id == 0, version == 0, schema.isEmpty { return true }
        let isOurSchema = schema == EntryTable.schema
        if id != EntryTable.applicationID, !isOurSchema {
            let tables = schema.keys.sorted().prefix(3).joined(separator: ", ")
            throw SQLitePredictionStoreError(
                description: "The file \(file.path) is another program's SQLite database "
                    + "(application_id \(id), holding: \(tables.isEmpty ? "nothing" : tables)) and stays as it is. "
                    + "Name another file for the cache with CACHE_URL=sqlite:PATH.")
        }
        guard id == EntryTable.applicationID else { throw EntryFailure.damaged("its application_id is \(id)") }
        guard version == EntryTable.version else {
            throw EntryFailure.damaged("its format is \(version), not \(EntryTable.version)")
        }
        guard isOurSchema else { throw EntryFailure.damaged("its tables are not the cache's") }
        return false
    }

    private static func text(hex: String) -> String {
        let digits = Array(hex.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { index in
            UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func setUp(_ db: Database, isNew: Bool, _ file: CacheFile) throws {
        if isNew { try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)") }
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw CacheFile.unusable(file.path, "its file system lacks what SQLite's write-ahead log needs")
        }
        try db.execute(
            sql: """
                PRAGMA synchronous = OFF;
                PRAGMA secure_delete = OFF;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -8192;
                PRAGMA max_page_count = \(maximumPages);
                PRAGMA journal_size_limit = \(configuration.maximumLogBytes);
                PRAGMA wal_autocheckpoint = \(min(1000, configuration.maximumLogBytes / Self.pageBytes / 2))
                """)
        // The last connection to a file that was set aside would otherwise delete, by name, its successor's log.
        var keepsLog: CInt = 1
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &keepsLog)
        // A longer value than any that is stored is damage; it must not be read into memory.
        sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, Int32(clamping: configuration.maximumEntryBytes + 4096))
        do {
            try transaction("BEGIN IMMEDIATE", in: db) {
                if isNew { try EntryTable.create(in: db) }
                // A page is written, or a file that may only be read would pass for a usable one.
                try db.execute(sql: "PRAGMA user_version = \(EntryTable.version)")
            }
        } catch  where !isNew && EntryFailure(error) == .busy {
            // Another process is writing, so the file can be written.
        }
    }

    /// Another process may be making the file as well; SQLite does not wait for every one of its locks.
    private static func retryingWhileBusy<Result>(_ patience: Double, _ body: () throws -> Result) throws -> Result {
        let end = Date().addingTimeInterval(patience)
        while true {
            do {
                return try body()
            } catch  where EntryFailure(error) == .busy && Date() < end {
                usleep(5_000)
            }
        }
    }
}
