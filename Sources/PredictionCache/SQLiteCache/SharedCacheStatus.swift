import Logging
import NIOCore
import Synchronization

/// Says that entries were dropped: to the metrics each one, to the log once a burst.
final class StoreFaultReport: Sendable {
    /// A burst is over when nothing was dropped for so long.
    private let quiet: TimeAmount
    private let lastFault = Mutex<NIODeadline?>(nil)
    private let logger: Logger
    private let onFault: @Sendable (CacheFault) -> Void

    init(quiet: TimeAmount, logger: Logger, onFault: @escaping @Sendable (CacheFault) -> Void) {
        self.quiet = quiet
        self.logger = logger
        self.onFault = onFault
    }

    /// - Parameter reason: for the log; nil where it has been said there already.
    func dropped(_ count: Int, fault: CacheFault, reason: String?) {
        guard count > 0 else { return }
        for _ in 0..<count { onFault(fault) }
        guard let reason else { return }
        let now = NIODeadline.now()
        let isFirst = lastFault.withLock { last in
            defer { last = now }
            return last.map { now - $0 > quiet } ?? true
        }
        if isFirst {
            logger.warning("The cache drops new entries for now (\(reason)); calls are answered without them.")
        }
    }
}
