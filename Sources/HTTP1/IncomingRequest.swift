package import Bytes
package import NIOCore

/// The part of a request that its response depends on, and that outlives its head and body.
package struct IncomingRequest {
    /// Its place in the order of responses on its connection.
    let position: UInt64
    package let method: HTTPMethod
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    package let minorVersion: Int
    /// When the head had arrived completely.
    package let receivedAt: NIODeadline
    /// The caller's id, else one of ours.
    package let id: RequestID
    /// The service's number for the route; opaque to HTTP.
    package let route: Int
    /// The caller's trace, if it records one.
    package let trace: TraceID?

    /// - Parameter id: the id for a caller that sends none.
    init(
        _ head: RequestHead, at position: UInt64, receivedAt: NIODeadline, route: Int,
        orID id: @autoclosure () -> RequestID
    ) {
        self.position = position
        self.receivedAt = receivedAt
        self.route = route
        method = head.method
        minorVersion = head.minorVersion
        self.id = head.fields.requestID ?? id()
        trace = head.fields.traceparent.flatMap(TraceID.init(sampledIn:))
    }

    /// A request that could not be parsed, and still gets a response.
    init(unreadableAt position: UInt64, receivedAt: NIODeadline, route: Int, id: RequestID) {
        self.position = position
        self.receivedAt = receivedAt
        self.route = route
        self.id = id
        (method, minorVersion, trace) = (.get, 1, nil)
    }
}
