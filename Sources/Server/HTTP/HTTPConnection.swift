import Logging
import NIOCore
import NIOHTTP1
import ScoringLog

/// One client connection: request parts in, answers out in the requests' order, and an end that loses no answer.
///
/// HTTP parsing is NIO's. Writing answers, their order, faults behind pending answers and the ways to close are here.
/// Everything happens on the connection's event loop.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// A request of which the end was not seen yet.
    private struct OpenRequest {
        var call: Call
        var body: RequestBody
        var isAnswered = false
    }

    private let worker: Worker
    private var context: ChannelHandlerContext?
    private var order = AnswerOrder()
    private var request: OpenRequest?
    /// Answers of this tick, written and flushed at its end.
    private var output = ByteBuffer()
    /// A client that waits for `100 Continue`, until the answers before it have left.
    private var continueAwaited: UInt64?
    private var isReadHeld = false
    private var hasInputEnded = false
    private var patience = ConnectionPatience()
    /// Whether this read brought any part of a request, or only bytes of a head that is not complete.
    private var hasReadPart = false
    /// What is counted of this connection in the replica's limits.
    private var countedBytes = 0
    private var isCounted = false

    init(_ worker: Worker) { self.worker = worker }

    /// Whether nothing is owed on either side.
    var isIdle: Bool { request == nil && order.outstanding == 0 && output.readableBytes == 0 }

    /// The loop that all of it happens on.
    var eventLoop: any EventLoop { worker.eventLoop }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Behind the last request that will be answered, and behind a fault, bytes are read and forgotten.
        guard order.isOpen || request != nil else { return }
        hasReadPart = true
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head)
        case .body(let part): receive(part)
        case .end: receiveEnd()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if request != nil {
            countBufferedBytes()
        } else if !hasReadPart, order.isOpen, patience.subject != .head {
            wait(for: .head)
        }
        hasReadPart = false
        context.fireChannelReadComplete()
    }

    private func receive(_ head: HTTPRequestHead) {
        let fields = RequestFields(head.headers)
        // A client that asks for another protocol is answered in this one, and NIO reads nothing behind such a request.
        let mayPersist = head.method != .CONNECT && !fields.asksForUpgrade && !worker.isStopping
        let call = Call(
            connection: self, position: order.admit(), method: head.method, route: Route(target: head.uri),
            minorVersion: head.version.minor, receivedAt: .now(), keepAlive: head.isKeepAlive && mayPersist,
            requestID: fields.requestID ?? worker.requestIDs.next(), traceparent: fields.traceparent)
        request = OpenRequest(call: call, body: RequestBody(limit: worker.maximumBodyBytes))
        if !call.keepAlive { order.close(after: call.position) }
        wait(for: .body)

        guard worker.routes.mayPass(call, fields.authorization) else { return answerBeforeItsEnd(.unauthorized) }
        if let length = fields.contentLength, length > worker.maximumBodyBytes {
            answerBeforeItsEnd(.bodyTooLarge)
        } else if fields.expectsContinue, head.version.minor >= 1 {
            guard call.route.isPost, call.method == .POST else { return answerBeforeItsEnd(nil) }
            continueAwaited = call.position
            writeContinueIfDue()
        }
    }

    private func receive(_ part: ByteBuffer) {
        guard request?.isAnswered == false else { return }
        // A body that comes needs no invitation any more.
        continueAwaited = nil
        if request?.body.append(part) == false { answerBeforeItsEnd(.bodyTooLarge) }
    }

    private func receiveEnd() {
        guard let ended = request else { return }
        request = nil
        wait(for: .nothing)
        uncountBufferedBytes()
        worker.openTick()
        if !ended.isAnswered { worker.routes.respond(to: ended.call, ended.body.bytes) }
    }

    /// Answers a request that is still being sent; with nil, as its route would without a body.
    ///
    /// The client may or may not go on sending, so the connection cannot be used for another request.
    private func answerBeforeItsEnd(_ error: HTTPError?) {
        guard let open = request, !open.isAnswered else { return }
        request?.isAnswered = true
        let call = open.call.closing()
        order.close(after: call.position)
        if let error {
            worker.routes.refuse(call, error)
        } else {
            worker.routes.respond(to: call, ByteBuffer())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            fault(error == .headerOverflow ? .headTooLarge : .malformed)
        case is ByteToMessageDecoderError.PayloadTooLargeError:
            fault(.headTooLarge)
        case is ByteToMessageDecoderError:
            // More bytes behind a fault.
            break
        default:
            worker.logger.debug("connection failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    /// Answers what could not be understood, behind all answers that are owed for what came before it.
    private func fault(_ error: HTTPError) {
        if request != nil { return answerBeforeItsEnd(error) }
        guard order.isOpen else { return }
        let call = Call(
            connection: self, position: order.admit(), method: .GET, route: .other, minorVersion: 1,
            receivedAt: .now(), keepAlive: false, requestID: worker.requestIDs.next())
        order.close(after: call.position)
        worker.routes.refuse(call, error)
    }

    // MARK: Answers

    /// Puts an answer in its place; its bytes leave at the end of the tick.
    func answer(_ call: Call, _ head: ResponseHead, _ body: ByteBuffer) {
        worker.metrics.answered(call.route, head.status, after: .now() - call.receivedAt)
        guard context != nil else { return }
        // The last answer of a server that stops says so, unless another request is on its way already.
        if worker.isStopping, request == nil, order.outstanding == 1 { order.close(after: call.position) }
        let call = order.isLast(call.position) ? call.closing() : call
        if order.isNext(call.position) {
            write(call, head, body, to: &output)
            advance()
        } else {
            var parked = ByteBuffer()
            write(call, head, body, to: &parked)
            order.park(parked, at: call.position)
        }
        worker.flushAtEndOfTick(self)
    }

    private func write(_ call: Call, _ head: ResponseHead, _ body: ByteBuffer, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: ResponseHead.usualBytes + body.readableBytes)
        worker.wallClock.update()
        head.write(for: call, date: worker.wallClock.httpDate, length: body.readableBytes, to: &buffer)
        if call.method != .HEAD { buffer.writeImmutableBuffer(body) }
    }

    private func advance() {
        while let parked = order.advance() { output.writeImmutableBuffer(parked) }
        writeContinueIfDue()
        if order.outstanding == 0, patience.subject == .nothing { wait(for: .request) }
    }

    private func writeContinueIfDue() {
        guard let position = continueAwaited, order.isNext(position) else { return }
        continueAwaited = nil
        output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        worker.flushAtEndOfTick(self)
    }

    /// Writes the tick's answers; behind the last one, ends our side.
    func flush() {
        guard let context, output.readableBytes > 0 else { return readIfDue() }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        // Its memory is kept for the next answer, unless it was a very large one.
        if output.capacity > Self.keptBytes { output = ByteBuffer() } else { output.clear() }
        if order.isFinished { endOutputWhenWritten() }
        readIfDue()
    }

    // MARK: Reading on, and not

    /// A client that pipelines without end, or never reads its answers, is not read from.
    private var mayRead: Bool {
        patience.subject == .end
            || (order.outstanding < Self.pipelinedRequests && output.readableBytes < Self.keptBytes
                && context?.channel.isWritable == true)
    }

    func read(context: ChannelHandlerContext) {
        isReadHeld = !mayRead
        if !isReadHeld { context.read() }
    }

    private func readIfDue() {
        guard isReadHeld, mayRead else { return }
        isReadHeld = false
        context?.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readIfDue()
        context.fireChannelWritabilityChanged()
    }

    // MARK: Beginning and end

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        worker.opened(self)
        wait(for: .request)
        isCounted = worker.replica.connections.enter()
        if !isCounted {
            worker.metrics.rejected(.connections)
            fault(.saturated)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        worker.closed(self)
        if isCounted { worker.replica.connections.leave() }
        uncountBufferedBytes()
        self.context = nil
        // An unfinished request's call refers back to this connection.
        request = nil
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            hasInputEnded = true
            order.close()
            // What is owed is still answered.
            if order.outstanding == 0, output.readableBytes == 0 { endOutputWhenWritten() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Ends our side once the kernel has taken all answers.
    private func endOutputWhenWritten() {
        guard let context else { return }
        wait(for: .end)
        if !isCounted || (worker.isStopping && request == nil) { patience.hurry(now: worker.lastLook) }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.endOutput() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    /// Ends our side first and reads on until the client has ended its own: closing with unread bytes would make the
    /// kernel send a reset, and a reset can destroy the answer on its way.
    private func endOutput() {
        guard let context else { return }
        guard !hasInputEnded else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        readIfDue()
    }

    /// Takes no more requests once those under way are answered.
    func drain() {
        request?.call.keepAlive = false
        order.close()
        if patience.subject == .end {
            patience.hurry(now: worker.lastLook)
        } else if order.outstanding == 0, output.readableBytes == 0 {
            // Otherwise the end comes behind the answers that are still to be written.
            endOutputWhenWritten()
        }
    }

    /// Ends the connection whatever is under way.
    func close() { context?.close(promise: nil) }

    // MARK: Limits

    private func wait(for subject: ConnectionPatience.Subject) {
        patience.wait(for: subject, worker.timeouts, now: worker.lastLook)
    }

    /// Ends what has been waited for long enough; asked about several times a second.
    func closeIfOverdue(_ now: NIODeadline) {
        guard patience.isOver(now) else { return }
        switch patience.subject {
        case .nothing: break
        case .head: fault(.headTimeout)
        case .body: answerBeforeItsEnd(.bodyTimeout)
        // Nobody waits for anything here, or has read nothing for so long.
        case .request, .end: close()
        }
    }

    /// Counts what is kept of an incomplete request; over the replica's limit the request is refused.
    private func countBufferedBytes() {
        guard let open = request, !open.isAnswered else { return uncountBufferedBytes() }
        let more = open.body.bytes.readableBytes - countedBytes
        guard more > 0 else { return }
        if worker.replica.bufferedBytes.enter(more) {
            countedBytes += more
        } else {
            request?.body = RequestBody(limit: 0)
            uncountBufferedBytes()
            worker.metrics.rejected(.bufferedBytes)
            answerBeforeItsEnd(.saturated)
        }
    }

    private func uncountBufferedBytes() {
        guard countedBytes > 0 else { return }
        worker.replica.bufferedBytes.leave(countedBytes)
        countedBytes = 0
    }

    private static let pipelinedRequests = 64
    private static let keptBytes = 64 << 10
}
