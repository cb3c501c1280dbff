package import NIOCore

/// The service that uses an event loop's connections; it decides what HTTP alone cannot.
///
/// Everything happens on the event loop.
package protocol HTTPConnectionDelegate: AnyObject {
    /// A header field, in lower case, whose presence the service needs to know.
    var markerField: StaticString { get }

    /// Finds the route of a request.
    func route(_ head: RequestHead) -> RequestRoute

    /// The route of bytes that could not be parsed as a request.
    var unreadable: RequestRoute { get }

    /// The error that a request gets before its body is read; nil if it is accepted.
    func objection(to head: RequestHead, on route: RequestRoute) -> HTTPError?

    /// Responds, now or later, to a request that was received completely.
    func respond(to exchange: consuming HTTPExchange, _ body: ByteBuffer)

    /// Responds at once with an error at the HTTP level.
    func respond(to exchange: HTTPExchange, _ error: HTTPError)

    /// A response is on its way.
    func responded(to request: IncomingRequest, _ status: ResponseStatus)

    /// A connection or a request was rejected because a limit is reached.
    func rejected(by limit: ConnectionLimit)

    /// The system reported an error; the connection closes.
    func connectionFailed(_ error: any Error)

    /// A client disconnected before it got all its responses.
    func clientHasGone()
}

/// What the service derives from a request's head.
package struct RequestRoute {
    /// The service's number for it; opaque to HTTP.
    package let index: Int
    /// What the service keeps of the target.
    package let detail: String?
    /// Whether monitoring sends it, so that it must get a response even when others are rejected.
    package let isProbe: Bool
    /// Whether a body of such a request would be read.
    package let readsBody: Bool

    package init(index: Int, detail: String?, isProbe: Bool, readsBody: Bool) {
        self.index = index
        self.detail = detail
        self.isProbe = isProbe
        self.readsBody = readsBody
    }
}

/// The limits that connections run into.
package enum ConnectionLimit {
    case connections, bufferedBytes
}
