import Foundation
import GRDB
import GRDBSQLite
import Logging

/// Opening the cache file: what is in it is judged before anything is written to it.
extension EntryDatabase {
    /// Opens the file, makes it if it is missing, and replaces it if it is damaged.
    ///
    /// - Parameters:
    ///   - damage: what was found in a file while it was open; it is replaced if it is still there.
    ///   - patience: seconds to wait for other processes.
    /// - Throws: `CacheFileError.unusable`, also where the file is another program's database, which stays as it is.
    static func open(
        _ settings: SQLiteCacheSettings, _ damage: (file: FileStatus, cause: String)? = nil, patience: Double,
        _ logger: Logger
    ) throws -> EntryDatabase {
        let file = CacheFile(path: settings.path)
        do {
            try file.create()
            return try file.locked(patience: patience) {
                if let damage, damage.file.isSameFile(as: FileStatus(of: file.path)) {
                    try replace(file, damage.cause, logger)
                }
                return try openLocked(file, settings, until: Date().addingTimeInterval(patience), logger)
            }
        } catch CacheFileError.busy {
            throw CacheFileError.unusable(file.path, "\(CacheFileError.busy)", isTransient: true)
        } catch CacheFileError.failing(let cause, let isTransient) {
            throw CacheFileError.unusable(file.path, cause, isTransient: isTransient)
        }
    }

    private static func openLocked(
        _ file: CacheFile, _ settings: SQLiteCacheSettings, until end: Date, _ logger: Logger
    ) throws -> EntryDatabase {
        var isReplaced = false
        while true {
            do {
                // Another process may have set the file aside while this one waited for the lock.
                try file.create()
                return try EntryDatabase(file, settings)
            } catch CacheFileError.tooLarge {
                file.remove()
                logger.notice("The cache file \(file.path) was larger than the limit; a new one is begun.")
            } catch CacheFileError.damaged(let cause) where !isReplaced {
                isReplaced = true
                try replace(file, cause, logger)
            } catch CacheFileError.damaged {
                throw CacheFileError.failing("a new file in its place is found damaged as well", isTransient: false)
            } catch CacheFileError.busy where Date() < end {
                usleep(5_000)
            }
        }
    }

    private static func replace(_ file: CacheFile, _ cause: String, _ logger: Logger) throws {
        let name = try file.setAside()
        logger.warning(
            "The cache file \(file.path) is damaged (\(cause)); it is kept as \(name) and a new one is begun.")
    }

    private init(_ file: CacheFile, _ settings: SQLiteCacheSettings) throws {
        guard let status = FileStatus(of: file.path) else { throw CacheFileError.damaged("it is gone") }
        self.file = status
        self.settings = settings
        var connection = GRDB.Configuration()
        connection.label = "bungalow-cache"
        // A transaction that a damaged file does not let end must not trap; the connection is given up instead.
        connection.allowsUnsafeTransactions = true
        connection.busyMode = .timeout(settings.lockTimeoutSeconds)
        connection.foreignKeysEnabled = false
        do {
            queue = try DatabaseQueue(path: file.path, configuration: connection)
        } catch {
            throw CacheFileError(error)
        }
        do {
            try access { db in
                try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
                try setUp(db, isNew: try isEmpty(db))
            }
        } catch {
            close(checkpoint: false)
            throw error
        }
    }

    /// Whether the file is empty; throws if it is neither that nor a cache.
    private func isEmpty(_ db: Database) throws -> Bool {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        // As bytes: a crafted file may hold names that are not text, at which GRDB would trap.
        let rows = try Row.fetchAll(
            db, sql: "SELECT CAST(name AS BLOB), CAST(coalesce(sql, '') AS BLOB) FROM sqlite_master")
        let texts = rows.map { row in (0...1).map { String(decoding: row[$0] as Data? ?? Data(), as: UTF8.self) } }
        let schema = [String: String](texts.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        if id == 0, version == 0, schema.isEmpty { return true }
        if id != EntryTable.applicationID, schema != EntryTable.schema {
            let tables = schema.keys.sorted().prefix(3).joined(separator: ", ")
            throw CacheFileError.unusable(
                "The file \(settings.path) is another program's SQLite database "
                    + "(application_id \(id), holding: \(tables.isEmpty ? "nothing" : tables)) and stays as it is. "
                    + "Name another file for the cache with CACHE_URL=sqlite:PATH.", isTransient: false)
        }
        guard id == EntryTable.applicationID, version == EntryTable.version, schema == EntryTable.schema else {
            throw CacheFileError.damaged("its tables or its format \(version) are not the cache's")
        }
        return false
    }

    private func setUp(_ db: Database, isNew: Bool) throws {
        if isNew { try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)") }
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw CacheFileError.failing(
                "its file system lacks what SQLite's write-ahead log needs", isTransient: false)
        }
        try db.execute(
            sql: """
                PRAGMA synchronous = OFF;
                PRAGMA secure_delete = OFF;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -8192;
                PRAGMA max_page_count = \(maximumPages);
                PRAGMA journal_size_limit = \(settings.maximumLogBytes);
                PRAGMA wal_autocheckpoint = \(min(1000, settings.maximumLogBytes / Self.pageBytes / 2))
                """)
        // The last connection to a file that was set aside would otherwise delete, by name, its successor's log.
        var keepsLog: CInt = 1
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &keepsLog)
        // A longer value than any that is stored is damage; it must not be read into memory.
        sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, Int32(clamping: settings.maximumEntryBytes + 4096))
        do {
            try transaction("BEGIN IMMEDIATE", in: db) {
                if isNew {
                    let statements = EntryTable.schema.sorted { $0.key < $1.key }.map(\.value)
                    try db.execute(sql: statements.filter { !$0.isEmpty }.joined(separator: ";"))
                    try db.execute(sql: "PRAGMA application_id = \(EntryTable.applicationID)")
                }
                // A page is written, or a file that may only be read would pass for a usable one.
                try db.execute(sql: "PRAGMA user_version = \(EntryTable.version)")
            }
        } catch  where !isNew && CacheFileError(error) == .busy {
            // Another process is writing, so the file can be written.
        }
        let pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        guard pageBytes == Self.pageBytes else { throw CacheFileError.damaged("its pages have \(pageBytes) bytes") }
        guard try usedPages(in: db) <= maximumPages else { throw CacheFileError.tooLarge }
    }
}
