import GRDB

/// What a failed access to the database means for the cache.
enum EntryFailure: Error, Equatable {
    /// Another process holds a lock: try again later.
    case busy
    /// The file does not hold what was written to it: it must be replaced.
    case damaged(String)
    /// The file system or SQLite refuses for now: the disk is full, an input or output error, no memory.
    case refused(String)

    init(_ error: any Error) {
        switch error {
        case let failure as EntryFailure: self = failure
        case let error as DatabaseError: self.init(error)
        default: self = .refused("\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        let reason = error.message ?? "SQLite result code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .busy
        // SQLITE_ERROR is "no such table" and its like: the statements are fixed, so the schema is not ours any more.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH,
            .SQLITE_TOOBIG, .SQLITE_RANGE:
            self = .damaged(reason)
        default:
            self = .refused(reason)
        }
    }
}

/// Why the cache cannot be used at all: one line with what is wrong, where, and what to do.
struct SQLitePredictionStoreError: Error, CustomStringConvertible {
    let description: String
    /// Whether it may pass by itself: another process holds the file locked, or the disk is full.
    var mayPass = false
}
