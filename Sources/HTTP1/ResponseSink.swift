import NIOCore

/// Where the responses of one connection's exchanges go.
protocol ResponseSink: AnyObject {
    var eventLoop: any EventLoop { get }

    /// Whether the client may still read a response.
    var isConnected: Bool { get }

    /// Puts the response to a request in its place in the order; its bytes are sent at the end of the tick.
    func respond(to request: IncomingRequest, _ head: ResponseHead, _ body: ByteBuffer)
}
