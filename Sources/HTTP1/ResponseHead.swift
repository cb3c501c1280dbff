package import Bytes
import NIOCore

/// Header fields that a response has in addition to those of every response; each begins with a line break.
///
/// A class, so that a response can carry one without an allocation.
package protocol ResponseFields: AnyObject {
    /// An upper bound in bytes of what `writeFields` writes.
    var maximumFieldBytes: Int { get }

    func writeFields(to output: inout ByteWriter)
}

/// A response's status line and headers, written as bytes in one go.
package struct ResponseHead {
    package let status: ResponseStatus
    /// A field that this response needs in addition to the usual ones.
    package var field: HeaderField?
    /// Valid for this moment only: no cache may keep it, and no browser may guess another type.
    package var isMomentary = false
    package var contentType: StaticString = "application/json"
    package var fields: (any ResponseFields)?

    package init(_ status: ResponseStatus, fields: (any ResponseFields)? = nil) {
        self.status = status
        self.fields = fields
    }

    /// A 200 that is valid for this moment only.
    package static var momentary: ResponseHead {
        var head = ResponseHead(.ok)
        head.isMomentary = true
        return head
    }

    /// An upper bound in bytes of what `write` writes.
    func maximumBytes(date: String) -> Int {
        512 + 2 * RequestID.maximumCount + date.utf8.count + contentType.utf8CodeUnitCount
            + (fields?.maximumFieldBytes ?? 0) + (field?.byteCount ?? 0)
    }

    /// Writes the head, including the empty line.
    ///
    /// - Parameters:
    ///   - request: the request that this responds to.
    ///   - keepAlive: the fields of a connection that stays open; nil if it closes.
    ///   - date: an IMF-fixdate (RFC 9110, section 5.6.7).
    ///   - length: the body's bytes, also where HEAD leaves the body out.
    func write(
        for request: IncomingRequest, keepAlive: String?, date: String, length: Int, to output: inout ByteWriter
    ) {
        output.put(status.line)
        output.put("Date: ")
        output.put(text: date)
        if status != .noContent, status != .notModified {
            output.put("\r\nContent-Type: ")
            output.put(contentType)
            output.put("\r\nContent-Length: ")
            output.put(length)
        }
        request.id.withUnsafeBytes { id in
            output.put("\r\nX-Ms-Request-Id: ")
            output.put(id)
            output.put("\r\nX-Request-Id: ")
            output.put(id)
        }
        fields?.writeFields(to: &output)
        field?.write(to: &output)
        if isMomentary { output.put("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff") }
        if let keepAlive { output.put(text: keepAlive) } else { output.put("\r\nConnection: close") }
        output.put("\r\n\r\n")
    }
}

/// One header field made of literals.
package struct HeaderField: Sendable {
    /// With the line break before it and the colon after it.
    private let name: StaticString
    private let value: StaticString

    package static func allow(_ methods: StaticString) -> HeaderField {
        HeaderField(name: "\r\nAllow: ", value: methods)
    }

    package static let retryInASecond = HeaderField(name: "\r\nRetry-After: ", value: "1")
    package static let bearerKeyNeeded = HeaderField(name: "\r\nWWW-Authenticate: ", value: "Bearer")
    package static let uncodedBodyNeeded = HeaderField(name: "\r\nAccept-Encoding: ", value: "identity")

    var byteCount: Int { name.utf8CodeUnitCount + value.utf8CodeUnitCount }

    func write(to output: inout ByteWriter) {
        output.put(name)
        output.put(value)
    }
}
