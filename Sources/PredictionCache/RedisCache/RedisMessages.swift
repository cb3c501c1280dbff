import Logging
import NIOCore
import Redis

/// What is logged about Redis by one event loop.
final class RedisMessages {
    private let description: String
    private let isFirst: Bool
    private let episodes: CacheEpisodes
    private let loop: any EventLoop
    private let logger: Logger
    /// What this loop has reported as refused and not reported as accepted since.
    private var refused: Set<RedisCommandKind> = []
    /// When look-ups first got MASTERDOWN since the server was last down.
    private var masterDownSince: NIODeadline?
    /// Why the server is not used; nil while it is.
    private var down: RedisError?
    private var hasAnswered = false
    private var laterReport: Scheduled<Void>?
    private var primaries: Int?

    /// - Parameters:
    ///   - description: the server, without secrets.
    ///   - isFirst: whether this loop logs what all loops see, such as that the cache becomes unavailable.
    init(
        _ description: String, isFirst: Bool, _ episodes: CacheEpisodes, on loop: any EventLoop, _ logger: Logger
    ) {
        self.description = description
        self.isFirst = isFirst
        self.episodes = episodes
        self.loop = loop
        self.logger = logger
    }

    func log(_ event: RedisEvent) {
        switch event {
        case .refused(let kind, let line): return refuses(kind, line)
        case .accepted(let kind): return accepts(kind)
        case .down: forgetRefusals()
        default: break
        }
        guard isFirst else { return }
        switch event {
        case .up: answers()
        case .down(let error): isDown(error)
        case .cluster(let primaries):
            guard primaries != self.primaries else { return }
            self.primaries = primaries
            logger.info("cache: \(description) is a cluster of \(primaries) primaries")
        case .nodeDown(let node, let error):
            guard begins("node \(node)", reason: "node \(node)") else { return }
            logger.warning("cache: node \(node) is not used until it answers; its keys are BYPASS: \(error)")
        case .nodeUp(let node):
            if ends("node \(node)") { logger.info("cache: node \(node) answers") }
        case .nodeLeft(let node):
            if ends("node \(node)") { logger.info("cache: node \(node) is not part of the cluster any more") }
        case .nodeRefused(let error): logger.warning("cache: \(error)")
        case .slotsUnknown(let error):
            logger.warning("cache: no node reports the cluster's slots; keys are found by redirects: \(error)")
        case .authenticated(nil): logger.info("cache: \(description) accepts the changed password")
        case .authenticated(let error?):
            logger.warning("cache: \(description) does not accept the changed password: \(error)")
        case .error, .storeError, .refused, .accepted: break
        }
    }

    /// The outcome of a look-up or a store; costs one comparison while all is well.
    func outcome(of kind: RedisCommandKind, _ error: RedisError?) {
        switch error {
        case .errorReply(let line)?: refuses(kind, line)
        case nil:
            if kind == .lookup, masterDownSince != nil { masterDownSince = nil }
            if !refused.isEmpty { accepts(kind) }
        case .some: break
        }
    }

    private func refuses(_ kind: RedisCommandKind, _ line: String) {
        // A replica that has lost its primary refuses PING too: then the connection is made again, and that is
        // reported.
        if line.hasPrefix("MASTERDOWN") {
            let since = masterDownSince ?? loop.now
            masterDownSince = since
            guard loop.now >= since + .seconds(1) else { return }
        }
        refused.insert(kind)
        let word = line.prefix { $0 != " " }.prefix(32)
        guard begins(kind.words, reason: "\(kind.words) \(word)") else { return }
        logger.warning("cache: \(description) refuses \(kind.words), \(kind.consequence): \(line)")
    }

    private func accepts(_ kind: RedisCommandKind) {
        guard refused.remove(kind) != nil, ends(kind.words) else { return }
        logger.info("cache: \(description) accepts \(kind.words) again")
    }

    /// What an unused server refuses is only known again when it answers.
    private func forgetRefusals() {
        masterDownSince = nil
        for kind in refused { _ = ends(kind.words) }
        refused = []
    }

    private func isDown(_ error: RedisError) {
        down = error
        guard !logDown(error) else { return }
        // It may have been logged before, with an answer in between: if it lasts, it is logged again.
        laterReport?.cancel()
        laterReport = loop.assumeIsolated().scheduleTask(in: CacheEpisodes.interval) { [weak self] in
            if let self, down == error { _ = logDown(error) }
        }
    }

    private func logDown(_ error: RedisError) -> Bool {
        guard begins("server", reason: "server \(error)") else { return false }
        var use = "is not used until it answers"
        if case .unusable = error { use = "is not used" }
        logger.warning("cache: \(description) \(use): \(error)")
        return true
    }

    private func answers() {
        down = nil
        laterReport?.cancel()
        guard ends("server") || !hasAnswered else { return }
        hasAnswered = true
        logger.info("cache: \(description) answers\(butRefuses)")
    }

    private var butRefuses: String {
        refused.isEmpty
            ? ""
            : ", but refuses \(RedisCommandKind.allCases.filter(refused.contains).map(\.words).joined(separator: " and "))"
    }

    private func begins(_ what: String, reason: String) -> Bool {
        episodes.begins(what, reason: reason, on: ObjectIdentifier(loop), now: loop.now)
    }

    private func ends(_ what: String) -> Bool { episodes.ends(what, on: ObjectIdentifier(loop)) }
}

extension RedisCommandKind {
    fileprivate var words: String {
        switch self {
        case .lookup: "look-ups"
        case .store: "stores"
        }
    }

    fileprivate var consequence: String {
        switch self {
        case .lookup: "which are BYPASS"
        case .store: "so nothing new is cached"
        }
    }
}
