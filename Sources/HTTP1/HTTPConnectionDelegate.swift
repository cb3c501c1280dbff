package import NIOCore

/// The service behind an event loop's connections: the questions that HTTP cannot answer itself.
///
/// Everything happens on the event loop.
package protocol HTTPConnectionDelegate: AnyObject {
    /// In lower case, a header field whose presence the service wants to know.
    var markerField: StaticString { get }

    /// Finds the route of a request.
    func route(_ head: RequestHead) -> RequestRoute

    /// The route of what could not be read as a request.
    var unreadable: RequestRoute { get }

    /// Why a request gets an error before its body is read; nil if it is welcome.
    func objection(to head: RequestHead, on route: RequestRoute) -> HTTPError?

    /// Responds, now or later, to a request that was received whole.
    func respond(to exchange: consuming HTTPExchange, _ body: ByteBuffer)

    /// Responds with an error of the wire's, at once.
    func respond(to exchange: HTTPExchange, _ error: HTTPError)

    /// A response is on its way.
    func responded(to request: IncomingRequest, _ status: ResponseStatus)

    /// A connection or its request was rejected, since a limit is reached.
    func rejected(by limit: ConnectionLimit)

    /// The system reported an error; the connection closes.
    func connectionFailed(_ error: any Error)

    /// A client has gone that was owed responses.
    func clientHasGone()
}

/// What the service makes of a request's head.
package struct RequestRoute {
    /// The service's number for it; opaque to HTTP.
    package let index: Int
    /// What the service keeps of the target.
    package let detail: String?
    /// Whether it is asked by those who watch over the server, and must be answered when others are rejected.
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
