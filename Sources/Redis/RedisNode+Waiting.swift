// MARK: Commands that may wait

extension RedisNode {
    /// Sends a command now, or once the connection has been made; a command that cannot be sent fails.
    ///
    /// A look-up that waits must have a deadline of its own.
    func send(_ command: Redirected.Command, redirects: Int = 0, asking: Bool = false) {
        if let connection, connection.isReady {
            write(Waiting(command: command, redirects: redirects, asking: asking), to: connection)
        } else if mayWait, closing == nil, waiting.count < connector.configuration.maximumOutstandingCommands {
            waiting.append(Waiting(command: command, redirects: redirects, asking: asking))
        } else {
            fail(command, .notReady)
        }
    }

    private func write(_ waiting: Waiting, to connection: RedisChannelHandler) {
        switch waiting.command {
        case .lookup(let request, let byteCount):
            request.withKey { key in
                connection.getRange(
                    key: key, upTo: byteCount, request, redirects: waiting.redirects, asking: waiting.asking)
            }
        case .store(let number):
            var isSent = false
            stores.withStore(number) { key, value, seconds in
                isSent = connection.set(
                    number, key: key, value: value, expireSeconds: seconds, redirects: waiting.redirects,
                    asking: waiting.asking)
            }
            if !isSent { stores.settled(number, .notReady) }
        }
    }

    /// Ends a command that was not sent.
    func fail(_ command: Redirected.Command, _ error: RedisError) {
        switch command {
        case .lookup(let request, _): request.finish(.failed(error))
        case .store(let number): stores.settled(number, error)
        }
    }

    func sendWaiting() {
        guard let connection, !waiting.isEmpty else { return }
        let waiting = waiting
        self.waiting = []
        for command in waiting { write(command, to: connection) }
        connection.flush()
    }

    func failWaiting(_ error: RedisError) {
        let waiting = waiting
        self.waiting = []
        for command in waiting { fail(command.command, error) }
    }
}
