import HTTP1
import Logging
import NIOCore

/// The service of one event loop: a switch over route and method, between HTTP and the scoring.
final class Routes {
    /// Whether new requests are welcome: `/readyz`.
    var isReady = true
    /// The keys, if scoring needs one of them; nil if it needs none.
    var apiKeys: APIKeys?

    private let predictor: Predictor
    private let limits: ConcurrencyLimits
    private let metrics: Metrics
    private let status: StatusEndpoints
    private let pages: Pages
    private let logger: Logger

    init(
        _ predictor: Predictor, _ limits: ConcurrencyLimits, _ metrics: Metrics, _ status: StatusEndpoints,
        _ pages: Pages, _ apiKeys: APIKeys?, _ logger: Logger
    ) {
        self.predictor = predictor
        self.limits = limits
        self.metrics = metrics
        self.status = status
        self.pages = pages
        self.apiKeys = apiKeys
        self.logger = logger
    }

    private func respondUnknown(_ exchange: HTTPExchange) {
        switch exchange.unknownTarget {
        case .server where exchange.request.method == .options: respondOptions(exchange, "GET, HEAD, POST, OPTIONS")
        case .inferencePath(let near): respond(to: exchange, .unknownInferencePath(near))
        case .path(let near): respond(to: exchange, .notFound(near))
        case .server: respond(to: exchange, .notFound())
        }
    }

    private func respondOptions(_ exchange: HTTPExchange, _ allow: StaticString) {
        var head = ResponseHead(.noContent)
        head.field = .allow(allow)
        exchange.respond(head, ByteBuffer())
    }

    private func respondReadiness(_ exchange: HTTPExchange, _ ready: ByteBuffer) {
        if isReady { exchange.respond(.momentary, ready) } else { respond(to: exchange, .draining) }
    }

    /// Why a route rejects such a body; nil if it reads it.
    private func objectionToBody(_ exchange: HTTPExchange) -> HTTPError? {
        objectionToBody(on: exchange.route, isCoded: exchange.isBodyCoded, hasBinaryTensors: exchange.hasMarker)
    }

    private func objectionToBody(on route: Route, isCoded: Bool, hasBinaryTensors: Bool) -> HTTPError? {
        if isCoded { return route.isPost ? .codedBody : nil }
        return hasBinaryTensors && route == .infer ? .binaryTensors : nil
    }

    /// Responses that are always the same.
    private enum Fixed {
        static let healthy = ByteBuffer(staticString: #"{"status":"healthy"}"#)
        static let alive = ByteBuffer(staticString: #"{"status":"alive"}"#)
        static let started = ByteBuffer(staticString: #"{"status":"started"}"#)
        static let ready = ByteBuffer(staticString: #"{"status":"ready"}"#)
    }
}

extension Routes: HTTPConnectionDelegate {
    var markerField: StaticString { OpenInference.binaryTensorsField }

    var unreadable: RequestRoute {
        RequestRoute(index: Route.other.index, detail: nil, isProbe: false, readsBody: false)
    }

    func route(_ head: RequestHead) -> RequestRoute {
        let route = Route(target: head.target)
        var detail: String?
        if route == .other { detail = UnknownTarget(head.target).code }
        if route == .metrics { detail = MetricsFormat(accept: head.fields.accept).rawValue }
        if route.speaksOpenInference { detail = ModelPath(Route.path(of: head.target)).map { String($0.version) } }
        let objection = objectionToBody(
            on: route, isCoded: head.fields.isBodyCoded, hasBinaryTensors: head.fields.hasMarker)
        return RequestRoute(
            index: route.index, detail: detail, isProbe: route.isProbe,
            readsBody: route.isPost && head.method == .post && objection == nil)
    }

    /// Scoring routes may need a key; no other route does.
    func objection(to head: RequestHead, on route: RequestRoute) -> HTTPError? {
        guard let apiKeys, head.method != .options, Route(rawValue: route.index)?.isScoring == true else { return nil }
        return apiKeys.accept(head.fields.authorization) ? nil : .unauthorized
    }

    func respond(to exchange: consuming HTTPExchange, _ body: ByteBuffer) {
        let route = exchange.route
        guard route != .other else { return respondUnknown(exchange) }
        guard exchange.request.method != .options else { return respondOptions(exchange, route.allow) }
        guard route.accepts(exchange.request.method) else {
            return respond(to: exchange, .methodNotAllowed(route.allow))
        }
        if route.speaksOpenInference, let version = exchange.routeDetail, version != predictor.model.version {
            return respond(to: exchange, .unknownVersion)
        }
        if let objection = objectionToBody(exchange) { return respond(to: exchange, objection) }

        switch route {
        case .predict, .score, .test, .infer: predictor.score(exchange, body)
        case .health: exchange.respond(.momentary, Fixed.healthy)
        case .livez: exchange.respond(.momentary, Fixed.alive)
        case .startupz: exchange.respond(.momentary, Fixed.started)
        case .readyz: respondReadiness(exchange, Fixed.ready)
        case .metrics: status.respondMetrics(exchange)
        case .version: status.respondVersion(exchange)
        case .page: pages.home.respond(exchange)
        case .docs: pages.docs.respond(exchange)
        case .openAPI: pages.openAPI.respond(exchange)
        case .inferenceServer: exchange.respond(.momentary, ByteBuffer(string: OpenInference.server))
        case .inferenceLive: exchange.respond(.momentary, OpenInference.live)
        case .inferenceReady: respondReadiness(exchange, OpenInference.ready)
        case .model:
            exchange.respond(.momentary, ByteBuffer(string: OpenInference.model(version: predictor.model.version)))
        case .modelReady: respondReadiness(exchange, OpenInference.modelReady)
        case .other: respond(to: exchange, .notFound())
        }
    }

    /// Errors of scoring routes are written to the scoring log.
    func respond(to exchange: HTTPExchange, _ error: HTTPError) {
        if exchange.route.isScoring { predictor.fail(exchange, error) } else { exchange.respond(error) }
    }

    func responded(to request: IncomingRequest, _ status: ResponseStatus) {
        metrics.responded(
            Route(rawValue: request.route) ?? .other, status, after: .now() - request.receivedAt, in: request.trace)
    }

    func rejected(by limit: ConnectionLimit) {
        switch limit {
        case .connections: metrics.rejected(.connections)
        case .bufferedBytes: metrics.rejected(.bufferedBytes)
        }
    }

    func connectionFailed(_ error: any Error) {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
    }

    func clientHasGone() {
        guard limits.queued.inUse > 0 else { return }
        predictor.rejectAbandoned()
    }
}
