import NIOCore
import Platform

/// The place and the limits of the embedded cache.
struct SQLiteCacheSettings: Sendable {
    /// The database file; `-wal`, `-shm` and `.lock` are beside it.
    let path: String
    /// How long an entry is valid, from the moment the cache's thread takes it.
    var timeToLiveMilliseconds: Int64 = 3_600_000
    /// The largest size of the database file; its write-ahead log may take a quarter of that again.
    var maximumFileBytes = 64 << 20
    /// How long a look-up may take, from the request until its outcome on the event loop.
    var lookUpDeadline: TimeAmount = .milliseconds(20)
    /// Look-ups of one event loop that the thread has not responded to yet.
    var maximumQueuedLookUps = 4096
    /// Bytes of all event loops' stores until they are written or dropped; each store counts 256 bytes more than its
    /// own.
    var maximumQueuedStoreBytes = 8 << 20
    /// How long closing may continue to write queued stores.
    var closeTimeout: TimeAmount = .seconds(2)
    /// How long stores wait while another process holds the write lock.
    var busyTimeout: TimeAmount = .seconds(1)
    /// How often the file is checked: expired entries are deleted, and a file that is missing or failed is opened
    /// again.
    var sweepInterval: TimeAmount = .seconds(2)

    init(path: String) {
        // So that the path contains no `~` or `.`, and nothing special to SQLite such as `:memory:` or `file:`.
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The largest size of key and value together that is stored.
    var maximumEntryBytes: Int { max(64 << 10, min(4 << 20, maximumFileBytes / 16)) }

    /// The size at which the write-ahead log stops growing.
    var maximumLogBytes: Int { max(512 << 10, maximumFileBytes / 4) }
}
