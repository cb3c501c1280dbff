import Foundation
import GRDB
import NIOCore

/// An open cache file: look-ups, stores in one transaction, and the bounds of its size.
///
/// Only the store's thread uses it. It runs with `synchronous=OFF`: a killed process loses and damages nothing, since
/// the kernel has every write; after a power cut the file may be damaged, which the checksum of each entry and
/// SQLite's own checks find, and then it is replaced. With `NORMAL` the thread that answers look-ups would wait for the
/// disk at each checkpoint, far beyond their deadline.
struct EntryDatabase: Sendable {
    static let pageBytes = 4096

    let queue: DatabaseQueue
    let identity: FileIdentity
    let configuration: SQLitePredictionStoreConfiguration

    var maximumPages: Int { max(64, configuration.maximumFileBytes / Self.pageBytes) }

    /// Answers batches in one read transaction; a failure leaves the rest unanswered and is thrown.
    func answer(_ batches: ArraySlice<LookUpBatch>, now: Int64, answered: (Int) -> Void) throws {
        try queue.writeWithoutTransaction { db in
            // Alone, a look-up is its own transaction.
            let isSingle = batches.count == 1 && batches.first?.requests.count == 1
            try transaction(isSingle ? nil : "BEGIN", in: db) {
                for batch in batches {
                    // Whoever asked has been told of the deadline already.
                    if NIODeadline.now() < batch.deadline {
                        batch.deliver(try batch.requests.map { try EntryTable.lookUp($0, now: now, in: db) })
                    }
                    answered(1)
                }
            }
        }
    }

    /// Writes a slice of stores in one transaction, after making room for them.
    func store(_ requests: ArraySlice<StoreRequest>, now: Int64) throws {
        try queue.writeWithoutTransaction { db in
            try boundLog(in: db)
            do {
                try store(requests, extraEvictions: 0, now: now, in: db)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                // The estimate of the pages was too low, or the disk is full: then this fails as well.
                try store(requests, extraEvictions: requests.count + 64, now: now, in: db)
            }
        }
    }

    private func store(_ requests: ArraySlice<StoreRequest>, extraEvictions: Int, now: Int64, in db: Database) throws {
        try transaction("BEGIN IMMEDIATE", in: db) {
            _ = try EntryTable.deleteExpired(now: now, limit: 2 * requests.count + 16, in: db)
            if extraEvictions > 0 {
                _ = try EntryTable.evict(extraEvictions, in: db)
            }
            try makeRoom(for: requests, in: db)
            for request in requests {
                try EntryTable.store(request, expiresAt: now + configuration.timeToLiveMilliseconds, in: db)
            }
        }
    }

    /// Evicts until the pages that the stores may take are free.
    private func makeRoom(for requests: ArraySlice<StoreRequest>, in db: Database) throws {
        let bytes = requests.reduce(0) { $0 + $1.byteCount + 64 }
        // Both indexes split a page now and then; a long value fills its last page in part.
        let needed = bytes / (Self.pageBytes - 64) + requests.count / 4 + 12
        let highWater = max(maximumPages - needed, maximumPages / 4)
        while try usedPages(in: db) > highWater {
            if try EntryTable.evict(32, in: db) == 0 { return }
        }
    }

    private func usedPages(in db: Database) throws -> Int {
        let all = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        return all - free
    }

    /// Deletes a bounded number of expired entries; true if there may be more.
    func sweep(now: Int64) throws -> Bool {
        try queue.writeWithoutTransaction { db in
            let limit = 256
            let isDue = try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT EXISTS(SELECT 1 FROM entry WHERE expires_at <= ?)"), arguments: [now])
            guard isDue == true else { return false }
            try boundLog(in: db)
            return try transaction("BEGIN IMMEDIATE", in: db) {
                try EntryTable.deleteExpired(now: now, limit: limit, in: db) == limit
            }
        }
    }

    /// Refuses to write while the write-ahead log is at its limit: another process's long read keeps it from shrinking.
    private func boundLog(in db: Database) throws {
        guard FileIdentity.size(of: queue.path + "-wal") > configuration.maximumLogBytes else { return }
        _ = try? db.checkpoint(.truncate)
        if FileIdentity.size(of: queue.path + "-wal") > configuration.maximumLogBytes {
            throw EntryFailure.refused("the write-ahead log is at its limit and in use by another process")
        }
    }

    func transaction<Result>(
        _ begin: String?, in db: Database, _ body: () throws -> Result
    ) throws -> Result {
        guard let begin else { return try body() }
        do {
            try db.cachedStatement(sql: begin).execute()
            let result = try body()
            try db.cachedStatement(sql: "COMMIT").execute()
            return result
        } catch {
            if db.isInsideTransaction {
                // The first failure is the one that says what is wrong.
                try? db.cachedStatement(sql: "ROLLBACK").execute()
            }
            throw error
        }
    }

    /// Whether the path still names the file that is open here.
    var isInPlace: Bool { FileIdentity(of: queue.path) == identity }

    /// Writes the log back into the file where no other process is in the way, and closes.
    func close(checkpoint: Bool) {
        if checkpoint {
            _ = try? queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }
        try? queue.close()
    }
}
