import Bytes
import CSQLite
import Logging
import Platform
import SQLite

/// An open cache file: look-ups, stores in one transaction, and the limits of its size. It is closed with the last
/// reference to it.
///
/// Only the cache's thread uses it. It runs with `synchronous=OFF`. A killed process loses and damages nothing, since
/// the kernel has every write. After a power cut the file may be damaged; the checksum of each entry and SQLite's own
/// checks find that, and the file is replaced. With `NORMAL`, the thread that responds to look-ups would wait for the
/// disk at each checkpoint, far beyond their deadline. `CacheFileError` defines what each error means.
struct EntryDatabase {
    /// A file, and what is wrong with it.
    typealias Damage = (file: stat, cause: String)

    private static let pageBytes = 4096

    private let connection: SQLiteConnection
    private let table: EntryTable
    private let transaction: Transaction
    private let pageCount: SQLiteStatement
    private let freePageCount: SQLiteStatement
    let file: stat
    private let settings: SQLiteCacheSettings

    private static func maximumPages(_ settings: SQLiteCacheSettings) -> Int {
        max(64, settings.maximumFileBytes / pageBytes)
    }

    /// Whether the path still names the file that is open here.
    var isInPlace: Bool { file.isSameFile(as: stat(path: settings.path)) }

    // MARK: Entries

    func read<Result>(inTransaction: Bool, _ body: (EntryTable) throws -> Result) throws -> Result {
        inTransaction ? try transaction.reading { try body(table) } : try body(table)
    }

    /// Deletes expired entries, makes room for stores and writes them, in one transaction.
    func store(_ stores: some Collection<StoreRequest>, now: Int64) throws {
        // The log is at its limit, because another process's long read keeps it from shrinking: report this as busy.
        if Int(stat(path: settings.path + "-wal")?.st_size ?? 0) > settings.maximumLogBytes {
            let handle = connection.handle
            try connection.check(sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil))
        }
        try transaction.writing {
            _ = try table.delete(256, expiringBy: now)
            // An entry may need a page more than it fills, and both indexes split a page now and then.
            let needed = stores.reduce(12) { $0 + 1 + $1.byteCount / (Self.pageBytes - 64) }
            let maximumPages = Self.maximumPages(settings)
            let highWater = max(maximumPages - needed, maximumPages / 4)
            while try pageCount.number() - freePageCount.number() > highWater,
                try table.delete(32, expiringBy: .max) > 0
            {}
            for store in stores { try table.store(store) }
        }
    }

    // MARK: Opening

    /// Opens the file, creates it if it is missing, and replaces it, once, if it is damaged.
    ///
    /// - Parameters:
    ///   - damage: what was found wrong with a file while it was open; that file is replaced if it is still there.
    ///   - patience: seconds to wait for other processes.
    /// - Throws: `CacheFileError.failing` with one line that says what is wrong, where, and what to do; also if the
    ///   file is another program's database or not a database, which is left unchanged.
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
                    var found = try file.create()
                    status = found
                    let header = try CacheFileHeader(path: file.path, found)
                    if header.isCache, found.st_size > settings.maximumFileBytes {
                        file.remove()
                        logger.notice("The cache file \(file.path) was larger than the limit; a new one is started.")
                        found = try file.create()
                        status = found
                    }
                    return try EntryDatabase(found, settings)
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

    /// Opens a file, or initializes it if it is empty; the caller holds its lock.
    private init(_ file: stat, _ settings: SQLiteCacheSettings) throws {
        self.file = file
        self.settings = settings
        // Look-ups wait meanwhile, so this is far below their deadline.
        connection = try SQLiteConnection(path: settings.path, patience: 0.002)
        try Self.setUp(connection, settings)
        table = try EntryTable(connection)
        transaction = try Transaction(connection)
        pageCount = try SQLiteStatement("PRAGMA page_count", connection)
        freePageCount = try SQLiteStatement("PRAGMA freelist_count", connection)
    }

    /// Whether the file is empty; throws if it is neither that nor a cache.
    private static func isEmpty(_ connection: SQLiteConnection) throws -> Bool {
        let id = try connection.number("PRAGMA application_id")
        let objects = "(SELECT sql FROM sqlite_master ORDER BY rowid)"
        var schema = ""
        if case .text(let text) = try connection.value("SELECT group_concat(sql, ';') FROM \(objects)") {
            schema = text
        }
        if id == 0 && schema.isEmpty || schema == EntryTable.schema { return schema.isEmpty }
        guard id != EntryTable.applicationID else { throw CacheFileError.damaged("its tables are not the cache's") }
        let content = schema.isEmpty ? "nothing" : schema.prefix(60).printable()
        throw CacheFileError.failing(
            "it is another program's SQLite database (application_id \(id), holding: \(content)) and is left unchanged")
    }

    private static func setUp(_ connection: SQLiteConnection, _ settings: SQLiteCacheSettings) throws {
        try connection.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
        let isNew = try isEmpty(connection)
        guard !connection.isReadOnly else { throw CacheFileError.failing("it is not writable") }
        if isNew { try connection.execute("PRAGMA page_size = \(pageBytes)") }
        guard try connection.value("PRAGMA journal_mode = WAL") == .text("wal") else {
            throw CacheFileError.failing("its file system lacks what SQLite's write-ahead log needs")
        }
        try connection.execute(
            """
            PRAGMA synchronous = OFF;
            PRAGMA secure_delete = OFF;
            PRAGMA temp_store = MEMORY;
            PRAGMA cache_size = -8192;
            PRAGMA max_page_count = \(maximumPages(settings));
            PRAGMA journal_size_limit = \(settings.maximumLogBytes);
            PRAGMA wal_autocheckpoint = \(min(1000, settings.maximumLogBytes / pageBytes / 2))
            """)
        // Otherwise the last connection to a file that was set aside would delete, by name, its successor's log.
        var keepsLog: CInt = 1
        sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keepsLog)
        // A longer value than any that is stored is damage; it must not be read into memory.
        sqlite3_limit(connection.handle, SQLITE_LIMIT_LENGTH, Int32(clamping: settings.maximumEntryBytes + 4096))
        if isNew {
            try connection.transaction("BEGIN IMMEDIATE") {
                try connection.execute("\(EntryTable.schema); PRAGMA application_id = \(EntryTable.applicationID)")
            }
        }
    }
}

/// The statements that begin and end a transaction, prepared once.
private struct Transaction {
    private let connection: SQLiteConnection
    private let begin: SQLiteStatement
    private let beginImmediate: SQLiteStatement
    private let commit: SQLiteStatement
    private let rollback: SQLiteStatement

    init(_ connection: SQLiteConnection) throws {
        self.connection = connection
        begin = try SQLiteStatement("BEGIN", connection)
        beginImmediate = try SQLiteStatement("BEGIN IMMEDIATE", connection)
        commit = try SQLiteStatement("COMMIT", connection)
        rollback = try SQLiteStatement("ROLLBACK", connection)
    }

    func reading<Result>(_ body: () throws -> Result) throws -> Result { try run(begin, body) }

    func writing<Result>(_ body: () throws -> Result) throws -> Result { try run(beginImmediate, body) }

    private func run<Result>(_ begin: SQLiteStatement, _ body: () throws -> Result) throws -> Result {
        do {
            try begin.run()
            let result = try body()
            try commit.run()
            return result
        } catch {
            // The first failure is the one to report.
            if connection.isInTransaction { try? rollback.run() }
            throw error
        }
    }
}
