import Foundation
import Logging
import NIOCore
import Synchronization

/// The embedded cache of one process: an SQLite file behind one thread, with a door for each event loop.
///
/// Entries are never wrong, only missing: each carries a checksum, an expired one does not answer, and a damaged
/// file is set aside as `<file>.damaged-<UTC time>` and replaced while calls go on. On disk it takes
/// `maximumFileBytes`, a quarter of that for SQLite's write-ahead log, and one transaction.
final class SQLitePredictionStore: Sendable {
    let configuration: SQLitePredictionStoreConfiguration
    private let mailbox: StoreMailbox
    private let report: StoreFaultReport
    private let doors = Mutex(0)

    /// Opens or makes the file and starts the thread. While another process holds the file locked or the disk is full,
    /// there is a store without its file, which it goes on trying to open.
    ///
    /// - Parameters:
    ///   - now: Unix milliseconds, by which entries expire.
    ///   - onFault: called once for each entry that is dropped and not stored, on any thread; it must not block.
    ///   - onAway: called with true when the file cannot be used any more, with false when it can be again.
    /// - Throws: `SQLitePredictionStoreError`, whose description is one line, if the file may not be made or written, or
    ///   is another program's database, which then stays as it is.
    init(
        configuration: SQLitePredictionStoreConfiguration, logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) },
        onFault: @escaping @Sendable (CacheFault) -> Void, onAway: @escaping @Sendable (Bool) -> Void = { _ in }
    ) throws {
        let opening = Result { try EntryDatabase.open(configuration, patience: 5, logger: logger) }
        if case .failure(let error) = opening {
            guard let error = error as? SQLitePredictionStoreError, error.mayPass else { throw error }
        }
        let mailbox = StoreMailbox(configuration: configuration, fullSlice: StoreWorker.fullSlice)
        let report = StoreFaultReport(quiet: configuration.quietInterval, logger: logger, onFault: onFault)
        self.configuration = configuration
        self.mailbox = mailbox
        self.report = report
        // Made here, so that what it says of the file is said before the server says that it listens.
        let worker = StoreWorker(
            opening, configuration, mailbox: mailbox, report: report, logger: logger, now: now, onAway: onAway)
        let thread = Thread {
            var worker = worker
            worker.run()
        }
        thread.name = "sqlite-cache"
        thread.start()
    }

    deinit {
        beginClosing()
    }

    /// A door for one event loop; the last door to close closes the store.
    ///
    /// - Parameter onFault: called on the event loop, once for each look-up that is not answered.
    func makeCache(
        on eventLoop: any EventLoop, onFault: @escaping (CacheFault) -> Void = { _ in }
    ) -> SQLitePredictionCache {
        doors.withLock { $0 += 1 }
        return SQLitePredictionCache(store: self, eventLoop: eventLoop, onFault: onFault)
    }

    /// Takes one tick of an event loop; the fault is that of the look-ups, none of which is then answered.
    func submit(_ lookUps: LookUpBatch?, _ stores: [StoreRequest]) -> CacheFault? {
        let admission = mailbox.submit(lookUps, stores)
        report.dropped(
            admission.droppedStores, fault: admission.storeFault,
            reason: admission.storeFault == .queueFull ? "its queue is full" : "it is closed")
        return admission.lookUps
    }

    /// Drops an entry that is longer than any that is kept.
    func refuseTooLong() {
        report.dropped(1, fault: .store, reason: "an entry is longer than \(configuration.maximumEntryBytes) bytes")
    }

    func doorCloses(_ completion: @escaping @Sendable () -> Void) {
        let isLast = doors.withLock { doors in
            doors -= 1
            return doors == 0
        }
        if isLast {
            mailbox.whenEnded(completion)
            beginClosing()
        } else {
            mailbox.whenSettled(completion)
        }
    }

    /// Returns once everything handed over so far is written or dropped.
    func settle() async {
        await withCheckedContinuation { continuation in mailbox.whenSettled { continuation.resume() } }
    }

    /// Writes what is queued, within `closeTimeout`, and closes the file; what comes later is refused.
    func close() async {
        beginClosing()
        await withCheckedContinuation { continuation in mailbox.whenEnded { continuation.resume() } }
    }

    private func beginClosing() {
        mailbox.beginClosing(deadline: .now() + configuration.closeTimeout)
    }
}
