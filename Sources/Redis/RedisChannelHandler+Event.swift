extension RedisChannelHandler {
    /// What a connection reports to the client.
    enum Event: Equatable {
        case ready
        case lookupError(RedisError)
        case storeError(RedisError)
        /// The connection can no longer be used; reported once, before its look-ups fail.
        case ended(RedisError)
        /// The server closed a connection that had worked and owed no replies; reported instead of `ended`.
        case endedIdle(RedisError)
        /// A new password was accepted, or the error if it was not.
        case authenticated(RedisError?)
        case probed(RedisCommandKind, RedisProbeAnswer)
        /// The channel is closed; reported once, last. `hasAnswered`: it had served at least one command.
        case closed(hasAnswered: Bool)
    }
}
