import Foundation
import NIOCore
import Testing

@testable import Redis

/// Each error of a connection as the one line that a person reads.
@Suite struct ConnectionErrorTextTests {
    private struct OwnError: Error, CustomStringConvertible {
        let description: String
    }

    private static func system(_ code: CInt) -> any Error { IOError(errnoCode: code, reason: "connect") }

    private static let table: [(error: any Error, text: String)] = [
        (system(ECONNREFUSED), "a:1 refused the connection; start Redis there, or correct the URL's host and port"),
        (
            ChannelError.connectTimeout(.seconds(1)),
            "no response from a:1 in time; correct the URL's host and port, or have the firewall or network policy in "
                + "between let them through"
        ),
        (system(ENETUNREACH), "there is no route to a:1; correct the URL's host, or check this machine's network"),
        (system(EHOSTUNREACH), "there is no route to a:1; correct the URL's host, or check this machine's network"),
        (system(EAFNOSUPPORT), "there is no route to a:1; correct the URL's host, or check this machine's network"),
        (system(EPERM), "this machine does not allow a connection to a:1; change its firewall's rules"),
        (system(ECONNRESET), "a:1 reset the connection; the log of Redis, or of a proxy in between, says why"),
        (system(EPIPE), "a:1 reset the connection; the log of Redis, or of a proxy in between, says why"),
        (
            system(EADDRNOTAVAIL),
            "this machine has no free port for a connection to a:1; end some of its connections"
        ),
        (system(EMFILE), "no file can be opened for a connection to a:1; raise the limit (ulimit -n)"),
        (system(ENOBUFS), "No buffer space available"),
        (OwnError(description: "TLS: the certificate has expired"), "TLS: the certificate has expired"),
        (OwnError(description: "a\nb\u{1B}[31m"), "a?b?[31m"),
    ]

    @Test("each error says where, what and what to do, and nothing about NIO", arguments: table.indices)
    func text(index: Int) {
        let (error, text) = Self.table[index]
        let found = ConnectionErrorText(attempts: [("a:1", error)]).description
        #expect(found == text)
        for word in ["NIO", "errno", "Error", "Optional"] { #expect(!found.contains(word), "\(found)") }
    }

    @Test("a time-out of the system is reported as one of ours")
    func timeOut() {
        let texts = [Self.system(ETIMEDOUT), ChannelError.connectTimeout(.seconds(1))].map {
            ConnectionErrorText(attempts: [("a:1", $0)]).description
        }
        #expect(Set(texts).count == 1)
    }

    @Test("a name without an address is reported with its name, printable")
    func name() {
        let expected = "the name cache.example was not found; correct the URL's host, or check this machine's DNS"
        #expect(ConnectionErrorText(attempts: [], host: "cache.example").description == expected)
        #expect(ConnectionErrorText(attempts: [], host: "a\nb").description.contains(#"the name a\nb was"#))
    }

    @Test("the addresses of a name are reported together, in one order, and different causes apart")
    func addresses() {
        let (refused, unreachable) = (Self.system(ECONNREFUSED), Self.system(ENETUNREACH))
        let both = [("127.0.0.1:1", refused), ("[::1]:1", refused)]
        let advice = "start Redis there, or correct the URL's host and port"
        let text = "127.0.0.1:1 and [::1]:1 refused the connection; \(advice)"
        for attempts in [both, both.reversed()] {
            #expect(ConnectionErrorText(attempts: attempts).description == text)
        }
        let mixed = ConnectionErrorText(attempts: [("a:1", refused), ("b:1", unreachable)]).description
        #expect(mixed.contains("a:1 refused") && mixed.contains("; there is no route to b:1"), "\(mixed)")
    }

    @Test("an error without a list of addresses is reported with the configuration's host and port")
    func configuration() {
        let text = RedisConfiguration(host: "::1", port: 7).text(of: Self.system(ECONNRESET))
        #expect(text.hasPrefix("[::1]:7 reset the connection"), "\(text)")
    }
}
