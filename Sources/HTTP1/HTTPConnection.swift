import Bytes
package import NIOCore

/// One client connection: bytes in, responses out in the requests' order, and an end that loses no response.
///
///     channelRead → RequestParser → HTTPConnectionState → delegate.respond ⋯ respond(to:) → output → flush, once a tick
///
/// `RequestParser` interprets the bytes and `HTTPConnectionState` decides; its invariants hold for the whole. This
/// class owns the channel, the output and the permits. `HTTPConnection+Lifecycle.swift` has how a connection opens and
/// closes. Everything happens on the connection's event loop.
///
/// 1. `exchange` is the request that is being received, with its `body`; both end with it.
/// 2. After each read, `permits` accounts for all bytes that have been received and not yet responded to.
/// 3. `output` holds the responses of this tick; it is written and flushed at the tick's end, in one write.
package final class HTTPConnection: ChannelDuplexHandler, ResponseSink {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = Never
    package typealias OutboundOut = ByteBuffer

    let group: ConnectionGroup
    let delegate: any HTTPConnectionDelegate
    let parser: RequestParser
    var state: HTTPConnectionState
    var permits: ConnectionPermits
    var context: ChannelHandlerContext?
    var exchange: HTTPExchange?
    var output = ByteBuffer()
    private var body: RequestBody
    private var isReadHeld = false
    /// As last reported by the channel: asking at each read would cost more.
    private var isWritable = true

    /// To be made on the connection's event loop, which is the group's.
    package init(in group: ConnectionGroup, _ delegate: any HTTPConnectionDelegate) {
        self.group = group
        self.delegate = delegate
        parser = RequestParser(markerField: delegate.markerField)
        state = HTTPConnectionState(group.settings.timeouts, openedAt: .now())
        permits = ConnectionPermits(of: group.limits)
        body = RequestBody(limit: group.settings.maximumBodyBytes)
    }

    package var eventLoop: any EventLoop { group.eventLoop }

    var isConnected: Bool { context != nil }

    /// The time that client time-outs are measured by.
    var now: NIODeadline { group.clientClock.now }

    // MARK: Requests

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state.takesRequests else { return }
        parser.take(unwrapInboundIn(data))
        while let event = parser.next() {
            switch event {
            case .head: receiveHead()
            case .body(let bytes): receive(bytes)
            case .end: receiveEnd()
            case .failed(let failure): reject(HTTPError(failure))
            }
            guard state.takesRequests else { return parser.stop() }
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        guard state.takesRequests, parser.isWithinRequest else { return }
        state.completeRead(now: now)
        body.detach()
        accountForBuffer()
    }

    private func receiveHead() {
        guard let head = parser.takeHead() else { return }
        let route = delegate.route(head)
        let keepAlive = head.allowsAnother && !group.isStopping && permits.use == .requests
        exchange = HTTPExchange(
            IncomingRequest(
                head, at: state.receiveHead(keepAlive: keepAlive, now: now), receivedAt: .now(), route: route.index,
                orID: group.makeRequestID()),
            head.fields, routeDetail: route.detail, on: self)

        if let defect = head.defect { return answerEarly(HTTPError(defect)) }
        guard permits.use == .requests || route.isProbe else { return rejectForWantOfPermit() }
        if let objection = delegate.objection(to: head, on: route) { return answerEarly(objection) }
        if let length = head.fields.contentLength, length > group.settings.maximumBodyBytes {
            answerEarly(.bodyTooLarge(length, limit: group.settings.maximumBodyBytes))
        } else if head.fields.expectsContinue, head.minorVersion >= 1 {
            guard route.readsBody else { return answerEarly(nil) }
            state.expectContinue()
            writeContinueIfDue()
        }
    }

    private func receive(_ part: ByteBuffer) {
        guard state.isRestWanted else { return }
        state.receiveBody()
        guard !body.append(part) else { return }
        answerEarly(.bodyGrewTooLarge(body.bytes.readableBytes + part.readableBytes, limit: body.limit))
    }

    private func receiveEnd() {
        let received = body.bytes
        forgetBody()
        guard state.receiveEnd(now: now), let ended = exchange.take() else { return }
        group.tick.open()
        delegate.respond(to: ended, received)
    }

    private func forgetBody() {
        body = RequestBody(limit: group.settings.maximumBodyBytes)
        permits.releaseBuffer()
    }

    /// Responds to the request that is still being received; with nil, as its route would without a body.
    func answerEarly(_ error: HTTPError?) {
        guard state.answerEarly(), let answered = exchange.take() else { return }
        // Nothing reads the rest, however long the client takes to send it.
        forgetBody()
        parser.stop()
        if let error {
            delegate.respond(to: answered, error)
        } else {
            delegate.respond(to: answered, ByteBuffer())
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        delegate.connectionFailed(error)
        context.close(promise: nil)
    }

    /// Responds to bytes that cannot be parsed, after all responses that are owed for requests before them.
    func reject(_ error: HTTPError) {
        guard !state.isReceiving else { return answerEarly(error) }
        permits.releaseBuffer()
        parser.stop()
        guard let position = state.receiveNonsense() else { return }
        let route = delegate.unreadable
        let request = IncomingRequest(
            unreadableAt: position, receivedAt: .now(), route: route.index, id: group.makeRequestID())
        delegate.respond(to: HTTPExchange(request, RequestFields(), routeDetail: route.detail, on: self), error)
    }

    // MARK: Responses

    func respond(to request: IncomingRequest, _ head: ResponseHead, _ body: ByteBuffer) {
        // The response's time, in its head and in the log, is the tick's.
        group.tick.open()
        delegate.responded(to: request, head.status)
        guard isConnected else { return }
        let (isNext, keepAlive) = state.respond(to: request.position, isStopping: group.isStopping)
        group.tick.flush(self)
        if isNext {
            write(head, body, for: request, keepAlive: keepAlive, to: &output)
            while let parked = state.advance(now: now) { output.writeImmutableBuffer(parked) }
            writeContinueIfDue()
        } else {
            var parked = ByteBuffer()
            write(head, body, for: request, keepAlive: keepAlive, to: &parked)
            state.park(parked, at: request.position)
        }
    }

    private func write(
        _ head: ResponseHead, _ body: ByteBuffer, for request: IncomingRequest, keepAlive: Bool,
        to buffer: inout ByteBuffer
    ) {
        let date = group.tick.clock.httpDate
        let roomNeeded = head.maximumBytes(date: date) + body.readableBytes
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: roomNeeded) { room in
            var output = ByteWriter(room)
            head.write(
                for: request, keepAlive: keepAlive ? group.settings.keepAliveFields : nil, date: date,
                length: body.readableBytes, to: &output)
            if request.method != .head { body.withUnsafeReadableBytes { output.put($0) } }
            return output.count
        }
    }

    private func writeContinueIfDue() {
        guard state.takeContinue() else { return }
        output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        group.tick.flush(self)
    }

    // MARK: Reading on, and not

    private var mayRead: Bool {
        state.mayRead(hasRoom: output.readableBytes < Self.keptBytes && isWritable)
    }

    package func read(context: ChannelHandlerContext) {
        isReadHeld = !mayRead
        if !isReadHeld { context.read() }
    }

    func readIfDue() {
        guard isReadHeld, mayRead else { return }
        isReadHeld = false
        context?.read()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        readIfDue()
        context.fireChannelWritabilityChanged()
    }

    // MARK: Limits

    /// Responds that the limit of connections is reached, and releases a probe's permit at once.
    func rejectForWantOfPermit() {
        delegate.rejected(by: .connections)
        permits.releaseConnection()
        state.use = .nothing
        reject(.saturated)
    }

    /// Accounts for the kept bytes of an incomplete request; beyond the process's limit the request is rejected.
    private func accountForBuffer() {
        guard !state.isReceiving || state.isRestWanted else { return permits.releaseBuffer() }
        let requestBytes = exchange.map { body.bytes.readableBytes + $0.keptBytes } ?? 0
        guard !permits.buffer(parser.keptBytes + requestBytes) else { return }
        delegate.rejected(by: .bufferedBytes)
        reject(.saturated)
    }

    /// Acts on a client that has taken too long; called several times a second.
    package func closeIfOverdue(_ now: NIODeadline) {
        switch state.overdue(isReadHeld: isReadHeld, now: now) {
        case .nothing: break
        case .headTimeout: reject(.headTimeout)
        case .bodyTimeout: answerEarly(.bodyTimeout)
        case .noPlace: rejectForWantOfPermit()
        case .close: close()
        }
    }

    /// Output memory above this size is not kept for later responses; output beyond it pauses reading.
    static let keptBytes = 64 << 10
}
