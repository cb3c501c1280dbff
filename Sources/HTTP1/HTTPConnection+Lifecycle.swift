package import NIOCore

/// The connection's lifecycle: opening, writing at the end of a tick, and closing without losing a response.
extension HTTPConnection: ConnectionGroup.Member, Tick.Writer {
    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func channelActive(context: ChannelHandlerContext) {
        group.add(self)
        permits.acquire()
        state.use = permits.use
        state.wait(for: .request, now: now)
        if permits.use == .nothing { rejectForWantOfPermit() }
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        rejectUnfinishedRequest()
        group.remove(self)
        permits.releaseBuffer()
        permits.releaseConnection()
        self.context = nil
        // An unfinished exchange refers back to this connection.
        exchange = nil
        if state.order.outstanding > 0 { delegate.clientHasGone() }
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            rejectUnfinishedRequest()
            if state.endInput(hasOutput: output.readableBytes > 0) { endOutputWhenWritten() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client ended its side in the middle of a request, which still gets a response.
    private func rejectUnfinishedRequest() {
        if parser.isWithinRequest { reject(.malformed(parser.cut)) }
    }

    /// Writes the tick's responses; after the last one, ends our side.
    package func flush() {
        guard let context, output.readableBytes > 0 else { return readIfDue() }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        // Its memory is kept for the next response, unless it was a very large one.
        if output.capacity > Self.keptBytes { output = ByteBuffer() } else { output.clear() }
        if state.order.isFinished { endOutputWhenWritten() }
        readIfDue()
    }

    /// Ends our side once the kernel has taken all responses.
    private func endOutputWhenWritten() {
        guard let context else { return }
        state.endOutput(isStopping: group.isStopping, now: now)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.endOutput() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    /// Ends our side first, then reads until the client has ended its own.
    private func endOutput() {
        guard let context else { return }
        guard !state.hasInputEnded else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        readIfDue()
    }

    package var isIdle: Bool { output.readableBytes == 0 && state.isIdle(now: .now()) }

    /// Takes no more requests and closes once those under way have their responses.
    package func drain() {
        if state.drain(hasOutput: output.readableBytes > 0, now: now) { endOutputWhenWritten() }
    }

    /// Closes the connection, even with requests under way.
    package func close() { context?.close(promise: nil) }
}
