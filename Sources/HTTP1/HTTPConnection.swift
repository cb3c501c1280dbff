import Bytes
import Logging
import NIOCore
import ScoringLog

/// One client connection: request parts in, answers out in the requests' order, and an end that loses no answer.
///
/// What the bytes mean is said by `RequestParser`. Writing answers, their order and faults behind pending answers are
/// here; how a connection ends is in `HTTPConnection+End.swift`. Everything happens on the connection's event loop.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// A request of which the end was not seen yet.
    struct OpenRequest {
        let call: Call
        var body: RequestBody
        var isAnswered = false
    }

    let worker: Worker
    let parser = RequestParser()
    var context: ChannelHandlerContext?
    var order = AnswerOrder()
    var request: OpenRequest?
    /// Answers of this tick, written and flushed at its end.
    var output = ByteBuffer()
    /// A client that waits for `100 Continue`, until the answers before it have left.
    private var continueAwaited: UInt64?
    private(set) var isReadHeld = false
    /// What the channel says of itself, which costs more to ask for each read than to be told.
    private var isWritable = true
    var hasInputEnded = false
    var patience = ConnectionPatience()
    var share: ReplicaShare
    /// When the connection came; nil once it has brought a request.
    private var arrival: NIODeadline? = .now()

    init(_ worker: Worker) {
        self.worker = worker
        share = ReplicaShare(of: worker.replica)
    }

    /// Whether nothing is owed on either side, not even the rest of a head, or the request for which a new connection
    /// was opened a moment ago.
    var isIdle: Bool {
        isRestUnwanted && order.outstanding == 0 && output.readableBytes == 0 && patience.subject != .head
            && arrival.map { .now() - $0 > Self.firstRequest } ?? true
    }

    /// Whether nobody waits for what is still to come of a request.
    var isRestUnwanted: Bool { request?.isAnswered ?? true }

    /// The loop that all of it happens on.
    var eventLoop: any EventLoop { worker.eventLoop }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard takesRequests else { return }
        parser.take(unwrapInboundIn(data))
        while let part = parser.next() {
            switch part {
            case .head: if let head = parser.takeHead() { receive(head) }
            case .body(let bytes): receive(bytes)
            case .end: receiveEnd()
            case .fault(let fault): self.fault(HTTPError(fault))
            }
            guard takesRequests else { return parser.forgetAll() }
        }
    }

    /// Behind the last request that will be answered, and behind a fault, bytes are read and forgotten.
    private var takesRequests: Bool { order.isOpen || request != nil }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard takesRequests, parser.isWithinRequest else { return }
        // A part of a head may have come behind the end of another request, and more of a body behind a pause.
        if request == nil, patience.subject != .head { wait(for: .head) }
        if request != nil, patience.subject == .request { wait(for: .body) }
        request?.body.keep()
        countBufferedBytes()
    }

    private func receive(_ head: RequestHead) {
        let fields = head.fields
        let call = call(head)
        request = OpenRequest(call: call, body: RequestBody(limit: worker.maximumBodyBytes))
        arrival = nil
        if !call.keepAlive { order.close(after: call.position) }
        wait(for: .body)

        if let error = head.fault { return answerBeforeItsEnd(error) }
        guard share.place == .calls || call.route.isProbe else { return refuseForWantOfPlace() }
        guard worker.routes.mayPass(call, fields.authorization) else { return answerBeforeItsEnd(.unauthorized) }
        if let length = fields.contentLength, length > worker.maximumBodyBytes {
            answerBeforeItsEnd(.bodyTooLarge)
        } else if fields.expectsContinue, call.minorVersion >= 1 {
            let isReadable = call.bodyForm.error(on: call.route) == nil
            guard call.route.isPost, call.method == .post, isReadable else { return answerBeforeItsEnd(nil) }
            continueAwaited = call.position
            writeContinueIfDue()
        }
    }

    private func call(_ head: RequestHead) -> Call {
        let route = Route(target: head.target)
        let call = Call(
            connection: self, position: order.admit(), method: head.method, route: route,
            minorVersion: head.minorVersion, receivedAt: .now(),
            keepAlive: head.allowsAnother && !worker.isStopping && share.place == .calls,
            requestID: head.fields.requestID ?? worker.requestIDs.next(), traceparent: head.fields.traceparent)
        if route.speaksOpenInference { call.modelVersion = Route.modelVersion(in: head.target) }
        if route == .other { call.unknownTarget = UnknownTarget(head.target) }
        call.ifNoneMatch = head.fields.ifNoneMatch
        call.bodyForm = head.fields.bodyForm
        return call
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
        share.release()
        guard !ended.isAnswered else { return }
        wait(for: .nothing)
        worker.openTick()
        worker.routes.respond(to: ended.call, ended.body.bytes)
    }

    /// Answers a request that is still being sent; with nil, as its route would without a body.
    ///
    /// The client may or may not go on sending, so the connection cannot be used for another request.
    func answerBeforeItsEnd(_ error: HTTPError?) {
        guard let open = request, !open.isAnswered else { return }
        request?.isAnswered = true
        // Nothing reads it any more, however long the client takes to end.
        request?.body = RequestBody(limit: 0)
        parser.forgetAll()
        share.release()
        let call = open.call
        call.close()
        order.close(after: call.position)
        if let error {
            worker.routes.refuse(call, error)
        } else {
            worker.routes.respond(to: call, ByteBuffer())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        worker.logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    /// Answers what could not be understood, behind all answers that are owed for what came before it.
    func fault(_ error: HTTPError) {
        if request != nil { return answerBeforeItsEnd(error) }
        share.release()
        parser.forgetAll()
        guard order.isOpen else { return }
        let call = Call(
            connection: self, position: order.admit(), method: .get, route: .other, minorVersion: 1,
            receivedAt: .now(), keepAlive: false, requestID: worker.requestIDs.next())
        order.close(after: call.position)
        worker.routes.refuse(call, error)
    }

    // MARK: Answers

    /// Puts an answer in its place; its bytes leave at the end of the tick.
    func answer(_ call: Call, _ head: ResponseHead, _ body: ByteBuffer) {
        // The answer's time, in its head and in the log, is the tick's.
        worker.openTick()
        worker.metrics.answered(call.route, head.status, after: .now() - call.receivedAt)
        guard context != nil else { return }
        // The last answer of a server that stops says so, unless another request is on its way already.
        if worker.isStopping, request == nil, order.outstanding == 1 { order.close(after: call.position) }
        if order.isLast(call.position) { call.close() }
        worker.flushAtEndOfTick(self)
        if order.isNext(call.position) {
            write(call, head, body, to: &output)
            advance()
        } else {
            var parked = ByteBuffer()
            write(call, head, body, to: &parked)
            order.park(parked, at: call.position)
        }
    }

    private func write(_ call: Call, _ head: ResponseHead, _ body: ByteBuffer, to buffer: inout ByteBuffer) {
        let date = worker.wallClock.httpDate
        let roomNeeded = head.maximumBytes(date: date) + body.readableBytes
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: roomNeeded) { room in
            var output = ByteWriter(room)
            head.write(for: call, date: date, length: body.readableBytes, to: &output)
            if call.method != .head { body.withUnsafeReadableBytes { output.put($0) } }
            return output.count
        }
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
                && isWritable)
    }

    func read(context: ChannelHandlerContext) {
        isReadHeld = !mayRead
        if !isReadHeld { context.read() }
    }

    func readIfDue() {
        guard isReadHeld, mayRead else { return }
        isReadHeld = false
        context?.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        readIfDue()
        context.fireChannelWritabilityChanged()
    }

    /// How long the end waits for a new connection's first request.
    private static let firstRequest = TimeAmount.milliseconds(250)
    static let pipelinedRequests = 64
    private static let keptBytes = 64 << 10
}
