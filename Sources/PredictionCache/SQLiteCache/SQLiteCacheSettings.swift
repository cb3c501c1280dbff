import NIOCore
import Platform

/// The place and the limits of the embedded cache.
struct SQLiteCacheSettings: Sendable {
    /// The database file; `-wal`, `-shm` and `.lock` lie beside it.
    let path: String
    /// How long an entry can be found, from the moment the cache's thread takes it.
    var timeToLiveMilliseconds: Int64 = 3_600_000
    /// The largest size of the database file; its write-ahead log may take a quarter of that again.
    var maximumFileBytes = 64 << 20
    /// How long a look-up may take, from the request until its outcome on the event loop.
    var lookUpDeadline: TimeAmount = .milliseconds(20)
    /// Look-ups of one event loop that the thread has not responded to.
    var maximumQueuedLookUps = 4096
    /// Stores of all event loops until written or dropped, with 256 bytes for each beside its own.
    var maximumQueuedStoreBytes = 8 << 20
    /// How long closing may go on writing what is queued.
    var closeTimeout: TimeAmount = .seconds(2)
    /// How long stores wait while another process holds the write lock.
    var busyTimeout: TimeAmount = .seconds(1)
    /// How often the file is looked after: expired entries are deleted, and one that is gone or failed is opened again.
    var sweepInterval: TimeAmount = .seconds(2)

    init(path: String) {
        // No `~`, no `.` and no meaning to SQLite such as `:memory:` or `file:`.
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The longest key and value together that are stored.
    var maximumEntryBytes: Int { max(64 << 10, min(4 << 20, maximumFileBytes / 16)) }

    /// The size at which the write-ahead log stops growing.
    var maximumLogBytes: Int { max(512 << 10, maximumFileBytes / 4) }
}
