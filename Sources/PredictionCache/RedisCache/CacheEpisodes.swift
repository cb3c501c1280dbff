import NIOCore
import Synchronization

/// Decides which messages about a Redis that refuses commands are logged, for all event loops together: one when it
/// begins, at most one a minute for each reason, and one when it ends.
final class CacheEpisodes: Sendable {
    static let interval = TimeAmount.minutes(1)
    /// A server chooses the words of its errors; beyond this many reasons they share one.
    private static let maximumReasons = 64

    private struct State {
        /// The event loops on which something fails, and whether that has been logged.
        var open: [String: (loops: Set<ObjectIdentifier>, isLogged: Bool)] = [:]
        /// When each reason was last logged.
        var logged: [String: NIODeadline] = [:]
    }

    private let state = Mutex(State())

    /// Something begins to fail on a loop.
    ///
    /// - Parameter reason: logged once a minute at most.
    /// - Returns: whether to log it.
    func begins(_ what: String, reason: String, on loop: ObjectIdentifier, now: NIODeadline) -> Bool {
        state.withLock { state in
            var episode = state.open[what] ?? ([], false)
            episode.loops.insert(loop)
            defer { state.open[what] = episode }
            let known = state.logged.count < Self.maximumReasons || state.logged[reason] != nil
            let reason = known ? reason : "other"
            if let last = state.logged[reason], now < last + Self.interval { return false }
            state.logged[reason] = now
            episode.isLogged = true
            return true
        }
    }

    /// It works again on a loop. Returns whether to log it: when it works again on all loops.
    func ends(_ what: String, on loop: ObjectIdentifier) -> Bool {
        state.withLock { state in
            guard var episode = state.open[what] else { return false }
            episode.loops.remove(loop)
            state.open[what] = episode.loops.isEmpty ? nil : episode
            return episode.loops.isEmpty && episode.isLogged
        }
    }
}
