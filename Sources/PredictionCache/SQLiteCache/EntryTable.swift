import CSQLite
import NIOCore
import SQLite

/// The one table of the cache file: its schema and its statements.
///
/// `entry.digest` represents the key: an integer index is a quarter of the size of an index over the 60-byte keys,
/// which would make stores half as dear again and look-ups no cheaper. `checksum` proves on look-up that the entry is
/// the one that was stored: SQLite keeps no checksums of pages, so without it a damaged page could return another
/// entry's numbers. Rows are in the order of writing, so that eviction empties whole pages. `expires_at` is in Unix
/// milliseconds.
struct EntryTable {
    private let connection: SQLiteConnection
    private let select: SQLiteStatement
    private let insert: SQLiteStatement
    private let deletion: SQLiteStatement

    static let applicationID = 0x4275_6E67

    /// The statements that create the table, as SQLite keeps them.
    static let schema = """
        CREATE TABLE entry(id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE, expires_at INTEGER NOT NULL, \
        checksum INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL);\
        CREATE INDEX entry_expires_at ON entry(expires_at)
        """

    /// Prepares the statements of a file that has the table.
    init(_ connection: SQLiteConnection) throws {
        self.connection = connection
        select = try SQLiteStatement(
            "SELECT expires_at, checksum, key, value FROM entry WHERE digest = ?", connection)
        insert = try SQLiteStatement(
            "INSERT OR REPLACE INTO entry(digest, expires_at, checksum, key, value) VALUES(?, ?, ?, ?, ?)", connection)
        let oldest = "SELECT id FROM entry WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
        deletion = try SQLiteStatement("DELETE FROM entry WHERE id IN (\(oldest))", connection)
    }

    /// A hash that is the same in every process and on every machine: the length and then each 8 bytes are multiplied
    /// in.
    static func digest(_ bytes: UnsafeRawBufferPointer, seed: Int64 = 0) -> Int64 {
        var hash = UInt64(bitPattern: seed) ^ 0xA076_1D64_78BD_642F
        func mix(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low
        }
        mix(UInt64(bytes.count))
        for start in stride(from: 0, through: bytes.count - 8, by: 8) {
            mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
        }
        let rest = bytes.suffix(bytes.count % 8)
        if !rest.isEmpty { mix(rest.reversed().reduce(0) { $0 << 8 | UInt64($1) }) }
        return Int64(bitPattern: hash)
    }

    static func checksum(_ key: UnsafeRawBufferPointer, expiresAt: Int64, _ value: UnsafeRawBufferPointer) -> Int64 {
        digest(value, seed: digest(key, seed: expiresAt))
    }

    /// Finds an entry, read from SQLite's page straight into the response's buffer.
    func lookUp(_ key: CacheKey, maximumBytes: Int, now: Int64) throws -> CacheLookup {
        defer { sqlite3_reset(select.handle) }
        return try key.withBytes { key in
            sqlite3_bind_int64(select.handle, 1, Self.digest(key))
            guard try select.step() else { return .missing }
            let (expiresAt, value) = (sqlite3_column_int64(select.handle, 0), select.bytes(at: 3))
            // Another key with the same digest; each replaces the other.
            guard select.bytes(at: 2).elementsEqual(key) else { return .missing }
            let checksum = Self.checksum(key, expiresAt: expiresAt, value)
            guard checksum == sqlite3_column_int64(select.handle, 1) else {
                throw CacheFileError.damaged("an entry does not match its checksum")
            }
            guard now < expiresAt else { return .missing }
            // One byte more than the limit shows the caller that the entry is too long.
            let limit = max(0, min(maximumBytes, value.count))
            return .entry(ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: value.prefix(limit + 1))))
        }
    }

    func store(_ request: StoreRequest) throws {
        defer { insert.reset() }
        try request.key.withBytes { key in
            try request.value.withUnsafeReadableBytes { value in
                let row = insert.handle
                sqlite3_bind_int64(row, 1, Self.digest(key))
                sqlite3_bind_int64(row, 2, request.expiresAt)
                sqlite3_bind_int64(row, 3, Self.checksum(key, expiresAt: request.expiresAt, value))
                Self.bind(key, to: row, at: 4)
                Self.bind(value, to: row, at: 5)
                _ = try insert.step()
            }
        }
    }

    /// Deletes the entries that expire first, if they do so by `time`, and returns their number.
    func delete(_ limit: Int, expiringBy time: Int64) throws -> Int {
        try deletion.run([time, limit])
        return connection.changedRows
    }

    /// Binds bytes that stay in place until the statement has run.
    private static func bind(_ bytes: UnsafeRawBufferPointer, to row: OpaquePointer, at index: Int32) {
        // A null pointer would bind NULL.
        let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
        sqlite3_bind_blob(row, index, start, Int32(clamping: bytes.count), nil)
    }
}
