import Testing

@testable import PredictionCache

/// Names of a certificate compared with the host of `rediss://`.
@Suite struct CertificateNameTests {
    @Test(
        "a name matches the same host, a leading * matches one label",
        arguments: [
            ("cache.example", "cache.example"), ("CACHE.example", "cache.Example"), ("cache.example", "cache.example."),
            ("*.example", "cache.example"), ("*.cache.example", "a.cache.example"), ("localhost", "localhost"),
        ])
    func matches(name: String, host: String) { #expect(CertificateName(name).matches(host)) }

    @Test(
        "a name matches no other host",
        arguments: [
            ("cache.example", "example"), ("example", "cache.example"), ("*.example", "a.cache.example"),
            ("*.example", "example"), ("*", "localhost"), ("c*.example", "cache.example"), ("*.*", "cache.example"),
            ("a.*.example", "a.b.example"), ("", "localhost"), ("cache.example..", "cache.example"),
            ("cache.example\0.evil", "cache.example"),
        ])
    func matchesNot(name: String, host: String) { #expect(!CertificateName(name).matches(host)) }
}
