import NIOCore

/// How a connection begins, what it is waited for, and the ways in which it ends without losing an answer.
extension HTTPConnection {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        worker.opened(self)
        share.takePlace()
        wait(for: .request)
        if share.place == .none { refuseForWantOfPlace() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        endInput()
        worker.closed(self)
        share.end()
        self.context = nil
        // An unfinished request's call refers back to this connection.
        request = nil
        if order.outstanding > 0 { worker.refuseAbandonedCalls() }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            hasInputEnded = true
            endInput()
            order.close()
            // What is owed is still answered.
            if order.outstanding == 0, output.readableBytes == 0 { endOutputWhenWritten() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Answers a request of which the rest will not come.
    private func endInput() {
        if parser.isWithinRequest { fault(.malformed) }
    }

    /// Ends our side once the kernel has taken all answers.
    func endOutputWhenWritten() {
        guard let context else { return }
        wait(for: .end)
        if worker.isStopping, isRestUnwanted { patience.hurry(now: worker.patienceTime) }
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
        request?.call.close()
        order.close()
        if patience.subject == .end {
            patience.hurry(now: worker.patienceTime)
        } else if order.outstanding == 0, output.readableBytes == 0 {
            // Otherwise the end comes behind the answers that are still to be written.
            endOutputWhenWritten()
        }
    }

    /// Ends the connection whatever is under way.
    func close() { context?.close(promise: nil) }

    // MARK: Limits

    func wait(for subject: ConnectionPatience.Subject) {
        // A little late rather than early: so much may have been waited since the clock last went on.
        patience.wait(for: subject, worker.timeouts, now: worker.patienceTime + Worker.patienceStep)
        // Others wait to be told that there is no place.
        if share.place != .calls { patience.hurry(now: worker.patienceTime) }
    }

    /// Tells the client that there are as many connections as may be; a probe's place is free for the next one at once.
    func refuseForWantOfPlace() {
        worker.metrics.rejected(.connections)
        share.leavePlace()
        fault(.saturated)
    }

    /// Ends what has been waited for long enough; asked about several times a second.
    func closeIfOverdue(_ now: NIODeadline) {
        guard patience.isOver(now) else { return }
        switch patience.subject {
        case .nothing: break
        // Its rest is not read before calls are answered.
        case .head where order.outstanding >= Self.pipelinedRequests: wait(for: .head)
        // Nor before answers are read.
        case .head where isReadHeld, .body where isReadHeld: wait(for: .request)
        case .head: fault(.headTimeout)
        case .body: answerBeforeItsEnd(.bodyTimeout)
        case .request where share.place == .probe: refuseForWantOfPlace()
        // Nobody waits for anything here, or has read nothing for so long.
        case .request, .end: close()
        }
    }

    /// Counts what is kept of an incomplete request; over the replica's limit the request is refused.
    func countBufferedBytes() {
        guard request?.isAnswered != true else { return share.release() }
        let requestBytes = request.map { $0.body.bytes.readableBytes + $0.call.keptBytes } ?? 0
        guard !share.keep(parser.keptBytes + requestBytes) else { return }
        worker.metrics.rejected(.bufferedBytes)
        fault(.saturated)
    }
}
