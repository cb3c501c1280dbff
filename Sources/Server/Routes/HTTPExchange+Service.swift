import HTTP1
import NIOCore

/// What the service makes of an exchange.
extension HTTPExchange {
    var route: Route { Route(rawValue: request.route) ?? .other }

    /// What its target is, if it belongs to no route.
    var unknownTarget: UnknownTarget { routeDetail.flatMap(UnknownTarget.init) ?? .path }

    /// Responds with an error in the service's form, `{"detail":"…"}`, or in the Open Inference Protocol's, `{"error":"…"}`.
    ///
    /// - Returns: the bytes of the body.
    @discardableResult
    func respond(_ error: HTTPError) -> Int {
        let speaksOpenInference = route.speaksOpenInference || (route == .other && unknownTarget == .inferencePath)
        var body = ByteBufferAllocator().buffer(capacity: 16 + error.detail.utf8CodeUnitCount)
        body.writeStaticString(speaksOpenInference ? "{\"error\":\"" : "{\"detail\":\"")
        body.writeStaticString(error.detail)
        body.writeStaticString("\"}")
        respond(error.head, body)
        return body.readableBytes
    }
}

/// What the service finds wrong with a request as a whole.
extension HTTPError {
    static let notFound = HTTPError(status: .notFound, detail: "Not Found")
    static let codedBody = HTTPError(
        status: .unsupportedMediaType, detail: "The body has a Content-Encoding: send it without one",
        field: .uncodedBodyNeeded)
    static let unauthorized = HTTPError(
        status: .unauthorized, detail: "A valid Bearer key is needed", field: .bearerKeyNeeded)
    static let draining = HTTPError(status: .serviceUnavailable, detail: "Shutting down", field: .retryInASecond)

    static func methodNotAllowed(_ allow: StaticString) -> HTTPError {
        HTTPError(status: .methodNotAllowed, detail: "Method Not Allowed", field: .allow(allow))
    }
}
