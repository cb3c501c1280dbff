import Bytes
import Foundation
import GRDB
import GRDBSQLite
import Logging

/// An open cache file: look-ups, stores in one transaction, and the bounds of its size. It is closed with its last
/// reference.
///
/// Only the cache's thread uses it. It runs with `synchronous=OFF`: a killed process loses and damages nothing, since
/// the kernel has every write; after a power cut the file may be damaged, which the checksum of each entry and
/// SQLite's own checks find, and then it is replaced. With `NORMAL` the thread that answers look-ups would wait for the
/// disk at each checkpoint, far beyond their deadline. `CacheFileError` says what an error means.
struct EntryDatabase: Sendable {
    /// A file, and what is wrong with it.
    typealias Damage = (file: stat, cause: String)

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
    func store(_ stores: some Collection<StoreRequest>, now: Int64) throws {
        try queue.writeWithoutTransaction { db in
            // The log is at its limit: another process's long read keeps it from shrinking, and this then is busy.
            if Int(stat(path: queue.path + "-wal")?.st_size ?? 0) > settings.maximumLogBytes {
                _ = try db.checkpoint(.truncate)
            }
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

    // MARK: Opening

    /// Opens the file, makes it if it is missing, and replaces it, once, if it is damaged.
    ///
    /// - Parameters:
    ///   - damage: what was found in a file while it was open; it is replaced if it is still there.
    ///   - patience: seconds to wait for other processes.
    /// - Throws: `CacheFileError.failing` with one line that says what is wrong, where, and what to do; also where the
    ///   file is another program's database, which stays as it is.
    static func open(
        _ settings: SQLiteCacheSettings, _ damage: Damage? = nil, patience: Double, _ logger: Logger
    ) throws -> EntryDatabase {
        let file = CacheFile(path: settings.path)
        let end = Date().addingTimeInterval(patience)
        var (damage, isReplaced) = (damage, false)
        while true {
            var status: stat?
            do {
                try file.create()
                return try file.locked(until: end) {
                    if let damage, damage.file.isSameFile(as: stat(path: file.path)) {
                        try file.setAside(because: damage.cause, logger)
                    }
                    if try file.create().st_size > settings.maximumFileBytes {
                        file.remove()
                        logger.notice("The cache file \(file.path) was larger than the limit; a new one is begun.")
                    }
                    let created = try file.create()
                    status = created
                    return try EntryDatabase(created, settings)
                }
            } catch {
                switch (CacheFileError(error), status) {
                case (.busy, _) where Date() < end: usleep(2_000)
                case (.damaged(let cause), let file?) where !isReplaced: (damage, isReplaced) = ((file, cause), true)
                case (let error, _):
                    throw CacheFileError.failing(
                        "The cache file \(file.path) cannot be used, \(error). Name another file with "
                            + "CACHE_URL=sqlite:PATH, or none with CACHE_URL=off.", isTransient: error.isTransient)
                }
            }
        }
    }

    /// Opens a file, or makes it one of ours if it is empty; to be done while it is locked.
    private init(_ file: stat, _ settings: SQLiteCacheSettings) throws {
        self.file = file
        self.settings = settings
        var connection = GRDB.Configuration()
        // A transaction that a damaged file does not let end must not trap; the connection is given up instead.
        connection.allowsUnsafeTransactions = true
        // Look-ups wait meanwhile, so it is far below their deadline.
        connection.busyMode = .timeout(0.002)
        queue = try DatabaseQueue(path: settings.path, configuration: connection)
        try queue.writeWithoutTransaction(setUp)
    }

    /// Whether the file is empty; throws if it is neither that nor a cache.
    private func isEmpty(_ db: Database) throws -> Bool {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        // As bytes: a crafted file may hold names that are not text, at which GRDB would trap.
        let objects = "(SELECT sql FROM sqlite_master ORDER BY rowid)"
        let bytes = try Data.fetchOne(db, sql: "SELECT CAST(group_concat(sql, ';') AS BLOB) FROM \(objects)")
        let schema = String(decoding: bytes ?? Data(), as: UTF8.self)
        if id == 0 && schema.isEmpty || schema == EntryTable.schema { return schema.isEmpty }
        guard id != EntryTable.applicationID else { throw CacheFileError.damaged("its tables are not the cache's") }
        let content = schema.isEmpty ? "nothing" : schema.prefix(60).printable()
        throw CacheFileError.failing(
            "it is another program's SQLite database (application_id \(id), holding: \(content)) and stays as it is")
    }

    private func setUp(_ db: Database) throws {
        try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
        let isNew = try isEmpty(db)
        guard sqlite3_db_readonly(db.sqliteConnection, "main") == 0 else {
            throw CacheFileError.failing("it may not be written")
        }
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
        if isNew {
            try transaction("BEGIN IMMEDIATE", in: db) {
                try db.execute(sql: "\(EntryTable.schema); PRAGMA application_id = \(EntryTable.applicationID)")
            }
        }
    }
}
