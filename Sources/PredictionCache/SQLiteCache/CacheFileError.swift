import GRDB

/// Why the cache's file cannot be used, or an access to it failed.
enum CacheFileError: Error, Equatable {
    /// Another process holds a lock: try again later.
    case busy
    /// The file does not hold what was written to it: it must be replaced.
    case damaged(String)
    /// The file has more pages than it may have: a new one is begun.
    case tooLarge
    /// The file system or SQLite fails for now: an input or output error, no memory, no room.
    case failing(String, isTransient: Bool)
    /// The file cannot be used at all; the text is one line with what is wrong, where, and what to do. Transient: another
    /// process holds it locked, or the disk is full.
    case unusable(String, isTransient: Bool)

    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = error as? CacheFileError ?? .failing("\(error)", isTransient: false)
            return
        }
        let cause = error.message ?? "SQLite result code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        // SQLITE_ERROR is "no such table" and its like: the statements are fixed, so the schema is not ours any more.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH,
            .SQLITE_TOOBIG, .SQLITE_RANGE:
            self = .damaged(cause)
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM: self = .failing(cause, isTransient: true)
        default: self = .failing(cause, isTransient: false)
        }
    }

    static func unusable(_ path: String, _ cause: String, isTransient: Bool = false) -> CacheFileError {
        .unusable(
            "The cache file \(path) cannot be used, \(cause). "
                + "Name another file with CACHE_URL=sqlite:PATH, or none with CACHE_URL=off.", isTransient: isTransient)
    }
}

extension CacheFileError: CustomStringConvertible {
    var description: String {
        switch self {
        case .busy: "another process holds the file locked"
        case .damaged(let cause), .failing(let cause, _), .unusable(let cause, _): cause
        case .tooLarge: "the file is too large"
        }
    }
}
