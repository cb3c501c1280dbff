import TestSupport
import Testing

@testable import Server

/// The advice about a `BIND_HOST` that is more than a host.
@Suite struct BindHostMistakeTests {
    @Test(
        "what belongs to a URL is left out, and the port has a variable of its own", .proves("C5.15"),
        arguments: [
            ("[::1]", "::1 without brackets"), ("[::1]:8000", "::1 without brackets; the port goes into PORT=8000"),
            ("127.0.0.1:8000", "127.0.0.1; the port goes into PORT=8000"),
            ("localhost:", "localhost; the port goes into PORT"),
            (":8000", "* for all addresses; the port goes into PORT=8000"),
            ("*:80", "*; the port goes into PORT=80"), ("http://localhost", "localhost without http://"),
            ("HTTPS://a.example/", "a.example without HTTPS:// and a slash"),
            ("http://[::1]:80/x?y", "::1 without http:// and the path /x?y and brackets; the port goes into PORT=80"),
            ("localhost/\n", #"localhost without the path /\n"#), ("10.0.0.0/8", "10.0.0.0 without the path /8"),
        ])
    func surplus(text: String, advice: String) { #expect(BindHostMistake.advice(for: text) == advice) }

    @Test(
        "a host alone has no such mistake",
        arguments: ["localhost", "::1", "::1:8000", "fe80::1%eth0", "*", "256.1.1.1", "nope.invalid", "", "[::1"])
    func hosts(text: String) { #expect(BindHostMistake.advice(for: text) == nil) }
}
