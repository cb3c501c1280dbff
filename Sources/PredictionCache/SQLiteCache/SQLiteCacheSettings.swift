import Foundation
import NIOCore

/// The limits and the place of the embedded cache.
struct SQLitePredictionStoreConfiguration: Sendable {
    /// The database file; `-wal`, `-shm` and `.lock` lie beside it.
    var path: String
    /// How long an entry answers, from the moment it is written.
    var timeToLiveMilliseconds: Int64 = 3_600_000
    /// The largest size of the database file; its write-ahead log may take a quarter of that again.
    var maximumFileBytes = 64 << 20
    /// How long a look-up may take, from the call until its answer on the event loop.
    var lookUpDeadline: TimeAmount = .milliseconds(20)
    /// Look-ups of one event loop that wait for an answer.
    var maximumOutstandingLookUpsPerLoop = 2048
    /// Look-ups of all event loops that wait for the store's thread.
    var maximumQueuedLookUps = 8192
    var maximumQueuedStores = 4096
    var maximumQueuedStoreBytes = 8 << 20
    /// How long closing may go on writing what is queued.
    var closeTimeout: TimeAmount = .seconds(2)
    /// How often a transaction is tried while another process holds the write lock; eight take about a second.
    var maximumStoreAttempts = 8
    /// How often expired entries are looked for while nothing is stored.
    var sweepInterval: TimeAmount = .seconds(5)
    /// The least time between two replacements of a damaged file, so that a failing disk is not filled with copies.
    var replacementInterval: TimeAmount = .seconds(10)
    /// Dropped entries are warned of again after so long without one.
    var quietInterval: TimeAmount = .seconds(10)

    init(path: String) {
        self.path = path
    }

    /// Milliseconds SQLite may wait for another process's lock; far below the deadline, for look-ups wait behind it.
    var busyTimeoutMilliseconds: Int64 { max(1, min(5, lookUpDeadline.nanoseconds / 4_000_000)) }

    /// The longest key and value together that are stored.
    var maximumEntryBytes: Int { max(64 << 10, min(4 << 20, maximumFileBytes / 16)) }

    /// The size at which the write-ahead log stops growing.
    var maximumLogBytes: Int { max(512 << 10, maximumFileBytes / 4) }

    /// The path with no `~`, no `.` and no meaning to SQLite such as `:memory:` or `file:`.
    var absolutePath: String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
