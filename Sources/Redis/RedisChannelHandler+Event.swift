extension RedisChannelHandler {
    /// What the client learns of its connection.
    enum Event: Equatable {
        case ready
        case lookupError(RedisError)
        case storeError(RedisError)
        /// The connection can no longer be used; reported once, before its look-ups fail.
        case ended(RedisError)
        /// The server closed it while it owed nobody anything, after it had worked; reported in place of `ended`.
        case endedIdle(RedisError)
        /// A new password was accepted, or why not.
        case authenticated(RedisError?)
        case probed(RedisCommandKind, RedisProbeAnswer)
        /// The channel is gone; reported once, last. `hasAnswered`: it had served at least one command.
        case closed(hasAnswered: Bool)
    }
}
