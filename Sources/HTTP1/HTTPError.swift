/// A response that says what is wrong with a request as a whole.
package struct HTTPError: Error {
    package let status: ResponseStatus
    /// Plain ASCII text without quotes or backslashes.
    package let detail: String
    /// What the client probably wanted instead, in the same kind of text.
    package let hint: String?
    private let field: HeaderField?

    package init(status: ResponseStatus, detail: String, hint: String? = nil, field: HeaderField? = nil) {
        self.status = status
        self.detail = detail
        self.hint = hint
        self.field = field
    }

    /// The head of the response.
    package var head: ResponseHead {
        var head = ResponseHead(status)
        head.field = field
        return head
    }
}

/// The errors at the HTTP level.
extension HTTPError {
    static func malformed(_ reason: MalformedRequest) -> HTTPError {
        HTTPError(status: .badRequest, detail: "Malformed HTTP request: \(reason.text)")
    }

    /// - Parameter bytes: the announced length of the body.
    static func bodyTooLarge(_ bytes: Int, limit: Int) -> HTTPError {
        let length = bytes == .max ? "\(bytes) bytes or more" : "\(bytes) bytes"
        return HTTPError(
            status: .contentTooLarge, detail: "The body has \(length), where MAX_BODY_BYTES allows \(limit)")
    }

    /// - Parameter bytes: how much of a body of unknown length has arrived.
    static func bodyGrewTooLarge(_ bytes: Int, limit: Int) -> HTTPError {
        HTTPError(
            status: .contentTooLarge,
            detail: "The body has at least \(bytes) bytes, where MAX_BODY_BYTES allows \(limit)")
    }

    /// - Parameter hosts: the number of `Host` headers.
    static func oneHostNeeded(_ hosts: Int) -> HTTPError {
        HTTPError(
            status: .badRequest,
            detail: "A request needs one Host header, and HTTP/1.0 one at most: this one has "
                + (hosts == 0 ? "none" : "\(hosts)"))
    }
    static let invalidHost = HTTPError(
        status: .badRequest, detail: "The Host header is not a name or address, with or without a port")
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

    init(_ failure: RequestParser.ParseError) {
        switch failure {
        case .malformed(let reason): self = .malformed(reason)
        case .headTooLarge: self = .headTooLarge
        case .framingTooLarge: self = .framingTooLarge
        }
    }

    init(_ defect: RequestHead.Defect) {
        switch defect {
        case .hostCount(let hosts): self = .oneHostNeeded(hosts)
        case .invalidHost: self = .invalidHost
        case .unknownTransferCoding: self = .unknownTransferCoding
        }
    }
}
