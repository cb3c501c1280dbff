package import Bytes

/// The header fields that the service acts on.
package struct RequestFields {
    /// `Int.max` if it is larger than that.
    private(set) var contentLength: Int?
    private(set) var expectsContinue = false
    private(set) var asksForClose = false
    private(set) var asksForKeepAlive = false
    /// The value of `Authorization`; empty if sent more than once: no value can be trusted.
    package private(set) var authorization: String?
    /// How many `Host` headers there are.
    private(set) var hosts = 0
    private(set) var areHostsValid = true
    private(set) var transferCoding = TransferCoding.none
    /// Whether the body is compressed, or coded in another way: `Content-Encoding`.
    package private(set) var isBodyCoded = false
    /// Whether the service's marker field was sent.
    package private(set) var hasMarker = false
    /// The caller's trace context; nil unless there is exactly one.
    package private(set) var traceparent: String?
    private var hasTraceparent = false
    /// The values of all `If-None-Match` headers as one list.
    package private(set) var ifNoneMatch: String?
    /// The values of all `Accept` headers as one list, if they are kept.
    package private(set) var accept: String?
    /// Whether `Accept` is kept: a request with a body has one form of response, so it does not pay for the choice.
    private let keepsAccept: Bool
    /// The caller's name for the request: the first valid `X-Ms-Request-Id`, else the first valid `X-Request-Id`.
    package private(set) var requestID: RequestID?
    private var hasMicrosoftRequestID = false

    init(keepsAccept: Bool = false) { self.keepsAccept = keepsAccept }

    /// What `Transfer-Encoding` means.
    enum TransferCoding { case none, chunked, other }

    /// Reads `field-name ":" OWS field-value OWS` (RFC 9112, section 5), without the white space; nil if the line is
    /// malformed.
    static func split(
        _ line: UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        let colon = line.countWhile(HTTPGrammar.isTokenChar)
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { return nil }
        let value = line.part((colon + 1)..<line.count).trimmed
        return value.countWhile(HTTPGrammar.isFieldChar) == value.count ? (line.part(0..<colon), value) : nil
    }

    /// Takes a field.
    ///
    /// - Parameters:
    ///   - name: in any case.
    ///   - value: without white space around it.
    ///   - markerField: a field of the service's own, in lower case; only its presence is noted.
    /// - Returns: false if the field makes the head malformed.
    mutating func take(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ markerField: StaticString
    ) -> Bool {
        // Names differ in length, except for two, so that a field is usually compared with one name.
        switch name.count {
        case 4 where name.equalsIgnoringCase("host"):
            hosts += 1
            areHostsValid = areHostsValid && HostField.isValid(value)
        case 6 where name.equalsIgnoringCase("expect"):
            expectsContinue = expectsContinue || value.equalsIgnoringCase("100-continue")
        case 6 where keepsAccept && name.equalsIgnoringCase("accept"): Self.append(Self.text(value), to: &accept)
        case 10 where name.equalsIgnoringCase("connection"): take(connection: value)
        case 11 where name.equalsIgnoringCase("traceparent"): take(traceparent: value)
        case 12 where name.equalsIgnoringCase("x-request-id"): requestID = requestID ?? RequestID(value)
        case 13 where name.equalsIgnoringCase("authorization"):
            authorization = authorization == nil ? Self.text(value) : ""
        case 13 where name.equalsIgnoringCase("if-none-match"): Self.append(Self.text(value), to: &ifNoneMatch)
        case 14 where name.equalsIgnoringCase("content-length"): return take(contentLength: value)
        case 15 where name.equalsIgnoringCase("x-ms-request-id"): take(microsoftRequestID: value)
        case 16 where name.equalsIgnoringCase("content-encoding"):
            isBodyCoded = isBodyCoded || (!value.isEmpty && !value.equalsIgnoringCase("identity"))
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            transferCoding = transferCoding == .none && value.equalsIgnoringCase("chunked") ? .chunked : .other
        default: hasMarker = hasMarker || name.equalsIgnoringCase(markerField)
        }
        return true
    }

    /// Accepts one number, once: two readers could each believe another one of two.
    private mutating func take(contentLength value: UnsafeRawBufferPointer) -> Bool {
        guard contentLength == nil, !value.isEmpty else { return false }
        var length: UInt64 = 0
        for byte in value {
            guard byte.isDigit else { return false }
            let (product, isTooLarge) = length.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !isStillTooLarge else { return false }
            length = sum
        }
        contentLength = Int(clamping: length)
        return true
    }

    private mutating func take(connection value: UnsafeRawBufferPointer) {
        var start = 0
        while start < value.count {
            let end = start + value.countWhile({ $0 != UInt8(ascii: ",") }, from: start)
            let option = value.part(start..<end).trimmed
            asksForClose = asksForClose || option.equalsIgnoringCase("close")
            asksForKeepAlive = asksForKeepAlive || option.equalsIgnoringCase("keep-alive")
            start = end + 1
        }
    }

    /// When a list is sent in several fields, each holds a part (RFC 9110, section 5.3).
    private static func append(_ value: String, to list: inout String?) {
        list = list.map { "\($0),\(value)" } ?? value
    }

    /// Takes precedence over `X-Request-Id`, whichever comes first.
    private mutating func take(microsoftRequestID value: UnsafeRawBufferPointer) {
        guard !hasMicrosoftRequestID, let id = RequestID(value) else { return }
        requestID = id
        hasMicrosoftRequestID = true
    }

    /// If there are two parents, neither can be trusted.
    private mutating func take(traceparent value: UnsafeRawBufferPointer) {
        traceparent = hasTraceparent ? nil : TraceContext.parse(value)
        hasTraceparent = true
    }

    private static func text(_ value: UnsafeRawBufferPointer) -> String { String(decoding: value, as: UTF8.self) }
}
