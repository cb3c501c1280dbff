import Foundation
import GRDB
import GRDBSQLite
import Logging

/// An open cache file: look-ups, stores in one transaction, and the bounds of its size.
///
/// Only the cache's thread uses it. It runs with `synchronous=OFF`: a killed process loses and damages nothing, since
/// the kernel has every write; after a power cut the file may be damaged, which the checksum of each entry and
/// SQLite's own checks find, and then it is replaced. With `NORMAL` the thread that answers look-ups would wait for the
/// disk at each checkpoint, far beyond their deadline. `CacheFileError` says what an error means.
struct EntryDatabase: Sendable {
    private static let pageBytes = 4096

    private let queue: DatabaseQueue
    let file: stat
    private let settings: SQLiteCacheSettings

    private var maximumPages: Int { max(64, settings.maximumFileBytes / Self.pageBytes) }

    /// Whether the path still names the file that is open here.
    var isInPlace: Bool { file.isSameFile(as: stat(path: queue.path)) }

    // MARK: Entries

    func read<Result>(inTransaction: Bool, _ body: (Database) throws -> Result) throws -> Result {
        try queue.writeWithoutTransaction { db in
            inTransaction ? try transaction("BEGIN", in: db) { try body(db) } : try body(db)
        }
    }

    /// Deletes expired entries, makes room for stores and writes them, in one transaction.
    func store(_ stores: [StoreRequest], now: Int64) throws {
        try queue.writeWithoutTransaction { db in
            try boundLog(in: db)
            try transaction("BEGIN IMMEDIATE", in: db) {
                _ = try EntryTable.delete(256, expiringBy: now, in: db)
                // An entry may take a page more than it fills, and both indexes split a page now and then.
                let needed = stores.reduce(12) { $0 + 1 + $1.byteCount / (Self.pageBytes - 64) }
                let highWater = max(maximumPages - needed, maximumPages / 4)
                while try usedPages(in: db) > highWater, try EntryTable.delete(32, expiringBy: .max, in: db) > 0 {}
                for store in stores { try EntryTable.store(store, in: db) }
            }
        }
    }

    private func usedPages(in db: Database) throws -> Int {
        let all = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        return all - free
    }

    /// Fails while the write-ahead log is at its limit: another process's long read keeps it from shrinking.
    private func boundLog(in db: Database) throws {
        func isFull() -> Bool { Int(stat(path: queue.path + "-wal")?.st_size ?? 0) > settings.maximumLogBytes }
        guard isFull() else { return }
        _ = try? db.checkpoint(.truncate)
        guard isFull() else { return }
        throw CacheFileError.failing(
            "the write-ahead log is at its limit and in use by another process", isTransient: true)
    }

    private func transaction<Result>(_ begin: String, in db: Database, _ body: () throws -> Result) throws -> Result {
        do {
            try db.cachedStatement(sql: begin).execute()
            let result = try body()
            try db.cachedStatement(sql: "COMMIT").execute()
            return result
        } catch {
            // The first failure is the one that says what is wrong.
            if db.isInsideTransaction { try? db.cachedStatement(sql: "ROLLBACK").execute() }
            throw error
        }
    }

    /// Closes, after writing the log back into the file where no other process is in the way.
    func close(checkpoint: Bool) {
        if checkpoint { _ = try? queue.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
        try? queue.close()
    }

    // MARK: Opening

    /// Opens the file, makes it if it is missing, and replaces it if it is damaged.
    ///
    /// - Parameters:
    ///   - damage: what was found in a file while it was open; it is replaced if it is still there.
    ///   - patience: seconds to wait for other processes.
    /// - Throws: `CacheFileError.failing` with one line that says what is wrong, where, and what to do; also where the
    ///   file is another program's database, which stays as it is.
    static func open(
        _ settings: SQLiteCacheSettings, _ damage: (file: stat, cause: String)? = nil, patience: Double,
        _ logger: Logger
    ) throws -> EntryDatabase {
        let file = CacheFile(path: settings.path)
        do {
            try file.create()
            return try file.locked(patience: patience) {
                if let damage, damage.file.isSameFile(as: stat(path: file.path)) {
                    try replace(file, damage.cause, logger)
                }
                return try openLocked(file, settings, until: Date().addingTimeInterval(patience), logger)
            }
        } catch {
            let error = CacheFileError(error)
            throw CacheFileError.failing(
                "The cache file \(file.path) cannot be used, \(error). Name another file with CACHE_URL=sqlite:PATH, "
                    + "or none with CACHE_URL=off.", isTransient: error.isTransient)
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
            } catch {
                switch CacheFileError(error) {
                case .tooLarge:
                    file.remove()
                    logger.notice("The cache file \(file.path) was larger than the limit; a new one is begun.")
                case .damaged(let cause) where !isReplaced:
                    isReplaced = true
                    try replace(file, cause, logger)
                case .busy where Date() < end: usleep(5_000)
                default: throw error
                }
            }
        }
    }

    private static func replace(_ file: CacheFile, _ cause: String, _ logger: Logger) throws {
        let name = try file.setAside()
        logger.warning(
            "The cache file \(file.path) is damaged (\(cause)); it is kept as \(name) and a new one is begun.")
    }

    private init(_ file: CacheFile, _ settings: SQLiteCacheSettings) throws {
        guard let status = stat(path: file.path) else { throw CacheFileError.damaged("it is gone") }
        self.file = status
        self.settings = settings
        var connection = GRDB.Configuration()
        // A transaction that a damaged file does not let end must not trap; the connection is given up instead.
        connection.allowsUnsafeTransactions = true
        connection.busyMode = .timeout(settings.lockTimeoutSeconds)
        connection.foreignKeysEnabled = false
        queue = try DatabaseQueue(path: file.path, configuration: connection)
        do {
            try queue.writeWithoutTransaction { db in
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
        func all(_ column: String) throws -> String {
            let objects = "(SELECT * FROM sqlite_master ORDER BY rowid)"
            let bytes = try Data.fetchOne(db, sql: "SELECT CAST(group_concat(\(column), ';') AS BLOB) FROM \(objects)")
            return String(decoding: bytes ?? Data(), as: UTF8.self)
        }
        let schema = try all("sql")
        if id == 0, version == 0, schema.isEmpty { return true }
        if id != EntryTable.applicationID, schema != EntryTable.schema {
            let names = schema.isEmpty ? "nothing" : try all("name").prefix(60)
            throw CacheFileError.failing(
                "it is another program's SQLite database (application_id \(id), holding: \(names)) and stays as it is")
        }
        guard id == EntryTable.applicationID, version == EntryTable.version, schema == EntryTable.schema else {
            throw CacheFileError.damaged("its tables or its format \(version) are not the cache's")
        }
        return false
    }

    private func setUp(_ db: Database, isNew: Bool) throws {
        if isNew { try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)") }
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw CacheFileError.failing("its file system lacks what SQLite's write-ahead log needs")
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
                    try db.execute(
                        sql: "\(EntryTable.schema); PRAGMA application_id = \(EntryTable.applicationID)")
                }
                // A page is written, or a file that may only be read would pass for a usable one.
                try db.execute(sql: "PRAGMA user_version = \(EntryTable.version)")
            }
        } catch let error as DatabaseError where !isNew && error.resultCode == .SQLITE_BUSY {
            // Another process is writing, so the file can be written.
        }
        let pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        guard pageBytes == Self.pageBytes else { throw CacheFileError.damaged("its pages have \(pageBytes) bytes") }
        guard try usedPages(in: db) <= maximumPages else { throw CacheFileError.tooLarge }
    }
}
