import Logging
import Synchronization

/// A file's password, or the last one read while the file cannot be read: one warning, for all event loops.
final class CachePasswordSource: Sendable {
    private struct State {
        var last: String?
        var isReported = false
    }

    private let file: CachePasswordFile
    private let logger: Logger
    private let state = Mutex(State())

    init(_ file: CachePasswordFile, _ logger: Logger) {
        self.file = file
        self.logger = logger
    }

    /// - Throws: if the file has never been read.
    func read() throws(CachePasswordFile.ReadError) -> String {
        do {
            let password = try file.read()
            let wasReported = state.withLock { state in
                defer { state = State(last: password) }
                return state.isReported
            }
            if wasReported { logger.info("cache: the password can be read again: CACHE_PASSWORD_FILE=\(file.path)") }
            return password
        } catch {
            let (last, wasReported) = state.withLock { state in
                defer { state.isReported = state.last != nil }
                return (state.last, state.isReported)
            }
            guard let last else { throw error }
            if !wasReported {
                logger.warning("cache: the password cannot be read, and the last one stays in use: \(error)")
            }
            return last
        }
    }
}
