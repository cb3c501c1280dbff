import NIOCore
import Testing

@testable import Server

/// The addresses of a `BIND_HOST`.
@Suite struct ListenersTests {
    @Test(
        "a host means its addresses",
        arguments: [
            ("*", ["0.0.0.0", "::"]), ("localhost", ["127.0.0.1", "::1"]), ("LOCALHOST", ["127.0.0.1", "::1"]),
            ("127.0.0.1", ["127.0.0.1"]), ("0.0.0.0", ["0.0.0.0"]), ("::", ["::"]), ("::1", ["::1"]),
            ("256.1.1.1", []), ("nope.invalid", []), ("[::1]", []), ("http://localhost", []), ("localhost:80", []),
            ("**", []), ("", []),
        ])
    func addresses(host: String, expected: [String]) {
        #expect(Listeners.addresses(of: host).map(\.ipAddress) == expected)
    }
}
