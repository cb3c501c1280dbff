import Bytes
import Digests
import HTTP1
import NIOCore
import Platform

/// A text that is the same for every client and request, with its header fields.
final class Page: Sendable, ResponseFields {
    let body: ByteBuffer
    /// Header fields, each beginning with a line break.
    private let fields: String
    private let contentType: StaticString
    private let entityTag: String

    /// - Parameter policy: what a browser may do with it; nil if it is not a document.
    init(_ text: String, _ contentType: StaticString, policy: String? = nil) {
        body = ByteBuffer(string: text)
        self.contentType = contentType
        entityTag = "\"\(Data(SHA256.hash(text.utf8).bytes.prefix(12)).base64EncodedString())\""
        // A browser asks each time, so that a new release shows at once; an unchanged page is not sent again.
        fields =
            "\r\nETag: \(entityTag)\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff"
            + (policy.map { "\r\nContent-Security-Policy: \($0)\r\nReferrer-Policy: no-referrer" } ?? "")
    }

    /// Sends the page, or that the caller has it already (RFC 9110, section 13.1.2).
    func respond(_ exchange: HTTPExchange) {
        let isKnown = exchange.ifNoneMatch.map(matches) ?? false
        var head = ResponseHead(isKnown ? .notModified : .ok, fields: self)
        head.contentType = contentType
        exchange.respond(head, isKnown ? ByteBuffer() : body)
    }

    var maximumFieldBytes: Int { fields.utf8.count }

    func writeFields(to output: inout ByteWriter) { output.put(text: fields) }

    /// A weak comparison: a proxy that compresses marks the tag as weak.
    private func matches(_ tags: String) -> Bool {
        guard tags != "*" else { return true }
        return tags.split(separator: ",").contains { tag in
            let tag = tag.trimming(while: \.isWhitespace)
            return tag == entityTag || tag == "W/" + entityTag
        }
    }
}
