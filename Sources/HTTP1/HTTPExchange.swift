import NIOCore
import ScoringLog

/// One request, and its place in the order of answers on its connection.
///
/// A class, since it is handed from stage to stage and kept by what waits: as a value, its fields cost more to copy than
/// an allocation. Everything happens on the connection's event loop.
final class Call {
    let connection: HTTPConnection
    /// Its place: answers leave in this order, whenever they are ready.
    let position: UInt64
    let method: HTTPMethod
    let route: Route
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    let minorVersion: Int
    /// When its head had come.
    let receivedAt: NIODeadline
    /// Whether the connection may stay open behind the answer.
    private(set) var keepAlive: Bool
    let requestID: RequestID
    /// The caller's trace context, in W3C's form.
    let traceparent: String?
    /// The version of the model that its path names.
    var modelVersion: String?
    /// What the caller has of a page already: the values of `If-None-Match` headers.
    var ifNoneMatch: String?
    /// What its target is, if it belongs to no route.
    var unknownTarget: UnknownTarget?
    var bodyForm = BodyForm.json
    /// The body of its 200, as far as it is written.
    var predictAnswer = PredictAnswer()
    /// How long it has waited in queues.
    var waited = TimeAmount.zero

    init(
        connection: HTTPConnection, position: UInt64, method: HTTPMethod, route: Route, minorVersion: Int,
        receivedAt: NIODeadline, keepAlive: Bool, requestID: RequestID, traceparent: String? = nil
    ) {
        self.connection = connection
        self.position = position
        self.method = method
        self.route = route
        self.minorVersion = minorVersion
        self.receivedAt = receivedAt
        self.keepAlive = keepAlive
        self.requestID = requestID
        self.traceparent = traceparent
    }

    /// Whether nobody can read an answer any more.
    var isAbandoned: Bool { connection.context == nil }

    /// What it keeps of its head that may be long, in bytes.
    var keptBytes: Int { (ifNoneMatch?.utf8.count ?? 0) + (modelVersion?.utf8.count ?? 0) }

    /// Makes it the last one of its connection.
    func close() { keepAlive = false }

    /// Sends the answer. Bytes are written at the end of the event loop's tick.
    func answer(_ head: ResponseHead, _ body: ByteBuffer) {
        connection.answer(self, head, body)
    }

    /// Sends an error in the service's form, `{"detail":"…"}`, or in the Open Inference Protocol's, `{"error":"…"}`.
    ///
    /// - Returns: the bytes of the body.
    @discardableResult
    func answer(_ error: HTTPError) -> Int {
        var head = ResponseHead(error.status)
        head.allow = error.allow
        head.retryAfter = error.retryAfter
        head.authenticate = error.authenticate
        head.acceptEncoding = error.acceptEncoding
        var body = ByteBufferAllocator().buffer(capacity: 16 + error.detail.utf8CodeUnitCount)
        let speaksOpenInference = route.speaksOpenInference || unknownTarget == .inferencePath
        body.writeStaticString(speaksOpenInference ? "{\"error\":\"" : "{\"detail\":\"")
        body.writeStaticString(error.detail)
        body.writeStaticString("\"}")
        answer(head, body)
        return body.readableBytes
    }
}

/// An answer that says what is wrong with a request as a whole.
struct HTTPError {
    var status: ResponseHead.Status
    /// Plain ASCII text without quotes or backslashes.
    var detail: StaticString
    var allow: StaticString?
    var retryAfter: StaticString?
    var authenticate: StaticString?
    var acceptEncoding: StaticString?

    static let notFound = HTTPError(status: .notFound, detail: "Not Found")
    static let unknownInferencePath = HTTPError(
        status: .notFound, detail: "Not Found: the only model is housing, at /v2/models/housing")
    static let unknownVersion = HTTPError(status: .notFound, detail: "The model has no such version")
    static let malformed = HTTPError(status: .badRequest, detail: "Malformed HTTP request")
    static let bodyTooLarge = HTTPError(status: .contentTooLarge, detail: "The body is larger than MAX_BODY_BYTES")
    static let oneHostNeeded = HTTPError(
        status: .badRequest, detail: "A request needs one Host header, and HTTP/1.0 one at most")
    static let invalidHost = HTTPError(
        status: .badRequest, detail: "The Host header is no name or address, with or without a port")
    static let unknownTransferCoding = HTTPError(
        status: .badRequest, detail: "Transfer-Encoding may be sent once, and only as chunked")
    static let binaryTensors = HTTPError(
        status: .badRequest,
        detail: """
            Tensors in binary form are not supported: send their data as JSON (binary_data=False in the clients of \
            Triton and KServe)
            """)
    static let codedBody = HTTPError(
        status: .unsupportedMediaType, detail: "The body has a Content-Encoding: send it without one",
        acceptEncoding: "identity")
    static let framingTooLarge = HTTPError(
        status: .contentTooLarge, detail: "The body's chunk sizes and extensions are far larger than the body")
    static let headTooLarge = HTTPError(
        status: .headTooLarge, detail: "The request head is larger than 32 KiB or has more than 100 fields")
    static let headTimeout = HTTPError(status: .requestTimeout, detail: "The request head came too slowly")
    static let bodyTimeout = HTTPError(status: .requestTimeout, detail: "The request body came too slowly")
    static let unauthorized = HTTPError(
        status: .unauthorized, detail: "A valid Bearer key is needed", authenticate: "Bearer")
    static let saturated = HTTPError(
        status: .serviceUnavailable, detail: "Saturated, try again later", retryAfter: "1")

    static let draining = HTTPError(status: .serviceUnavailable, detail: "Shutting down", retryAfter: "1")

    static func methodNotAllowed(_ allow: StaticString) -> HTTPError {
        HTTPError(status: .methodNotAllowed, detail: "Method Not Allowed", allow: allow)
    }
}

extension HTTPError {
    /// Why bytes cannot be read as a request.
    init(_ fault: RequestParser.Fault) {
        switch fault {
        case .malformed: self = .malformed
        case .headTooLarge: self = .headTooLarge
        case .framingTooLarge: self = .framingTooLarge
        }
    }
}
