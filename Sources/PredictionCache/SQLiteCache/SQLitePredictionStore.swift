import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The embedded cache of one process: an SQLite file, one thread that uses it, and a handle for each event loop.
///
/// Entries are never wrong, only missing: each carries a checksum, an expired one is not found, and a damaged file is
/// set aside as `<file>.damaged-<UTC time>` and replaced while requests go on. On disk it takes `maximumFileBytes`, a
/// quarter of that for SQLite's write-ahead log, and one transaction.
final class SQLitePredictionStore: Sendable {
    let settings: SQLiteCacheSettings
    let queue: StoreQueue
    /// Succeeds when nothing more is written and the file is closed.
    let ended: EventLoopFuture<Void>
    let status: SharedCacheStatus
    private let group: MultiThreadedEventLoopGroup
    private let worker: NIOLoopBound<StoreWorker>
    private let handles = Atomic(0)

    /// Opens or makes the file and starts the thread. While another process holds the file locked or the disk is full,
    /// there is a store without its file, which it goes on trying to open.
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
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (thread, queue) = (group.next(), StoreQueue(settings))
        let ended = thread.makePromise(of: Void.self)
        self.queue = queue
        self.ended = ended.futureResult
        // Waited for, so that what it logs of the file comes before the server logs that it listens.
        worker = try thread.submit {
            let worker = StoreWorker(opening, settings, queue, status, logger, on: thread, ended, now: now)
            return NIOLoopBound(worker, eventLoop: thread)
        }.wait()
    }

    deinit {
        beginClosing()
        ended.whenComplete { [group] _ in group.shutdownGracefully { _ in } }
    }

    /// An event loop begins to use the store; the last one to end closes it.
    func openHandle() { handles.add(1, ordering: .relaxed) }

    /// Hands over one tick of an event loop; its stores have entered the queue.
    ///
    /// - Returns: why none of its look-ups will get a response; nil if they will.
    func submit(_ batch: LookUpBatch?, _ stores: [StoreRequest]) -> CacheErrorReason? {
        let error = batch.flatMap { queue.enter(lookUps: $0.requests.count) }
        ended.eventLoop.execute { [worker] in worker.value.work(error == nil ? batch : nil, stores) }
        return error
    }

    /// The handle of an event loop closes. Succeeds, for the last one, when the file is closed.
    func closeHandle() -> EventLoopFuture<Void> {
        let left = handles.subtract(1, ordering: .relaxed).newValue
        guard left == 0 else { return ended.eventLoop.makeSucceededVoidFuture() }
        beginClosing()
        return ended
    }

    /// Writes what is queued, within `closeTimeout`, and closes the file; what comes later is dropped.
    func beginClosing() {
        guard queue.close() else { return }
        let deadline = NIODeadline.now() + settings.closeTimeout
        ended.eventLoop.execute { [worker] in worker.value.close(deadline) }
    }
}
