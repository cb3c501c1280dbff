import Bytes
import NIOCore
import NIOPosix
import Platform

/// Why there is no connection, as a line for people: where, what happened, and what to do.
///
/// The same cause gives the same text at each attempt, whichever address of a name was tried first.
struct ConnectionErrorText: CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - error: what NIO, or a layer of ours, reports.
    ///   - host: the configured host.
    init(_ error: any Error, host: String, port: Int) {
        guard let failure = error as? NIOConnectionError else {
            self.init(attempts: [(Self.place(host, port), error)])
            return
        }
        self.init(
            attempts: failure.connectionErrors.map { attempt in
                let address = attempt.target
                return (Self.place(address.ipAddress ?? host, address.port ?? port), attempt.error)
            }, host: host)
    }

    /// - Parameters:
    ///   - attempts: the addresses that were tried, each with its error.
    ///   - host: the name that has no address, if none was tried.
    init(attempts: [(place: String, error: any Error)], host: String = "") {
        guard !attempts.isEmpty else {
            description =
                "the name \(host.printable()) was not found; correct the URL's host, or check this machine's DNS"
            return
        }
        let causes = attempts.map { (place: $0.place, cause: Cause($0.error)) }
        let lines = Set(causes.map(\.cause)).map { cause in
            let places = Set(causes.filter { $0.cause == cause }.map(\.place)).sorted()
            return cause.text(places.joined(separator: " and "))
        }
        description = lines.sorted().joined(separator: "; ")
    }

    private static func place(_ host: String, _ port: Int) -> String {
        "\(host.contains(":") ? "[\(host)]" : host.printable()):\(port)"
    }
}

/// Why an attempt failed, distinguished by what to do about it.
private enum Cause: Hashable {
    case refused, silent, unreachable, forbidden, reset, portsUsedUp, descriptorsUsedUp
    case other(String)

    init(_ error: any Error) {
        switch error {
        case ChannelError.connectTimeout: self = .silent
        case let error as IOError: self = Self.of(error.errnoCode)
        // Errors of our own layers, such as TLS, are lines for people already.
        default: self = .other(ByteBuffer(string: "\(error)").printableLine)
        }
    }

    private static func of(_ code: CInt) -> Cause {
        switch code {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .silent
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EAFNOSUPPORT: .unreachable
        case EACCES, EPERM: .forbidden
        case ECONNRESET, EPIPE, ECONNABORTED: .reset
        case EADDRNOTAVAIL, EADDRINUSE: .portsUsedUp
        case EMFILE, ENFILE: .descriptorsUsedUp
        default: .other(String(cString: strerror(code)))
        }
    }

    func text(_ place: String) -> String {
        switch self {
        case .refused: "\(place) refused the connection; start Redis there, or correct the URL's host and port"
        case .silent:
            "no response from \(place) in time; correct the URL's host and port, or have the firewall or network policy "
                + "in between let them through"
        case .unreachable: "there is no route to \(place); correct the URL's host, or check this machine's network"
        case .forbidden: "this machine does not allow a connection to \(place); change its firewall's rules"
        case .reset: "\(place) reset the connection; the log of Redis, or of a proxy in between, says why"
        case .portsUsedUp: "this machine has no free port for a connection to \(place); end some of its connections"
        case .descriptorsUsedUp: "no file can be opened for a connection to \(place); raise the limit (ulimit -n)"
        case .other(let text): text
        }
    }
}

extension RedisConfiguration {
    /// Why there is no connection to this server.
    func text(of error: any Error) -> String { ConnectionErrorText(error, host: host, port: port).description }
}
