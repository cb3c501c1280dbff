@preconcurrency import Dispatch
import Platform
import Synchronization

/// SIGHUP, SIGINT and SIGTERM: from the first line of the program on, none of them ends it by the system's default.
///
/// Until the server is about to listen, SIGHUP is kept, since the files that it is about may have been read already, and
/// SIGINT and SIGTERM end the program at once, with the exit code of any other stop. From then on they are handed over,
/// but for a second SIGINT or SIGTERM, which ends the program at once. Dispatch is used directly, since waiting for
/// `UnixSignalsSequence` needs threads that a long start, or an end, may hold.
final class Signals: Sendable {
    private enum Stage {
        case starting(isReloadDue: Bool)
        case serving
        case stopping
    }

    /// Those of the process.
    static let ofProcess = Signals()

    /// What comes while the server serves; for one reader.
    let whileServing: AsyncStream<Int32>
    private let continuation: AsyncStream<Int32>.Continuation
    private let stage = Mutex(Stage.starting(isReloadDue: false))
    private let sources: [any DispatchSourceSignal]

    /// Blocks the signals in the calling thread, of which all later threads inherit it, so that only the sources get them.
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

    /// Hands signals over from now on, first a SIGHUP of the start.
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
            // Nobody was served yet, and what is made at a start is made so that it may be cut short.
            case .starting: _exit(EXIT_SUCCESS)
            }
        }
    }
}
