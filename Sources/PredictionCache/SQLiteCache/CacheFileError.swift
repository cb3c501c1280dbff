import CSQLite
import SQLite

/// Why the cache's file cannot be used, or an access to it failed.
enum CacheFileError: Error, CustomStringConvertible {
    /// Another process holds a lock: try again later.
    case busy
    /// The file's content is not what was written to it, so it must be replaced.
    case damaged(String)
    /// The file system or SQLite fails, or the file belongs to another program. Transient: try again later.
    case failing(String, isTransient: Bool = false)

    init(_ error: any Error) {
        guard let error = error as? SQLiteError else {
            self = error as? CacheFileError ?? .failing("\(error)")
            return
        }
        switch error.code {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        // SQLITE_ERROR is "no such table" and the like: the statements are fixed, so the schema is no longer ours.
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT, SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH,
            SQLITE_TOOBIG, SQLITE_RANGE:
            self = .damaged(error.message)
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM: self = .failing(error.message, isTransient: true)
        default: self = .failing(error.message)
        }
    }

    var isTransient: Bool {
        switch self {
        case .busy, .failing(_, isTransient: true): true
        case .damaged, .failing: false
        }
    }

    var description: String {
        switch self {
        case .busy: "another process holds the file or its write-ahead log locked"
        case .damaged(let cause), .failing(let cause, _): cause
        }
    }
}
