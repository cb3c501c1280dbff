import Logging
import NIOCore

/// The store's thread: answers look-ups first, then writes one slice of stores, and keeps the database usable.
///
/// A thread of its own rather than a dispatch queue: it sleeps in a place where a hand-over can see that it sleeps, so
/// the event loops wake it only then, and a slow disk holds up no thread that others share.
struct StoreWorker {
    /// Stores of one transaction; look-ups wait for one such slice at most.
    static let fullSlice = 64
    private static let sliceBytes = 256 << 10
    /// How long a store may wait for others to share its transaction.
    private static let gathering = TimeAmount.milliseconds(2)
    private static let identityInterval = TimeAmount.seconds(1)
    /// Between tries to open the file: at first, and at most; it doubles.
    private static let (firstPause, longestPause) = (TimeAmount.seconds(1), TimeAmount.seconds(8))

    let configuration: SQLitePredictionStoreConfiguration
    let mailbox: StoreMailbox
    let report: StoreFaultReport
    let logger: Logger
    let now: @Sendable () -> Int64
    let onAway: @Sendable (Bool) -> Void

    private var database: EntryDatabase?
    private var pending: [StoreRequest] = []
    private var firstPending = NIODeadline.distantFuture
    private var finished = 0
    private var finishedBytes = 0
    private var attempts = 0
    private var isAway = false
    private var nextAttempt = NIODeadline.distantPast
    private var nextSweep: NIODeadline
    private var nextIdentityCheck: NIODeadline
    private var nextReopening = NIODeadline.distantPast
    private var reopeningPause = Self.firstPause
    private var nextReplacement = NIODeadline.distantPast

    /// - Parameter opening: the file's database, or why there is none yet.
    init(
        _ opening: Result<EntryDatabase, any Error>, _ configuration: SQLitePredictionStoreConfiguration,
        mailbox: StoreMailbox, report: StoreFaultReport, logger: Logger, now: @escaping @Sendable () -> Int64,
        onAway: @escaping @Sendable (Bool) -> Void
    ) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.report = report
        self.logger = logger
        self.now = now
        self.onAway = onAway
        nextSweep = .now() + configuration.sweepInterval
        nextIdentityCheck = .now() + Self.identityInterval
        opened(opening)
    }

    /// Works until the store is closed.
    mutating func run() {
        while true {
            let mail = mailbox.take(
                stores: pending.count < Self.fullSlice, finished: finished, finishedBytes: finishedBytes)
            (finished, finishedBytes) = (0, 0)
            for call in mail.settled { call() }
            let time = NIODeadline.now()
            if pending.isEmpty { firstPending = time }
            pending.append(contentsOf: mail.stores)
            keepDatabase(time)
            answer(mail.lookUps)
            writeSlice(time, isUrgent: mail.isUrgent)
            if let deadline = mail.closingDeadline, pending.isEmpty && mail.isEmpty || NIODeadline.now() >= deadline {
                break
            }
            if mail.lookUps.isEmpty { rest() }
        }
        let rest = mailbox.take(stores: true, finished: 0, finishedBytes: 0)
        Self.refuse(rest.lookUps[...])
        pending.append(contentsOf: rest.stores)
        drop(pending.count, reason: "the cache was closed before they were written")
        for call in rest.settled { call() }
        database?.close(checkpoint: true)
        mailbox.end()
    }

    // MARK: Look-ups

    private mutating func answer(_ batches: [LookUpBatch]) {
        guard !batches.isEmpty else { return }
        guard let database else { return Self.refuse(batches[...]) }
        var rest = batches[...]
        do {
            try database.answer(batches[...], now: now()) { rest = rest.dropFirst($0) }
        } catch {
            Self.refuse(rest)
            recover(from: EntryFailure(error))
        }
    }

    private static func refuse(_ batches: ArraySlice<LookUpBatch>) {
        for batch in batches {
            batch.deliver(batch.requests.map { _ in .unavailable(.store) })
        }
    }

    // MARK: Stores

    private mutating func writeSlice(_ time: NIODeadline, isUrgent: Bool) {
        guard !pending.isEmpty, time >= nextAttempt else { return }
        guard isUrgent || pending.count >= Self.fullSlice || time >= firstPending + Self.gathering else { return }
        guard let database else { return drop(pending.count, reason: isAway ? nil : "its file is damaged again") }
        var bytes = 0
        let count = pending.prefix(Self.fullSlice).prefix { request in
            bytes += request.byteCount
            return bytes <= Self.sliceBytes
        }.count
        let slice = pending.prefix(max(1, count))
        do {
            try database.store(slice, now: now())
            finish(slice.count)
        } catch {
            let failure = EntryFailure(error)
            switch failure {
            case .busy:
                attempts += 1
                nextAttempt = .now() + .milliseconds(min(160, 20 << Int64(min(attempts, 3))))
                if attempts >= configuration.maximumStoreAttempts {
                    drop(slice.count, reason: "another process holds the file locked")
                }
            case .damaged(let reason), .refused(let reason):
                drop(slice.count, reason: reason)
            }
            recover(from: failure)
        }
    }

    private mutating func drop(_ count: Int, reason: String?) {
        report.dropped(count, fault: .store, reason: reason)
        finish(count)
    }

    private mutating func finish(_ count: Int) {
        finished += count
        finishedBytes += pending.prefix(count).reduce(0) { $0 + $1.byteCount }
        pending.removeFirst(count)
        attempts = 0
    }

    // MARK: The database

    private mutating func recover(from failure: EntryFailure) {
        switch failure {
        case .busy: break
        case .refused: nextIdentityCheck = .distantPast
        case .damaged(let reason): replaceDatabase(reason: reason)
        }
    }

    private mutating func replaceDatabase(reason: String) {
        guard let damaged = database else { return }
        damaged.close(checkpoint: false)
        database = nil
        let time = NIODeadline.now()
        guard time >= nextReplacement else {
            // Opened again as it is, and replaced when the damage is met again later.
            nextReopening = nextReplacement
            return
        }
        nextReplacement = time + configuration.replacementInterval
        reopen(suspect: .init(identity: damaged.identity, reason: reason))
    }

    /// Opens the database again where that failed before, or where the path names another file by now.
    private mutating func keepDatabase(_ time: NIODeadline) {
        if let database, time >= nextIdentityCheck {
            nextIdentityCheck = time + Self.identityInterval
            guard !database.isInPlace else { return }
            database.close(checkpoint: false)
            self.database = nil
            reopen(suspect: nil)
        } else if database == nil, time >= nextReopening {
            reopen(suspect: nil)
        }
    }

    private mutating func reopen(suspect: EntryDatabase.Suspect?) {
        opened(Result { try EntryDatabase.open(configuration, suspect: suspect, patience: 0.05, logger: logger) })
    }

    private mutating func opened(_ opening: Result<EntryDatabase, any Error>) {
        switch opening {
        case .success(let database):
            self.database = database
            reopeningPause = Self.firstPause
            guard isAway else { return }
            isAway = false
            onAway(false)
            logger.info("The cache file \(configuration.absolutePath) is used again.")
        case .failure(let error):
            nextReopening = .now() + reopeningPause
            reopeningPause = min(reopeningPause * 2, Self.longestPause)
            guard !isAway else { return }
            isAway = true
            onAway(true)
            logger.warning("\(error) Calls are answered without a cache until it can be used; it is tried again.")
        }
    }

    // MARK: Idle time

    private mutating func rest() {
        let time = NIODeadline.now()
        if !pending.isEmpty {
            if nextAttempt > time {
                mailbox.sleep(until: nextAttempt, or: .lookUps)
            } else if pending.count < Self.fullSlice, firstPending + Self.gathering > time {
                mailbox.sleep(until: firstPending + Self.gathering, or: .fullSlice)
            }
        } else if finished == 0 {
            if time >= nextSweep { sweep() }
            mailbox.sleep(until: database == nil ? min(nextSweep, nextReopening) : nextSweep, or: .anything)
        }
    }

    private mutating func sweep() {
        nextSweep = .now() + configuration.sweepInterval
        do {
            if try database?.sweep(now: now()) == true { nextSweep = .now() }
        } catch {
            recover(from: EntryFailure(error))
        }
    }
}

extension StoreMailbox.Mail {
    var isEmpty: Bool { lookUps.isEmpty && stores.isEmpty && !hasMore }
}
