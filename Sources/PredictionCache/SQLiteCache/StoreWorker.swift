import Foundation
import Logging
import NIOCore

/// The embedded cache's thread: answers look-ups, writes stores in slices, and keeps the database usable.
///
///     event loops                             this thread                           the file
///     lookUp ─┐        (StoreQueue bounds)    work ─ look-ups ◀── waiting, else ◀── SELECT
///     store  ─┴─flush────────────────────────▶  └─── stores ────▶ waiting ──write─▶ BEGIN … COMMIT
///      (SQLitePredictionCache)                                    2 ms later, in slices
///
/// 1. Only this thread uses the file; an event loop never waits for it, and a disk that hangs holds up no other thread.
/// 2. Ticks are worked through in order, and a transaction runs between two of them. So a look-up that comes after a
///    store finds its entry, in `waiting` or in the file.
/// 3. An entry leaves `waiting` when its transaction has committed, or when it is dropped and counted.
/// 4. An entry expires at the moment that is set when it is taken, wherever it is then.
/// 5. What is in `waiting` counts towards the queue's bounds.
/// 6. Look-ups wait for one slice at most: the next one is written after the ticks that came meanwhile.
final class StoreWorker {
    private static let sliceCount = 64
    private static let sliceBytes = 256 << 10
    /// How long a store may wait for others to share its transaction.
    private static let gathering = TimeAmount.milliseconds(2)
    private static let retryInterval = TimeAmount.milliseconds(50)
    private static let identityInterval = TimeAmount.seconds(1)
    /// How soon after a failure, or after a damaged file was replaced, the file is opened again.
    private static let openingInterval = TimeAmount.seconds(4)

    private let settings: SQLiteCacheSettings
    private let queue: StoreQueue
    private let status: SharedCacheStatus
    private let logger: Logger
    private let thread: NIOIsolatedEventLoop
    /// Succeeds when the file is closed for good.
    private let ended: EventLoopPromise<Void>
    private let now: () -> Int64

    private var database: EntryDatabase?
    private var waiting: [CacheKey: StoreRequest] = [:]
    /// The keys of `waiting`, oldest first.
    private var order = CircularBuffer<CacheKey>()
    private var isWriteScheduled = false
    private var busySince: NIODeadline?
    private var closingDeadline: NIODeadline?
    private var nextIdentityCheck = NIODeadline.distantPast
    private var nextOpening = NIODeadline.distantPast
    /// A file that was found damaged while it was open; it is replaced when it is opened next.
    private var damage: (file: stat, cause: String)?

    /// To be made on the thread.
    ///
    /// - Parameter opening: the file's database, or why there is none yet.
    init(
        _ opening: Result<EntryDatabase, any Error>, _ settings: SQLiteCacheSettings, _ queue: StoreQueue,
        _ status: SharedCacheStatus, _ logger: Logger, on thread: any EventLoop, _ ended: EventLoopPromise<Void>,
        now: @escaping () -> Int64
    ) {
        self.settings = settings
        self.queue = queue
        self.status = status
        self.logger = logger
        self.thread = thread.assumeIsolated()
        self.ended = ended
        self.now = now
        opened(opening)
        sweep()
    }

    /// Takes one tick of an event loop: has its stores written, and looks for entries.
    func work(_ batch: LookUpBatch?, _ stores: [StoreRequest]) {
        for var store in stores {
            store.expiresAt = now() + settings.timeToLiveMilliseconds
            if let older = waiting.updateValue(store, forKey: store.key) {
                queue.leave(storeBytes: older.queuedBytes)
            } else {
                order.append(store.key)
            }
        }
        keepDatabase()
        if let batch { answer(batch) }
        if !waiting.isEmpty { scheduleWrite(in: Self.gathering) }
    }

    private func answer(_ batch: LookUpBatch) {
        queue.leave(lookUps: batch.requests.count)
        // The handle has met the deadline, too.
        guard NIODeadline.now() < batch.deadline else { return }
        do {
            // Alone, a look-up is its own transaction.
            let found = try database?.read(inTransaction: batch.requests.count > 1) { db in
                let now = now()
                return try batch.requests.map { key, maximumBytes in
                    if let entry = waiting[key], now < entry.expiresAt { return CacheLookup.entry(entry.value) }
                    return try EntryTable.lookUp(key, maximumBytes: maximumBytes, now: now, in: db)
                }
            }
            batch.deliver(found ?? [])
        } catch {
            batch.deliver([])
            recover(from: CacheFileError(error))
        }
    }

    // MARK: Stores

    private func scheduleWrite(in delay: TimeAmount) {
        guard !isWriteScheduled else { return }
        isWriteScheduled = true
        thread.scheduleTask(in: delay) { self.write() }
    }

    private func write() {
        isWriteScheduled = false
        keepDatabase()
        let delay = writeSlice()
        if let closingDeadline, waiting.isEmpty || .now() >= closingDeadline { return end() }
        if !waiting.isEmpty { scheduleWrite(in: delay) }
    }

    /// Writes the oldest stores. Returns when to go on.
    private func writeSlice() -> TimeAmount {
        guard let database else {
            drop(waiting.count, because: status.isUnavailable ? nil : "its file is damaged again")
            return .zero
        }
        var bytes = 0
        let slice = order.prefix(Self.sliceCount).compactMap { waiting[$0] }.prefix { store in
            defer { bytes += store.byteCount }
            return bytes == 0 || bytes + store.byteCount <= Self.sliceBytes
        }
        do {
            try database.store(Array(slice), now: now())
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

    private func finish(_ count: Int) {
        busySince = nil
        let bytes = order.prefix(count).reduce(0) { $0 + (waiting.removeValue(forKey: $1)?.queuedBytes ?? 0) }
        order.removeFirst(count)
        queue.leave(storeBytes: bytes)
    }

    /// Deletes expired entries now and then, as each transaction does.
    private func sweep() {
        guard closingDeadline == nil else { return }
        keepDatabase()
        _ = writeSlice()
        thread.scheduleTask(in: settings.sweepInterval) { [weak self] in self?.sweep() }
    }

    // MARK: The database

    private func recover(from error: CacheFileError) {
        guard case .damaged(let cause) = error, let database else {
            nextIdentityCheck = .distantPast
            return
        }
        damage = (database.file, cause)
        close(checkpoint: false)
        keepDatabase()
    }

    /// Opens the file again where that failed before, or where the path names another file by now.
    private func keepDatabase() {
        let time = NIODeadline.now()
        if let database {
            guard time >= nextIdentityCheck else { return }
            nextIdentityCheck = time + Self.identityInterval
            guard !database.isInPlace else { return }
            close(checkpoint: false)
        } else if time < nextOpening || closingDeadline != nil {
            return
        }
        if damage != nil { nextOpening = time + Self.openingInterval }
        opened(Result { try EntryDatabase.open(settings, damage, patience: 0.05, logger) })
    }

    private func opened(_ opening: Result<EntryDatabase, any Error>) {
        switch opening {
        case .success(let database):
            self.database = database
            damage = nil
            nextIdentityCheck = .now() + Self.identityInterval
            guard status.isUnavailable else { return }
            status.isUnavailable = false
            logger.info("The cache file \(settings.path) is used again.")
        case .failure(let error):
            nextOpening = .now() + Self.openingInterval
            guard !status.isUnavailable else { return }
            status.isUnavailable = true
            logger.warning("\(error) Calls are answered without a cache until it can be used; it is tried again.")
        }
    }

    // MARK: Closing

    /// Writes what is queued, at the latest until the deadline; then closes the file.
    func close(_ deadline: NIODeadline) {
        closingDeadline = deadline
        scheduleWrite(in: .zero)
    }

    private func end() {
        drop(waiting.count, because: "the cache was closed before they were written")
        close(checkpoint: true)
        ended.succeed()
    }

    private func close(checkpoint: Bool) {
        database?.close(checkpoint: checkpoint)
        database = nil
    }
}
