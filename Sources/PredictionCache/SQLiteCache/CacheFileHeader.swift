import CSQLite
import Platform
import SQLite

/// The first page of the cache's file: whether it is a database at all, and whose.
///
/// It is read through SQLite, since closing another descriptor would drop SQLite's locks in this process. SQLite itself
/// reports a damaged database and a file that never was one alike, and would replay a journal beside such a file.
struct CacheFileHeader {
    private static let magic = Array("SQLite format 3\0".utf8)
    private static let byteCount = 4096

    /// Whether the file has the cache's application_id.
    let isCache: Bool

    /// Reads the header and changes nothing.
    ///
    /// - Throws: `CacheFileError.damaged` if the page is all zeros, as a power cut leaves it; `CacheFileError.failing`
    ///   if it is another file's beginning. An empty file is allowed.
    init(path: String, _ file: stat) throws {
        guard file.st_size > 0 else {
            isCache = false
            return
        }
        let page = try Self.read(path)
        guard page.starts(with: Self.magic) else {
            throw page.allSatisfy { $0 == 0 }
                ? CacheFileError.damaged("its first page is empty")
                : .failing("it is not an SQLite database and is left unchanged; remove it if nothing else needs it")
        }
        let id = page[68..<72].reduce(0) { $0 << 8 | Int($1) }
        isCache = id == EntryTable.applicationID
    }

    /// The first page, filled up with zeros.
    private static func read(_ path: String) throws -> [UInt8] {
        let connection = try SQLiteConnection(path: path, patience: 0)
        var file: UnsafeMutablePointer<sqlite3_file>?
        try connection.check(sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file))
        guard let file, let read = file.pointee.pMethods?.pointee.xRead else {
            throw CacheFileError.failing("SQLite has not opened it")
        }
        var page = [UInt8](repeating: 0, count: byteCount)
        let code = read(file, &page, Int32(byteCount), 0)
        let isShort = code == SQLITE_IOERR | 2 << 8
        guard code == SQLITE_OK || isShort else { throw SQLiteError(code: code, message: "it cannot be read") }
        return page
    }
}
