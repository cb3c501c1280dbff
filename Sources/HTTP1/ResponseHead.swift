package import Bytes
import NIOCore

/// Header fields that a response has beyond those of every response; each begins with a line break.
///
/// A class, so that a response can carry one without an allocation.
package protocol ResponseFields: AnyObject {
    /// More than `writeFields` writes, in bytes.
    var maximumFieldBytes: Int { get }

    func writeFields(to output: inout ByteWriter)
}

/// A response's status line and headers, written as bytes in one go.
package struct ResponseHead {
    package let status: ResponseStatus
    package var allow: StaticString?
    package var retryAfter: StaticString?
    package var authenticate: StaticString?
    package var acceptEncoding: StaticString?
    /// Holds for this moment only, so no cache may keep it; a browser never takes it for another type either.
    package var isMomentary = false
    package var contentType: StaticString = "application/json"
    package var fields: (any ResponseFields)?

    package init(_ status: ResponseStatus, fields: (any ResponseFields)? = nil) {
        self.status = status
        self.fields = fields
    }

    /// A good response that holds for this moment only.
    package static var momentary: ResponseHead {
        var head = ResponseHead(.ok)
        head.isMomentary = true
        return head
    }

    /// More than `write` writes, in bytes.
    func maximumBytes(date: String) -> Int {
        512 + 2 * RequestID.maximumCount + date.utf8.count + contentType.utf8CodeUnitCount
            + (fields?.maximumFieldBytes ?? 0) + (allow?.utf8CodeUnitCount ?? 0)
    }

    /// Writes the head, up to and with the empty line.
    ///
    /// - Parameters:
    ///   - request: the request that this is the response to.
    ///   - keepAlive: whether the connection stays open.
    ///   - date: an IMF-fixdate (RFC 9110, section 5.6.7).
    ///   - length: the body's bytes, also where HEAD leaves the body out.
    func write(
        for request: IncomingRequest, keepAlive: Bool, date: String, length: Int, to output: inout ByteWriter
    ) {
        output.put(status.line)
        output.put("Date: ")
        output.put(date)
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
        Self.write("\r\nAllow: ", allow, to: &output)
        Self.write("\r\nRetry-After: ", retryAfter, to: &output)
        Self.write("\r\nWWW-Authenticate: ", authenticate, to: &output)
        Self.write("\r\nAccept-Encoding: ", acceptEncoding, to: &output)
        if isMomentary { output.put("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff") }
        if !keepAlive {
            output.put("\r\nConnection: close")
        } else if request.minorVersion == 0 {
            output.put("\r\nConnection: keep-alive")
        }
        output.put("\r\n\r\n")
    }

    private static func write(_ name: StaticString, _ value: StaticString?, to output: inout ByteWriter) {
        guard let value else { return }
        output.put(name)
        output.put(value)
    }
}
