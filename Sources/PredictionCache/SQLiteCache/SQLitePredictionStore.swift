import Logging
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// The look-ups of one event loop's tick, on their way to the embedded cache's thread.
struct LookUpBatch: Sendable {
    var requests: [(key: CacheKey, maximumBytes: Int)] = []
    let deadline: NIODeadline
    /// Receives the outcome of each request, in their order; called once, on the cache's thread.
    let deliver: @Sendable ([CacheLookup]) -> Void

    /// The outcomes of a batch that cannot be looked up.
    func unavailable(_ reason: CacheErrorReason) -> [CacheLookup] {
        Array(repeating: .unavailable(reason), count: requests.count)
    }
}

/// The embedded cache of one process: an SQLite file, and one thread that responds to look-ups, writes stores in slices
/// and keeps the file usable. Each event loop has a handle to it; it closes with the last handle.
///
/// Entries are never wrong, only missing: each carries a checksum, an expired one is not found, and a damaged file is
/// set aside as `<file>.damaged-<UTC time>` and replaced while requests continue. On disk it takes `maximumFileBytes`,
/// a quarter of that for SQLite's write-ahead log, and one transaction.
///
///     event loops                             the cache's thread                    the file
///     lookUp ─┐                               work ─ look-ups ◀── waiting, else ◀── SELECT
///     store  ─┴─flush────────────────────────▶  └─── stores ────▶ waiting ──write─▶ BEGIN … COMMIT
///      (SQLitePredictionCache)                                    2 ms later, in slices
///
/// 1. Only the thread uses the file. An event loop never waits for it, and a hanging disk blocks no other thread.
/// 2. Ticks are processed in order, and a transaction runs between two of them. So a look-up that comes after a store
///    finds its entry, in `waiting` or in the file.
/// 3. An entry leaves `waiting` when its transaction has committed, or when it is dropped and counted.
/// 4. An entry's expiry time is set when the thread takes the entry, and holds wherever the entry then is.
/// 5. Everything in `waiting` counts towards `queuedStoreBytes`.
/// 6. Look-ups wait for one slice at most: the next slice is written after the ticks that came meanwhile.
///
/// `@unchecked Sendable`: all mutable state is used on the thread only; requests from other threads hop there first.
final class SQLitePredictionStore: @unchecked Sendable {
    private static let sliceCount = 64
    private static let sliceBytes = 256 << 10
    /// How long a store may wait for others to share its transaction.
    private static let gathering = TimeAmount.milliseconds(2)
    private static let retryInterval = TimeAmount.milliseconds(50)

    let settings: SQLiteCacheSettings
    let status: SharedCacheStatus
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let group: MultiThreadedEventLoopGroup
    private let thread: any EventLoop
    private let handles = Atomic(0)
    private let ending: EventLoopPromise<Void>

    private var database: EntryDatabase?
    private let waiting = StoresUnderWay()
    private var isWriteScheduled = false
    private var busySince: NIODeadline?
    private var closingDeadline: NIODeadline?
    /// A file that was found damaged since the last sweep. The first is replaced at once; if the disk damages the new
    /// one too, that waits for the next sweep.
    private var damage: EntryDatabase.Damage?

    /// Opens or creates the file and starts the thread. While another process holds the file locked or the disk is
    /// full, the store has no file, and keeps trying to open it. A store that is not closed loses its queue.
    ///
    /// - Parameter now: Unix milliseconds, the clock by which entries expire.
    /// - Throws: `CacheFileError` if the file may not be created or written, or is another program's database or not a
    ///   database, which is left unchanged.
    init(
        _ settings: SQLiteCacheSettings, _ status: SharedCacheStatus, _ logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) throws {
        let opening = Result { try EntryDatabase.open(settings, patience: 5, logger) }
        if case .failure(let error) = opening {
            guard CacheFileError(error).isTransient else { throw error }
        }
        self.settings = settings
        self.status = status
        self.logger = logger
        self.now = now
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        thread = group.next()
        ending = thread.makePromise()
        use(opening)
        scheduleSweep()
    }

    deinit { group.shutdownGracefully { _ in } }

    // MARK: For event loops

    /// Succeeds when nothing more is written and the file is closed.
    var ended: EventLoopFuture<Void> { ending.futureResult }

    /// An event loop starts using the store; the last one to stop closes it.
    func openHandle() { handles.add(1, ordering: .relaxed) }

    /// Submits one tick of an event loop.
    func submit(_ batch: LookUpBatch?, _ stores: [StoreRequest]) { thread.execute { self.work(batch, stores) } }

    /// The handle of an event loop closes. Succeeds, for the last one, when the file is closed.
    func closeHandle() -> EventLoopFuture<Void> {
        let left = handles.subtract(1, ordering: .relaxed).newValue
        guard left == 0 else { return thread.makeSucceededVoidFuture() }
        beginClosing()
        return ended
    }

    /// Writes what is queued, within `closeTimeout`, and closes the file; later stores are dropped.
    func beginClosing() {
        let deadline = NIODeadline.now() + settings.closeTimeout
        thread.execute { [self] in
            closingDeadline = closingDeadline ?? deadline
            scheduleWrite(in: .zero)
        }
    }

    // MARK: Ticks

    /// Processes one tick of an event loop: queues its stores, and looks up entries.
    private func work(_ batch: LookUpBatch?, _ stores: [StoreRequest]) {
        for var store in stores {
            store.expiresAt = now() + settings.timeToLiveMilliseconds
            waiting.append(store)
        }
        if let batch { answer(batch) }
        if !waiting.requests.isEmpty { scheduleWrite(in: Self.gathering) }
    }

    private func answer(_ batch: LookUpBatch) {
        // The handle has met the deadline, too.
        guard NIODeadline.now() < batch.deadline else { return batch.deliver(batch.unavailable(.deadline)) }
        guard let database else { return batch.deliver(batch.unavailable(.store)) }
        do {
            // A single look-up is a transaction by itself.
            let found = try database.read(inTransaction: batch.requests.count > 1) { table in
                let now = now()
                return try batch.requests.map { key, maximumBytes in
                    if let entry = waiting[key], now < entry.expiresAt { return CacheLookup.entry(entry.value) }
                    return try table.lookUp(key, maximumBytes: maximumBytes, now: now)
                }
            }
            batch.deliver(found)
        } catch {
            batch.deliver(batch.unavailable(.store))
            recover(from: CacheFileError(error))
        }
    }

    // MARK: Writing

    private func scheduleWrite(in delay: TimeAmount) {
        guard !isWriteScheduled else { return }
        isWriteScheduled = true
        thread.scheduleTask(in: delay) { self.write() }
    }

    private func write() {
        isWriteScheduled = false
        let delay = writeSlice()
        let isDone = waiting.requests.isEmpty
        if let closingDeadline, isDone || .now() >= closingDeadline {
            drop(waiting.requests.count, because: "the cache was closed before they were written")
            database = nil
            ending.succeed()
        } else if !isDone {
            scheduleWrite(in: delay)
        }
    }

    /// Deletes expired entries and writes the oldest stores. Returns when to run again.
    private func writeSlice() -> TimeAmount {
        guard let database else {
            drop(waiting.requests.count, because: status.isUnavailable ? nil : "its file is damaged again")
            return .zero
        }
        var bytes = 0
        let slice = waiting.requests.prefix(Self.sliceCount).prefix { store in
            defer { bytes += store.byteCount }
            return bytes == 0 || bytes + store.byteCount <= Self.sliceBytes
        }
        do {
            try database.store(slice, now: now())
            busySince = nil
            finish(slice.count)
        } catch {
            let error = CacheFileError(error)
            if case .busy = error {
                let since = busySince ?? .now()
                busySince = since
                guard .now() >= since + settings.busyTimeout else { return Self.retryInterval }
            }
            drop(slice.count, because: "\(error)")
            recover(from: error)
        }
        return .zero
    }

    private func drop(_ count: Int, because cause: String?) {
        status.drop(count, .store, because: cause)
        finish(count)
    }

    /// The oldest stores are written or dropped.
    private func finish(_ count: Int) {
        let bytes = waiting.requests.prefix(count).reduce(0) { $0 + $1.queuedBytes }
        waiting.removeFirst(count)
        status.queuedStoreBytes.subtract(bytes, ordering: .relaxed)
    }

    // MARK: The file

    private func scheduleSweep() {
        thread.scheduleTask(in: settings.sweepInterval) { [weak self] in self?.sweep() }
    }

    /// Checks the file now and then: opens it if that failed before, or if the path names another one.
    private func sweep() {
        guard closingDeadline == nil else { return }
        if database?.isInPlace == true { damage = nil } else { open() }
        _ = writeSlice()
        scheduleSweep()
    }

    private func recover(from error: CacheFileError) {
        guard case .damaged(let cause) = error, let file = database?.file else { return }
        let isFirst = damage == nil
        (damage, database) = ((file, cause), nil)
        if isFirst, closingDeadline == nil { open() }
    }

    private func open() {
        database = nil
        use(Result { try EntryDatabase.open(settings, damage, patience: 0.05, logger) })
    }

    private func use(_ opening: Result<EntryDatabase, any Error>) {
        switch opening {
        case .success(let opened):
            database = opened
            guard status.isUnavailable else { return }
            status.isUnavailable = false
            logger.info("The cache file \(settings.path) is used again.")
        case .failure(let error):
            guard !status.isUnavailable else { return }
            status.isUnavailable = true
            logger.warning("\(error) Requests are served without a cache; the server keeps trying to use the file.")
        }
    }
}
