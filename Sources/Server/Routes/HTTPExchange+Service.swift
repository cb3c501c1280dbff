import HTTP1
import NIOCore

/// The service's view of an exchange.
extension HTTPExchange {
    var route: Route { Route(rawValue: request.route) ?? .other }

    /// The kind of its target, if it belongs to no route.
    var unknownTarget: UnknownTarget { routeDetail.flatMap(UnknownTarget.init) ?? .path(near: nil) }

    /// The format of a scrape.
    var metricsFormat: MetricsFormat { routeDetail.flatMap(MetricsFormat.init) ?? .text }

    /// Whether errors have the Open Inference Protocol's form.
    private var speaksOpenInference: Bool {
        guard route == .other, case .inferencePath = unknownTarget else { return route.speaksOpenInference }
        return true
    }

    /// Responds with an error in the service's form, `{"detail":"…"}` and maybe a `hint`, or in the Open Inference
    /// Protocol's, `{"error":"…"}`.
    ///
    /// - Returns: the bytes of the body.
    @discardableResult
    func respond(_ error: HTTPError) -> Int {
        let hint = error.hint ?? ""
        var body = ByteBufferAllocator().buffer(capacity: 32 + error.detail.utf8.count + hint.utf8.count)
        body.writeStaticString(speaksOpenInference ? "{\"error\":\"" : "{\"detail\":\"")
        body.writeString(error.detail)
        if !hint.isEmpty { body.writeStaticString(speaksOpenInference ? ". " : "\",\"hint\":\"") }
        body.writeString(hint)
        body.writeStaticString("\"}")
        respond(error.head, body)
        return body.readableBytes
    }
}

/// The service's errors about a request as a whole.
extension HTTPError {
    static let codedBody = HTTPError(
        status: .unsupportedMediaType, detail: "The body has a Content-Encoding: send it without one",
        field: .uncodedBodyNeeded)
    static let unauthorized = HTTPError(
        status: .unauthorized, detail: "A valid Bearer key is needed", field: .bearerKeyNeeded)
    static let draining = HTTPError(status: .serviceUnavailable, detail: "Shutting down", field: .retryInASecond)

    static func notFound(_ near: NearPath? = nil) -> HTTPError {
        HTTPError(status: .notFound, detail: "Not Found", hint: near?.hint)
    }

    static func methodNotAllowed(_ allow: StaticString) -> HTTPError {
        HTTPError(status: .methodNotAllowed, detail: "Method Not Allowed", field: .allow(allow))
    }
}
