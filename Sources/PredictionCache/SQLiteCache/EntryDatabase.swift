import Foundation
import GRDB
import NIOCore

/// An open cache file: look-ups, stores in one transaction, and the bounds of its size.
///
/// Only the cache's thread uses it. It runs with `synchronous=OFF`: a killed process loses and damages nothing, since
/// the kernel has every write; after a power cut the file may be damaged, which the checksum of each entry and
/// SQLite's own checks find, and then it is replaced. With `NORMAL` the thread that answers look-ups would wait for the
/// disk at each checkpoint, far beyond their deadline. What is thrown is a `CacheFileError`.
struct EntryDatabase: Sendable {
    static let pageBytes = 4096

    let queue: DatabaseQueue
    let file: FileStatus
    let settings: SQLiteCacheSettings

    var maximumPages: Int { max(64, settings.maximumFileBytes / Self.pageBytes) }

    /// Whether the path still names the file that is open here.
    var isInPlace: Bool { file.isSameFile(as: FileStatus(of: queue.path)) }

    func read<Result>(inTransaction: Bool, _ body: (Database) throws -> Result) throws -> Result {
        try access { db in try transaction(inTransaction ? "BEGIN" : nil, in: db) { try body(db) } }
    }

    /// Deletes expired entries, makes room for stores and writes them, in one transaction.
    func store(_ stores: [StoreRequest], now: Int64) throws {
        try access { db in
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

    func usedPages(in db: Database) throws -> Int {
        let all = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        return all - free
    }

    /// Fails while the write-ahead log is at its limit: another process's long read keeps it from shrinking.
    private func boundLog(in db: Database) throws {
        func isFull() -> Bool { FileStatus(of: queue.path + "-wal")?.size ?? 0 > settings.maximumLogBytes }
        guard isFull() else { return }
        _ = try? db.checkpoint(.truncate)
        guard isFull() else { return }
        throw CacheFileError.failing(
            "the write-ahead log is at its limit and in use by another process", isTransient: true)
    }

    func access<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            return try queue.writeWithoutTransaction(body)
        } catch {
            throw CacheFileError(error)
        }
    }

    func transaction<Result>(_ begin: String?, in db: Database, _ body: () throws -> Result) throws -> Result {
        guard let begin else { return try body() }
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
}
