@preconcurrency import Dispatch
import Platform
import Synchronization

/// SIGHUP, SIGINT and SIGTERM: from the program's first line on, none of them has the system's default effect.
///
/// Until the server is about to listen, SIGHUP is remembered, since its files may have been read already. SIGINT and
/// SIGTERM end the program at once, with the exit code of any other stop. From then on signals are handed over, except
/// that a second SIGINT or SIGTERM ends the program at once. Dispatch is used directly, since `UnixSignalsSequence`
/// needs threads that a long start-up or shutdown may occupy.
final class Signals: Sendable {
    private enum Stage {
        case starting(isReloadDue: Bool)
        case serving
        case stopping
    }

    /// The process's signals.
    static let ofProcess = Signals()

    /// Signals that arrive while the server serves; for one reader.
    let whileServing: AsyncStream<Int32>
    private let continuation: AsyncStream<Int32>.Continuation
    private let stage = Mutex(Stage.starting(isReloadDue: false))
    private let sources: [any DispatchSourceSignal]

    /// Blocks the signals in the calling thread. All later threads inherit that, so only the sources receive them.
    private init() {
        let signals = [SIGHUP, SIGINT, SIGTERM]
        var blocked = sigset_t()
        sigemptyset(&blocked)
        for signal in signals { sigaddset(&blocked, signal) }
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        (whileServing, continuation) = AsyncStream.makeStream(of: Int32.self)
        let queue = DispatchQueue(label: "signals")
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (signal, source) in zip(signals, sources) {
            source.setEventHandler { [weak self] in self?.came(signal) }
            source.activate()
        }
    }

    /// Hands signals over from now on, starting with a SIGHUP that came during start-up.
    func serve() {
        stage.withLock { stage in
            if case .starting(isReloadDue: true) = stage { continuation.yield(SIGHUP) }
            stage = .serving
        }
    }

    private func came(_ signal: Int32) {
        stage.withLock { stage in
            switch stage {
            case .serving where signal == SIGHUP, .stopping where signal == SIGHUP: continuation.yield(signal)
            case .serving:
                stage = .stopping
                continuation.yield(signal)
            case .stopping: _exit(128 + signal)
            case .starting where signal == SIGHUP: stage = .starting(isReloadDue: true)
            // No client was served yet, and everything that start-up does may safely be cut short.
            case .starting: _exit(EXIT_SUCCESS)
            }
        }
    }
}
