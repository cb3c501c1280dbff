/// The paths that the service knows. A switch over them is the router.
enum Route: Int, CaseIterable {
    case predict, score, test
    case health, livez, readyz, startupz, metrics, version
    /// Pages for people, and what programs read to learn the rest.
    case page, docs, openAPI
    /// The Open Inference Protocol; a version in the path is no part of the route.
    case inferenceServer, inferenceLive, inferenceReady, model, modelReady, infer
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
        case .page: "/"
        case .docs: "/docs"
        case .openAPI: "/openapi.json"
        case .inferenceServer: "/v2"
        case .inferenceLive: "/v2/health/live"
        case .inferenceReady: "/v2/health/ready"
        case .model: "/v2/models/housing"
        case .modelReady: "/v2/models/housing/ready"
        case .infer: "/v2/models/housing/infer"
        case .other: "other"
        }
    }

    /// Its place among all routes, for tables.
    var index: Int { rawValue }

    /// Whether calls of this route stand in the scoring log.
    var isScoring: Bool {
        switch self {
        case .predict, .score, .test, .infer: true
        default: false
        }
    }

    /// Whether the route reads a body.
    var isPost: Bool { self == .predict || self == .score || self == .infer }

    /// Whether its errors have the Open Inference Protocol's form.
    var speaksOpenInference: Bool {
        switch self {
        case .inferenceServer, .inferenceLive, .inferenceReady, .model, .modelReady, .infer: true
        default: false
        }
    }

    /// Whether it is asked by those who watch over the server, and must be answered when it has no place for others.
    var isProbe: Bool {
        switch self {
        case .health, .livez, .readyz, .startupz, .metrics, .version: true
        case .inferenceLive, .inferenceReady, .modelReady: true
        default: false
        }
    }

    /// The `Allow` header of a 405 and of OPTIONS.
    var allow: StaticString { isPost ? "POST, OPTIONS" : "GET, HEAD, OPTIONS" }

    /// Whether the route answers this method; OPTIONS is answered for every known path.
    func accepts(_ method: HTTPMethod) -> Bool {
        isPost ? method == .post : method == .get || method == .head
    }

    /// Finds the route of a request target: an absolute path or URI, any query string ignored.
    init(target: String) {
        // Most calls by far.
        if target == "/predict" {
            self = .predict
            return
        }
        let path = Self.path(of: target)
        self = Self.byPath[Self.version(in: path).map { Self.modelPath + $0.rest } ?? String(path)] ?? .other
    }

    private static let byPath = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .other }.map { ($0.literal.description, $0) })
    private static let modelPath = Route.model.literal.description
    private static let versionsPath = modelPath + "/versions/"

    /// The version of the model that a request target asks for: `V` of `/v2/models/housing/versions/V[/ready|/infer]`.
    static func modelVersion(in target: String) -> String? {
        version(in: path(of: target)).map { String($0.version) }
    }

    private static func version(in path: Substring) -> (version: Substring, rest: Substring)? {
        guard path.utf8.starts(with: versionsPath.utf8) else { return nil }
        let version = path.utf8.dropFirst(versionsPath.utf8.count).prefix { $0 != UInt8(ascii: "/") }
        return version.isEmpty ? nil : (Substring(version), path[version.endIndex...])
    }

    /// RFC 9112, section 3.2: the origin form `/path?query`, or the absolute form `http://host/path?query`.
    fileprivate static func path(of target: String) -> Substring {
        // By bytes: characters of a target of 32 KiB would take milliseconds.
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        let behindScheme = path.drop(while: Byte.isLetter)
        guard behindScheme.startIndex > path.startIndex, behindScheme.starts(with: "://".utf8) else {
            return Substring(path)
        }
        let behindHost = behindScheme.dropFirst("://".utf8.count).drop { $0 != UInt8(ascii: "/") }
        return behindHost.isEmpty ? "/" : Substring(behindHost)
    }
}

/// What a request target is that belongs to no route.
enum UnknownTarget {
    case path
    /// A path of the Open Inference Protocol, such as another model's.
    case inferencePath
    /// `*`, the server as a whole, of which `OPTIONS` may ask (RFC 9110, section 9.3.7).
    case server

    init(_ target: String) {
        self = target == "*" ? .server : Route.path(of: target).hasPrefix("/v2/") ? .inferencePath : .path
    }
}
