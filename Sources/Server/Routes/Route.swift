import Bytes
import HTTP1

/// The paths that the service knows. A switch over them is the router.
enum Route: Int, CaseIterable {
    case predict, score, test
    case health, livez, readyz, startupz, metrics, version
    /// Pages for people, and what programs read to learn the rest.
    case page, docs, openAPI
    /// The Open Inference Protocol; a version in the path is not part of the route.
    case inferenceServer, inferenceLive, inferenceReady, model, modelReady, infer
    /// Any other path.
    case other

    /// The table of routes: one row each.
    private var row: Row {
        switch self {
        case .predict: Row("/predict", .post, .isScoring)
        case .score: Row("/score", .post, .isScoring)
        case .test: Row("/test", .get, .isScoring)
        case .health: Row("/health", .get, .isProbe)
        case .livez: Row("/livez", .get, .isProbe)
        case .readyz: Row("/readyz", .get, .isProbe)
        case .startupz: Row("/startupz", .get, .isProbe)
        case .metrics: Row("/metrics", .get, .isProbe)
        case .version: Row("/version", .get, .isProbe)
        case .page: Row("/", .get)
        case .docs: Row("/docs", .get)
        case .openAPI: Row("/openapi.json", .get)
        case .inferenceServer: Row("/v2", .get, .isOpenInference)
        case .inferenceLive: Row("/v2/health/live", .get, [.isOpenInference, .isProbe])
        case .inferenceReady: Row("/v2/health/ready", .get, [.isOpenInference, .isProbe])
        case .model: Row("/v2/models/housing", .get, .isOpenInference)
        case .modelReady: Row("/v2/models/housing/ready", .get, [.isOpenInference, .isProbe])
        case .infer: Row("/v2/models/housing/infer", .post, [.isOpenInference, .isScoring])
        case .other: Row("other", .get)
        }
    }

    private struct Row {
        /// The methods of a route, in addition to OPTIONS, which every known path supports.
        enum Methods {
            /// GET, and HEAD without a body.
            case get
            case post
        }

        struct Traits: OptionSet {
            let rawValue: Int

            /// Its requests are written to the scoring log, and need a key where keys are configured.
            static let isScoring = Traits(rawValue: 1)
            /// Sent by monitoring; must get a response even when others are rejected.
            static let isProbe = Traits(rawValue: 2)
            /// Part of the Open Inference Protocol, so its errors have that protocol's form.
            static let isOpenInference = Traits(rawValue: 4)
        }

        let path: StaticString
        let methods: Methods
        let traits: Traits

        init(_ path: StaticString, _ methods: Methods, _ traits: Traits = []) {
            self.path = path
            self.methods = methods
            self.traits = traits
        }
    }

    /// The path as the contract, the scoring log and metrics' labels have it; never the client's text.
    var literal: StaticString { row.path }

    /// Its position among all routes, for tables.
    var index: Int { rawValue }

    /// Whether requests of this route are written to the scoring log.
    var isScoring: Bool { row.traits.contains(.isScoring) }

    /// Whether the route reads a body.
    var isPost: Bool { row.methods == .post }

    /// Whether its errors have the Open Inference Protocol's form.
    var speaksOpenInference: Bool { row.traits.contains(.isOpenInference) }

    /// Whether monitoring sends it.
    var isProbe: Bool { row.traits.contains(.isProbe) }

    /// The `Allow` header of a 405 and of OPTIONS.
    var allow: StaticString { isPost ? "POST, OPTIONS" : "GET, HEAD, OPTIONS" }

    /// Whether the route supports this method; OPTIONS is supported for every known path.
    func accepts(_ method: HTTPMethod) -> Bool {
        isPost ? method == .post : method == .get || method == .head
    }

    /// Finds the route of a request target: an absolute path or URI, any query string ignored.
    init(target: String) {
        // Most requests by far.
        if target == "/predict" {
            self = .predict
            return
        }
        let path = Self.path(of: target)
        self = Self.byPath[ModelPath(path).map { Self.model.literal.description + $0.rest } ?? String(path)] ?? .other
    }

    private static let byPath = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .other }.map { ($0.literal.description, $0) })

    /// RFC 9112, section 3.2: the origin form `/path?query`, or the absolute form `http://host/path?query`.
    static func path(of target: String) -> Substring {
        // By bytes: characters of a target of 32 KiB would take milliseconds.
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        let afterScheme = path.drop(while: \.isLetter)
        guard afterScheme.startIndex > path.startIndex, afterScheme.starts(with: "://".utf8) else {
            return Substring(path)
        }
        let afterHost = afterScheme.dropFirst("://".utf8.count).drop { $0 != UInt8(ascii: "/") }
        return afterHost.isEmpty ? "/" : Substring(afterHost)
    }
}
