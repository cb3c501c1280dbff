import Testing

@testable import PredictionCache

/// Names of a certificate held against the host of `rediss://`.
@Suite struct CertificateNameTests {
    @Test(
        "a name stands for the same host, a leading * for one label",
        arguments: [
            ("cache.example", "cache.example"), ("CACHE.example", "cache.Example"), ("cache.example", "cache.example."),
            ("*.example", "cache.example"), ("*.cache.example", "a.cache.example"), ("localhost", "localhost"),
        ])
    func matches(name: String, host: String) { #expect(CertificateName(name).matches(host)) }

    @Test(
        "a name stands for no other host",
        arguments: [
            ("cache.example", "example"), ("example", "cache.example"), ("*.example", "a.cache.example"),
            ("*.example", "example"), ("*", "localhost"), ("c*.example", "cache.example"), ("*.*", "cache.example"),
            ("a.*.example", "a.b.example"), ("", "localhost"), ("cache.example..", "cache.example"),
            ("cache.example\0.evil", "cache.example"),
        ])
    func matchesNot(name: String, host: String) { #expect(!CertificateName(name).matches(host)) }
}
