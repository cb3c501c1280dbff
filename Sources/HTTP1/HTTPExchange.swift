import Bytes
package import NIOCore

/// One request, and the response to it.
///
/// A value that moves from the connection, which keeps it while the body arrives, to the service. Everything happens on
/// the connection's event loop.
package struct HTTPExchange {
    package let request: IncomingRequest
    /// What the service keeps of the target; opaque to HTTP.
    package let routeDetail: String?
    /// The caller's trace context, in W3C's form.
    package let traceparent: String?
    /// The versions of a page that the caller has already: the values of `If-None-Match` headers.
    package let ifNoneMatch: String?
    /// Whether the body has a `Content-Encoding`.
    package let isBodyCoded: Bool
    /// Whether the service's marker field was sent.
    package let hasMarker: Bool
    private let connection: any ResponseSink

    /// The exchange of a request whose head has arrived.
    init(_ request: IncomingRequest, _ fields: RequestFields, routeDetail: String?, on connection: any ResponseSink) {
        self.request = request
        self.routeDetail = routeDetail
        self.connection = connection
        traceparent = fields.traceparent
        ifNoneMatch = fields.ifNoneMatch
        isBodyCoded = fields.isBodyCoded
        hasMarker = fields.hasMarker
    }

    /// The event loop that everything happens on.
    package var eventLoop: any EventLoop { connection.eventLoop }

    /// Whether the client has gone, so that nothing can be sent to it any more.
    package var isAbandoned: Bool { !connection.isConnected }

    /// The kept parts of the head that may be long, in bytes.
    var keptBytes: Int { (ifNoneMatch?.utf8.count ?? 0) + (routeDetail?.utf8.count ?? 0) }

    /// Sends the response; call it once. Bytes are written at the end of the event loop's tick.
    package func respond(_ head: ResponseHead, _ body: ByteBuffer) { connection.respond(to: request, head, body) }
}
