import NIOCore

// MARK: Replies

extension RedisConnectionState {
    /// A reply has arrived. Nil: nothing to do.
    mutating func received(_ reply: RESPReply) -> ReplyAction? {
        guard phase != .closing, phase != .closed else { return nil }
        guard owedReplies > 0, let command = commands.first else {
            return violation("a reply that nothing asked for")
        }
        switch command.purpose {
        case .handshake(let step): return received(reply, to: step)
        case .lookup(let waiter, let byteCount, let redirects):
            return received(reply, upTo: byteCount, for: waiter, redirects, command.deadline)
        case .store(let number, let redirects): return received(reply, ofStore: number, redirects, command.deadline)
        // The command after it has a reply of its own, which is the one that counts.
        case .asking: return received(reply, expecting: "OK") { _ in nil }
        case .keepAlive: return received(reply, expecting: "PONG") { _ in nil }
        case .probe(let kind): return received(reply) { .probed(kind, $0) }
        case .authentication: return received(reply, expecting: "OK") { .authenticated($0.map(RedisError.auth)) }
        }
    }

    /// The remaining bytes cannot be parsed as replies.
    mutating func malformed(_ text: String) -> Ending? {
        end(.protocolViolation(text))
    }

    /// This many bytes of an incomplete reply have arrived.
    mutating func undelivered(_ byteCount: Int) -> Ending? {
        byteCount > undeliveredLimit ? end(.protocolViolation("a reply longer than any that was due")) : nil
    }

    /// An incomplete reply can only belong to the oldest command: that command's longest reply, or an error line.
    private var undeliveredLimit: Int {
        guard owedReplies > 0, let command = commands.first else { return 0 }
        let lineBytes = 1024
        if case .lookup(_, let byteCount, _) = command.purpose {
            return byteCount.addingReportingOverflow(lineBytes).overflow ? byteCount : byteCount + lineBytes
        }
        return lineBytes
    }

    private mutating func received(_ reply: RESPReply, to step: RedisHandshakeStep) -> ReplyAction? {
        if case .probe(let kind) = step {
            if let answer = RedisProbeAnswer(reply) { probes.append((kind, answer)) }
            return received(reply) { _ in nil }
        }
        switch reply {
        case .status(let text) where text.equals(step == .ping ? "PONG" : "OK"):
            commands.removeFirst()
            guard step == .ping else { return nil }
            phase = .ready
            return .becomeReady
        case .error(let text):
            let error = step.error(for: text.printableLine, database: database)
            return end(error).map { .end($0) }
        case .status, .string, .null, .unexpected:
            return violation("a wrong reply to the handshake")
        }
    }

    private mutating func received(
        _ reply: RESPReply, _ action: (RedisProbeAnswer) -> ReplyAction?
    ) -> ReplyAction? {
        guard let answer = RedisProbeAnswer(reply) else { return violation("a wrong reply to a probe") }
        commands.removeFirst()
        return action(answer)
    }

    private mutating func received(
        _ reply: RESPReply, upTo byteCount: Int, for waiter: Waiter, _ redirects: Int, _ deadline: NIODeadline
    ) -> ReplyAction? {
        let lookup: RedisLookup
        switch reply {
        case .string(let value) where value.readableBytes > byteCount:
            return violation("a value longer than was asked for")
        case .string(let value): lookup = value.readableBytes > 0 ? .value(value) : .missing
        case .null: lookup = .missing
        case .error(let text):
            if let redirect = RedisRedirect(text) {
                return follow(redirect, text, .lookup(waiter, upTo: byteCount), redirects, deadline)
            }
            lookup = .failed(.errorReply(text.printableLine))
        case .status, .unexpected: return violation("a wrong type of reply to a look-up")
        }
        commands.removeFirst()
        hasAnswered = true
        return .answer(waiter, lookup)
    }

    private mutating func received(
        _ reply: RESPReply, ofStore number: Int, _ redirects: Int, _ deadline: NIODeadline
    ) -> ReplyAction? {
        let error: RedisError?
        switch reply {
        case .status(let text) where text.equals("OK"): error = nil
        case .error(let text):
            if let redirect = RedisRedirect(text) { return follow(redirect, text, .store(number), redirects, deadline) }
            error = .errorReply(text.printableLine)
        case .status, .string, .null, .unexpected: return violation("a wrong reply to a store")
        }
        commands.removeFirst()
        hasAnswered = true
        return .settleStore(number, error)
    }

    /// A reply that must be a certain status or an error; neither changes anything for other commands.
    private mutating func received(
        _ reply: RESPReply, expecting status: StaticString, _ action: (_ error: String?) -> ReplyAction?
    ) -> ReplyAction? {
        let error: String?
        switch reply {
        case .status(let text) where text.equals(status): error = nil
        case .error(let text): error = text.printableLine
        case .status, .string, .null, .unexpected: return violation("a reply other than \(status)")
        }
        commands.removeFirst()
        hasAnswered = true
        return action(error)
    }

    private mutating func follow(
        _ redirect: RedisRedirect, _ text: ByteBuffer, _ command: Redirected.Command, _ redirects: Int,
        _ deadline: NIODeadline
    ) -> ReplyAction? {
        commands.removeFirst()
        hasAnswered = true
        return .redirect(
            Redirected(
                command: command, redirect: redirect, line: text.printableLine, redirects: redirects,
                deadline: deadline))
    }

    private mutating func violation(_ text: String) -> ReplyAction? {
        end(.protocolViolation(text)).map { .end($0) }
    }
}

// MARK: Endings

extension RedisConnectionState {
    /// The connection is no longer wanted.
    mutating func close() -> Ending? {
        end(.closed)
    }

    /// Reading, writing or the security layer failed.
    mutating func transportFailed(_ text: String, now: NIODeadline) -> Ending? {
        end(.connect(text), isIdleClose: isIdle(now: now))
    }

    /// The channel is closed, by either side.
    mutating func channelClosed(now: NIODeadline) -> Ending? {
        let ending = end(.connect("closed by the server"), isIdleClose: isIdle(now: now))
        phase = .closed
        return ending
    }

    mutating func end(_ error: RedisError, isIdleClose: Bool = false) -> Ending? {
        guard phase != .closing, phase != .closed else { return nil }
        phase = .closing
        armedFor = nil
        unsent = 0
        var waiters: [Waiter] = []
        var lostStores: [Int] = []
        for command in commands {
            switch command.purpose {
            case .handshake, .asking, .keepAlive, .authentication, .probe: break
            case .lookup(let waiter, _, _): waiters.append(waiter)
            case .store(let number, _): lostStores.append(number)
            }
        }
        commands.removeAll()
        return Ending(error: error, waiters: waiters, lostStores: lostStores, isIdleClose: isIdleClose)
    }
}

extension RedisProbeAnswer {
    /// Nil for a reply that fits neither a look-up nor a store.
    fileprivate init?(_ reply: RESPReply) {
        switch reply {
        case .error(let text): self = RedisRedirect(text) == nil ? .refused(text.printableLine) : .elsewhere
        case .status, .string, .null: self = .accepted
        case .unexpected: return nil
        }
    }
}

extension RedisHandshakeStep {
    /// A server may refuse AUTH for reasons unrelated to the password.
    fileprivate func error(for line: String, database: Int) -> RedisError {
        if self == .select, line.contains("cluster mode") { return .clusterDatabase(database) }
        if line.hasPrefix("NOPERM"), self == .ping || self == .select {
            let name = self == .ping ? "+ping" : "+select"
            return .unusable("its user needs \(name) (ACL SETUSER USER \(name)): \(line)")
        }
        let passing = ["LOADING", "MASTERDOWN", "BUSY", "DENIED", "ERR max number of clients"]
        let refusing = ["NOAUTH", "WRONGPASS", "NOPERM"]
        let concernsPassword =
            self == .authenticate ? !passing.contains(where: line.hasPrefix) : refusing.contains(where: line.hasPrefix)
        return concernsPassword ? .auth(line) : .errorReply(line)
    }
}
