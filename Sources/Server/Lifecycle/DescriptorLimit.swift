import Platform

/// The system's limit of open files, and how many client connections fit within it.
struct DescriptorLimit {
    /// What the server itself has open: log, cache, model and key files, and a few for each event loop.
    private let own: Int
    private let limit: Int
    private let connections: Int

    /// Raises the soft limit as far as it is needed and allowed.
    init(connections: Int, eventLoops: Int) {
        own = 118 + 5 * eventLoops
        self.connections = connections
        Self.raise(to: own + connections)
        limit = Self.current
    }

    /// How many connections fit.
    var possibleConnections: Int { min(connections, max(1, limit - own)) }

    /// The warning for when fewer connections fit than are configured; nil if all fit.
    var warning: String? {
        guard possibleConnections < connections else { return nil }
        return "the limit of open files is \(limit), and MAX_CONNECTIONS=\(connections) needs \(own + connections): "
            + "\(possibleConnections) connections are accepted at a time; "
            + "raise the hard limit (ulimit -n, LimitNOFILE= in systemd) or lower MAX_CONNECTIONS"
    }

    /// The error for when not even the server's own files can be opened; nil if they can.
    var failure: String? {
        let least = own - 100
        guard limit < least else { return nil }
        return "the limit of open files is \(limit), and the server needs \(least) and one for each connection: "
            + "raise the hard limit (ulimit -n, LimitNOFILE= in systemd)"
    }

    /// The soft limit.
    static var current: Int {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    private static func raise(to needed: Int) {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0, limit.rlim_cur < rlim_t(needed) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(needed))
        setrlimit(openFiles, &limit)
    }

    #if os(Linux)
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let openFiles = RLIMIT_NOFILE
    #endif
}
