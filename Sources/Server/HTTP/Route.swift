import NIOHTTP1

/// The paths that the service knows. A switch over them is the router.
enum Route: Int, CaseIterable {
    case predict, score, test
    case health, livez, readyz, startupz, metrics, version
    /// Any other path.
    case other

    /// The path as it stands in the contract, the scoring log and metrics' labels; never the client's text.
    var literal: StaticString {
        switch self {
        case .predict: "/predict"
        case .score: "/score"
        case .test: "/test"
        case .health: "/health"
        case .livez: "/livez"
        case .readyz: "/readyz"
        case .startupz: "/startupz"
        case .metrics: "/metrics"
        case .version: "/version"
        case .other: "other"
        }
    }

    /// Its place among all routes, for tables.
    var index: Int { rawValue }

    /// Whether calls of this route stand in the scoring log.
    var isScoring: Bool {
        switch self {
        case .predict, .score, .test: true
        default: false
        }
    }

    /// Whether the route reads a body.
    var isPost: Bool { self == .predict || self == .score }

    /// The `Allow` header of a 405 and of OPTIONS.
    var allow: StaticString { isPost ? "POST, OPTIONS" : "GET, HEAD, OPTIONS" }

    /// Whether the route answers this method; OPTIONS is answered for every known path.
    func accepts(_ method: HTTPMethod) -> Bool {
        isPost ? method == .POST : method == .GET || method == .HEAD
    }

    /// Finds the route of a request target: an absolute path or URI, any query string ignored.
    init(target: String) {
        // Most calls by far.
        if target == "/predict" {
            self = .predict
            return
        }
        let path = Self.path(of: target)
        self = Self.allCases.first { $0 != .other && path == $0.literal.description } ?? .other
    }

    /// RFC 9112, section 3.2: the origin form `/path?query`, or the absolute form `http://host/path?query`.
    private static func path(of target: String) -> Substring {
        var path = target.prefix { $0 != "?" }
        if !path.hasPrefix("/"), let scheme = path.firstRange(of: "://") {
            path = path[scheme.upperBound...].drop { $0 != "/" }
        }
        return path
    }
}
