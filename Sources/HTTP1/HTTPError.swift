/// A response that says what is wrong with a request as a whole.
package struct HTTPError: Error {
    package let status: ResponseStatus
    /// Plain ASCII text without quotes or backslashes.
    package let detail: StaticString
    private let field: HeaderField?

    package init(status: ResponseStatus, detail: StaticString, field: HeaderField? = nil) {
        self.status = status
        self.detail = detail
        self.field = field
    }

    /// The head of the response.
    package var head: ResponseHead {
        var head = ResponseHead(status)
        head.field = field
        return head
    }
}

/// What the wire itself finds wrong.
extension HTTPError {
    static let malformed = HTTPError(status: .badRequest, detail: "Malformed HTTP request")
    static let bodyTooLarge = HTTPError(status: .contentTooLarge, detail: "The body is larger than MAX_BODY_BYTES")
    static let oneHostNeeded = HTTPError(
        status: .badRequest, detail: "A request needs one Host header, and HTTP/1.0 one at most")
    static let invalidHost = HTTPError(
        status: .badRequest, detail: "The Host header is no name or address, with or without a port")
    static let unknownTransferCoding = HTTPError(
        status: .badRequest, detail: "Transfer-Encoding may be sent once, and only as chunked")
    static let framingTooLarge = HTTPError(
        status: .contentTooLarge, detail: "The body's chunk sizes and extensions are far larger than the body")
    static let headTooLarge = HTTPError(
        status: .headTooLarge, detail: "The request head is larger than 32 KiB or has more than 100 fields")
    static let headTimeout = HTTPError(status: .requestTimeout, detail: "The request head came too slowly")
    static let bodyTimeout = HTTPError(status: .requestTimeout, detail: "The request body came too slowly")
    package static let saturated = HTTPError(
        status: .serviceUnavailable, detail: "Saturated, try again later", field: .retryInASecond)

    init(_ failure: RequestParser.Failure) {
        switch failure {
        case .malformed: self = .malformed
        case .headTooLarge: self = .headTooLarge
        case .framingTooLarge: self = .framingTooLarge
        }
    }

    init(_ defect: RequestHead.Defect) {
        switch defect {
        case .hostCount: self = .oneHostNeeded
        case .invalidHost: self = .invalidHost
        case .unknownTransferCoding: self = .unknownTransferCoding
        }
    }
}
