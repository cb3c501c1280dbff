public import NIOCore

/// Why a look-up got no result, a store was not confirmed, or a connection was given up; prints as one line.
///
/// Text from the server is cut at 160 bytes and holds no control characters.
public enum RedisError: Error, Equatable, Sendable {
    /// No connection could be made, or the existing one broke; the text says how.
    case connect(String)
    /// The server refused the password, or it could not be read.
    case auth(String)
    /// A command got no reply within its deadline.
    case deadline
    /// The server sent something that is not a valid reply to the command.
    case protocolViolation(String)
    /// The server replied with an error line, given without its `-`.
    case errorReply(String)
    /// The server cannot be used as it is configured; the text says what to change.
    case unusable(String)
    /// Too many commands are outstanding, or too many bytes are waiting to be written.
    case queueFull
    /// Key and value together are larger than a command may be.
    case commandTooLarge
    /// There is no usable connection now; nothing was sent.
    case notReady
    /// The client was closed.
    case closed
}

extension RedisError: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        switch self {
        case .connect(let text): return "connection failed: \(text)"
        case .auth(let text): return "authentication failed: \(text)"
        case .deadline: return "no reply within the deadline"
        case .protocolViolation(let text): return "the server broke the protocol: \(text)"
        case .errorReply(let text): return "error reply: \(text)"
        case .unusable(let text): return text
        case .queueFull: return "too many commands outstanding"
        case .commandTooLarge: return "command too large"
        case .notReady: return "not connected"
        case .closed: return "client closed"
        }
    }
}

extension RedisError {
    static func clusterDatabase(_ database: Int) -> RedisError {
        .unusable("a cluster has database 0 only: write the URL without /\(database)")
    }
}

/// What a command is for.
public enum RedisCommandKind: Sendable, CaseIterable {
    case lookup, store
}

/// The result of one look-up.
public enum RedisLookup: Equatable, Sendable {
    /// The bytes stored under the key, at least one and at most as many as were asked for.
    case value(ByteBuffer)
    /// The server holds nothing (or an empty string) under the key.
    case missing
    /// The server gave no usable reply.
    case failed(RedisError)
}

/// What a client reports to its observer; an error is reported once, however many look-ups it fails.
public enum RedisEvent: Equatable, Sendable {
    /// A connection has been made and the server has answered PING: look-ups are sent from now on.
    case up
    /// A look-up or a store without effect was refused, in the handshake (before `up`) or after a refusal.
    case refused(RedisCommandKind, String)
    /// The server no longer refuses what it refused before; in the handshake before `up`.
    case accepted(RedisCommandKind)
    /// A changed password was accepted on the connections in use, or the error if it was not.
    case authenticated(RedisError?)
    /// The last `up` has ended, or the very first attempt has failed. While attempts continue to fail it is repeated
    /// only when the reason has changed, and not before `RedisConfiguration.reasonInterval` is over.
    case down(RedisError)
    /// A connection or an attempt at one failed (`connect`, `auth`, `deadline`, `protocolViolation`, and `errorReply`
    /// to the handshake), or one look-up was refused or got an error reply (`errorReply`, `queueFull`,
    /// `commandTooLarge`).
    case error(RedisError)
    /// One store was refused, got an error reply, or was lost with its connection. Stores that are dropped for want of
    /// a connection are not reported.
    case storeError(RedisError)
    /// The server belongs to a cluster; its commands go to this many primaries from now on.
    case cluster(primaries: Int)
    /// A node of a cluster does not respond, while others do.
    case nodeDown(String, RedisError)
    /// A node that was reported as down responds again.
    case nodeUp(String)
    /// A node that was reported as down does not belong to the cluster any more.
    case nodeLeft(String)
    /// An announcement of a cluster is not followed; reported once for each reason.
    case nodeRefused(RedisError)
    /// No node could report the cluster's slots; until one can, only the nodes' redirects are known.
    case slotsUnknown(RedisError)
}
