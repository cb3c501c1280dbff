import NIOHTTP1
import ScoringLog

/// The header fields that the service acts on, found in one pass.
struct RequestFields {
    /// As large as an Int can be, if it is larger than that.
    private(set) var contentLength: Int?
    private(set) var expectsContinue = false
    /// The client would rather speak another protocol.
    private(set) var asksForUpgrade = false
    /// The caller's name for the call: the first valid `X-Ms-Request-Id`, else the first valid `X-Request-Id`.
    private(set) var requestID: RequestID?
    /// The `Authorization` header's value; empty if there are several, of which none can be the right one.
    private(set) var authorization: String?
    /// How many `Host` headers there are.
    private var hosts = 0
    private var areHostsValid = true
    private(set) var transferCoding = TransferCoding.none
    private(set) var bodyForm = BodyForm.json
    /// The caller's trace context; nil unless there is one, and only one.
    private(set) var traceparent: String?
    /// The `If-None-Match` header's value, of which a page's answer may be left out.
    private(set) var ifNoneMatch: String?
    private var hasTraceparent = false

    /// What `Transfer-Encoding` says: the parser takes every list that ends in `chunked`, and passes over an empty one.
    enum TransferCoding { case none, chunked, other }

    init(_ fields: HTTPHeaders) {
        var second: RequestID?
        for (name, value) in fields {
            // Names differ in length, but for two, so that a field is compared with one name as a rule.
            switch name.utf8.count {
            case 4 where Self.isName(name, "host"):
                hosts += 1
                areHostsValid = areHostsValid && HostField.isValid(Self.trimmed(value))
            case 6 where Self.isName(name, "expect"):
                expectsContinue = expectsContinue || Self.isName(Self.trimmed(value), "100-continue")
            case 7 where Self.isName(name, "upgrade"): asksForUpgrade = true
            case 11 where Self.isName(name, "traceparent"): take(traceparent: Self.trimmed(value))
            case 12 where Self.isName(name, "x-request-id"): second = second ?? RequestID(Self.trimmed(value))
            case 13 where Self.isName(name, "authorization"): authorization = authorization == nil ? value : ""
            case 13 where Self.isName(name, "if-none-match"): ifNoneMatch = value
            case 14 where Self.isName(name, "content-length"):
                contentLength = UInt64(Self.trimmed(value)).map { Int(clamping: $0) }
            case 15 where Self.isName(name, "x-ms-request-id"): requestID = requestID ?? RequestID(Self.trimmed(value))
            case 16 where Self.isName(name, "content-encoding"): take(contentCoding: Self.trimmed(value))
            case 17 where Self.isName(name, "transfer-encoding"):
                let isOnlyChunked = transferCoding == .none && Self.isName(Self.trimmed(value), "chunked")
                transferCoding = isOnlyChunked ? .chunked : .other
            case 31 where Self.isName(name, "inference-header-content-length"):
                if bodyForm == .json { bodyForm = .binaryTensors }
            default: break
            }
        }
        requestID = requestID ?? second
    }

    /// What makes it no request of HTTP, whatever it asks for.
    func fault(minorVersion: Int) -> HTTPError? {
        guard hosts == 1 || (minorVersion == 0 && hosts == 0) else { return .oneHostNeeded }
        guard areHostsValid else { return .invalidHost }
        return transferCoding == .other ? .unknownTransferCoding : nil
    }

    private mutating func take(contentCoding value: Substring) {
        if !value.isEmpty, !Self.isName(value, "identity") { bodyForm = .coded }
    }

    /// Of two parents none can be told to be the right one.
    private mutating func take(traceparent value: Substring) {
        traceparent = hasTraceparent ? nil : TraceContext.parse(value)
        hasTraceparent = true
    }

    /// RFC 9110, section 5.5: white space around a value is no part of it. The parser leaves what is behind it in place.
    private static func trimmed(_ value: String) -> Substring {
        var value = value[...]
        while let last = value.utf8.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        return value
    }

    /// Compares as field names are compared: letters in either case.
    private static func isName(_ text: some StringProtocol, _ lowercased: StaticString) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { sent in
            guard sent.count == lowercased.utf8CodeUnitCount else { return false }
            for index in sent.indices {
                let (byte, expected) = (sent[index], lowercased.utf8Start[index])
                guard byte == expected || (byte | 0x20 == expected && (0x41...0x5A).contains(byte)) else {
                    return false
                }
            }
            return true
        } ?? false
    }
}
