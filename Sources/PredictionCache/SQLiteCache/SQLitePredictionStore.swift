import Logging
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// The look-ups of one event loop's tick, on their way to the embedded cache's thread.
struct LookUpBatch: Sendable {
    var requests: [(key: CacheKey, maximumBytes: Int)] = []
    let deadline: NIODeadline
    /// Takes the outcome of each request, in their order; called once, on the cache's thread.
    let deliver: @Sendable ([CacheLookup]) -> Void

    /// The outcomes where there are none.
    func unavailable(_ reason: CacheErrorReason) -> [CacheLookup] {
        Array(repeating: .unavailable(reason), count: requests.count)
    }
}

/// The embedded cache of one process: an SQLite file, and one thread that answers look-ups, writes stores in slices
/// and keeps the file usable. Each event loop has a handle to it, and the last one to close ends it.
///
/// Entries are never wrong, only missing: each carries a checksum, an expired one is not found, and a damaged file is
/// set aside as `<file>.damaged-<UTC time>` and replaced while requests go on. On disk it takes `maximumFileBytes`, a
/// quarter of that for SQLite's write-ahead log, and one transaction.
///
///     event loops                             the cache's thread                    the file
///     lookUp ─┐                               work ─ look-ups ◀── waiting, else ◀── SELECT
///     store  ─┴─flush────────────────────────▶  └─── stores ────▶ waiting ──write─▶ BEGIN … COMMIT
///      (SQLitePredictionCache)                                    2 ms later, in slices
///
/// 1. Only the thread uses the file; an event loop never waits for it, and a disk that hangs holds up no other thread.
/// 2. Ticks are worked through in order, and a transaction runs between two of them. So a look-up that comes after a
///    store finds its entry, in `waiting` or in the file.
/// 3. An entry leaves `waiting` when its transaction has committed, or when it is dropped and counted.
/// 4. An entry expires at the moment that is set when it is taken, wherever it is then.
/// 5. What is in `waiting` counts towards `queuedStoreBytes`.
/// 6. Look-ups wait for one slice at most: the next one is written after the ticks that came meanwhile.
///
/// `@unchecked Sendable`: all that changes is touched on the thread only; what others ask of it hops there first.
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
    /// A file that was found damaged since the last sweep. The first is replaced at once; where the disk damages the
    /// new one too, that is for the next sweep.
    private var damage: EntryDatabase.Damage?

    /// Opens or makes the file and starts the thread. While another process holds the file locked or the disk is full,
    /// there is a store without its file, which it goes on trying to open. What is not closed loses what is queued.
    ///
    /// - Parameter now: Unix milliseconds, by which entries expire.
    /// - Throws: `CacheFileError` if the file may not be made or written, or is another program's database,
    ///   which then stays as it is.
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

    /// An event loop begins to use the store; the last one to end closes it.
    func openHandle() { handles.add(1, ordering: .relaxed) }

    /// Hands over one tick of an event loop.
    func submit(_ batch: LookUpBatch?, _ stores: [StoreRequest]) { thread.execute { self.work(batch, stores) } }

    /// The handle of an event loop closes. Succeeds, for the last one, when the file is closed.
    func closeHandle() -> EventLoopFuture<Void> {
        let left = handles.subtract(1, ordering: .relaxed).newValue
        guard left == 0 else { return thread.makeSucceededVoidFuture() }
        beginClosing()
        return ended
    }

    /// Writes what is queued, within `closeTimeout`, and closes the file; what comes later is dropped.
    func beginClosing() {
        let deadline = NIODeadline.now() + settings.closeTimeout
        thread.execute { [self] in
            closingDeadline = closingDeadline ?? deadline
            scheduleWrite(in: .zero)
        }
    }

    // MARK: Ticks

    /// Takes one tick of an event loop: has its stores written, and looks for entries.
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
            // Alone, a look-up is its own transaction.
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

    /// Deletes expired entries and writes the oldest stores. Returns when to go on.
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

    /// Looks after the file now and then: opens it where that failed before, or where the path names another one.
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
            logger.warning("\(error) Calls are answered without a cache until it can be used; it is tried again.")
        }
    }
}
