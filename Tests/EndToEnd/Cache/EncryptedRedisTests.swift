import Foundation
import TestSupport
import Testing

/// The cache of `CACHE_URL=rediss://…`, against a real redis-server with TLS and a private CA.
@Suite(.serialized) struct EncryptedRedisTests {
    private let authority: PrivateAuthority

    init() throws { authority = try PrivateAuthority() }

    private func start(_ encrypted: EncryptedRedis, host: String = "localhost", ca: String?) throws -> ServerProcess {
        let flags = ["--cache-url", "rediss://\(host):\(encrypted.port)", "--event-loops", "1", "--log-level", "trace"]
        return try ServerProcess(flags + (ca.map { ["--cache-ca-file", $0] } ?? []))
    }

    private func expectBypass(_ server: ServerProcess, _ message: String) throws {
        let line = try server.waitForMessage("is not used until it answers")
        #expect(line.contains(message), "\(line)")
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200 && response["X-Cache"] == "BYPASS")
        #expect(try server.interrupt() == 0)
        #expect(server.messages.components(separatedBy: "is not used until").count == 2)
    }

    @Test(
        "rediss:// is TLS, any port, host verified: the second request is a HIT", .proves("C5.2"),
        arguments: ["localhost", "127.0.0.1"])
    func hit(host: String) throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let server = try start(redis, host: host, ca: authority.certificate)
        try server.waitForMessage("cache: rediss://\(host):\(redis.port)/0 answers")
        let first = try server.predict(ServerProcess.sample)
        #expect(try server.wait(for: "HIT").body == first.body)
        #expect(try redis.plain.cli("CLIENT", "LIST", "TYPE", "normal").contains(":\(redis.port) "))
    }

    @Test(
        "CACHE_CA_FILE is a PEM bundle: every certificate in it is trusted, text between them is ignored",
        .proves("C5.3"))
    func bundle() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let other = try PrivateAuthority()
        let parts = try [other.certificate, authority.certificate].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        let bundle = authority.path("bundle.pem")
        try "# two\n\(parts[0])\n# the right one\n\(parts[1])".write(toFile: bundle, atomically: true, encoding: .utf8)
        _ = try start(redis, ca: bundle).wait(for: "HIT")
    }

    @Test(
        "a server whose certificate another CA has signed is not used, and requests succeed without the cache",
        .proves("C5.2"))
    func otherAuthority() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let other = try PrivateAuthority()
        try expectBypass(
            try start(redis, ca: other.certificate), "TLS: the certificate is not signed by a CA in CACHE_CA_FILE")
        try expectBypass(try start(redis, ca: nil), "TLS: the certificate is not signed by this system's CAs")
    }

    @Test(
        "a server whose certificate is for another host is not used, and requests succeed without the cache",
        .proves("C5.2", "T29"),
        arguments: [
            ("localhost", "DNS:cache.example"), ("localhost", "DNS:localhost.example,DNS:*.localhost"),
            ("127.0.0.1", "DNS:127.0.0.1"), ("127.0.0.1", "DNS:localhost,IP:127.0.0.2"),
            // The address that a name resolves to proves nothing about the name: an attacker in DNS can choose it.
            ("localhost", "IP:127.0.0.1,IP:::1"), ("localhost", "DNS:cache.example,IP:127.0.0.1,IP:::1"),
        ])
    func otherHost(host: String, names: String) throws {
        let redis = try EncryptedRedis(try authority.redisFlags(names: names))
        let server = try start(redis, host: host, ca: authority.certificate)
        try expectBypass(server, "TLS: the certificate is not valid for the host \(host)")
    }

    @Test("a certificate that is bad at a later connection is reported too, after the reason why the one before ended")
    func laterCertificate() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let server = try start(redis, ca: authority.certificate)
        _ = try server.wait(for: "HIT")
        try redis.plain.kill()
        try server.waitForMessage("is not used until it answers: connection failed")
        // Into the same files.
        _ = try authority.redisFlags(names: "DNS:cache.example")
        try redis.plain.start()
        try server.waitForMessage("TLS: the certificate is not valid for the host localhost")
        try redis.plain.kill()
        _ = try authority.redisFlags()
        try redis.plain.start()
        _ = try server.wait(for: "HIT")
    }

    @Test("an expired certificate is rejected with a message that says so")
    func expired() throws {
        let redis = try EncryptedRedis(try authority.redisFlags(days: -1))
        try expectBypass(try start(redis, ca: authority.certificate), "TLS: the certificate has expired")
    }

    @Test("a server that asks for a client's certificate is a BYPASS and a message that says so")
    func clientCertificate() throws {
        let redis = try EncryptedRedis(try authority.redisFlags(), clients: "yes")
        try expectBypass(try start(redis, ca: authority.certificate), "TLS: the server asks for a client certificate")
    }

    @Test("rediss:// on a port without TLS, and redis:// on one with it: BYPASS and a message")
    func wrongPort() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let url = "://localhost:\(redis.plain.port)"
        let encrypted = try ServerProcess(
            ["--cache-url", "rediss\(url)", "--cache-ca-file", authority.certificate, "--event-loops", "1"])
        try expectBypass(encrypted, "TLS: ")
        let plain = try ServerProcess(["--cache-url", "redis://localhost:\(redis.port)", "--event-loops", "1"])
        try expectBypass(plain, "redis://localhost:\(redis.port)/0")
        let web = try ServerProcess()
        let misled = try ServerProcess(["--cache-url", "rediss://localhost:\(web.port)", "--event-loops", "1"])
        try expectBypass(misled, "TLS: the server does not speak TLS on this port")
    }

    @Test(
        "an encrypted Redis that freezes, is killed and comes back: BYPASS, and HITs return by themselves",
        .proves("T29"))
    func outages() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        let server = try start(redis, ca: authority.certificate)
        for _ in 0..<2 {
            _ = try server.wait(for: "HIT")
            redis.plain.signal(SIGSTOP)
            _ = try server.wait(for: "BYPASS")
            redis.plain.signal(SIGCONT)
            _ = try server.wait(for: "HIT")
            try redis.plain.kill()
            _ = try server.wait(for: "BYPASS")
            try redis.plain.start()
        }
        _ = try server.wait(for: "HIT")
        redis.plain.signal(SIGSTOP)
        #expect(try server.interrupt() == 0)
    }

    @Test(
        "an encrypted Redis that freezes, then dies during the handshake: BYPASS, a message, and HITs once it is back")
    func handshake() throws {
        let redis = try EncryptedRedis(try authority.redisFlags())
        redis.plain.signal(SIGSTOP)
        let server = try start(redis, ca: authority.certificate)
        try server.waitForMessage("TLS: no handshake within the time to connect")
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try redis.plain.kill()
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try redis.plain.start()
        _ = try server.wait(for: "HIT")
    }

    @Test("an unusable CACHE_CA_FILE stops the start with one line that names it: exit 78", .proves("C5.3"))
    func unusableFiles() throws {
        let certificate = try String(contentsOfFile: authority.certificate, encoding: .utf8)
        let files = [
            "empty": "", "text": "no certificate", "half": String(certificate.prefix(200)),
            "damaged": certificate + certificate.replacing("MII", with: "AAA"),
            "key": try String(contentsOfFile: authority.path("authority.key"), encoding: .utf8),
        ]
        for (name, text) in files {
            try text.write(toFile: authority.path(name), atomically: true, encoding: .utf8)
        }
        #expect(mkfifo(authority.path("pipe"), 0o600) == 0)
        for name in ["missing", ".", "pipe"] + files.keys {
            try expectRefusal("rediss://localhost", authority.path(name), "a PEM file")
        }
        try expectRefusal("redis://localhost", authority.certificate, "it with rediss://")
        let flags = ["--cache-url", "off", "--cache-ca-file", authority.path("missing")]
        #expect(try ServerProcess(flags).predict(ServerProcess.sample).status == 200)
    }

    private func expectRefusal(_ url: String, _ file: String, _ allowed: String) throws {
        let run = try ServerProcess.run(["--cache-url", url], environment: ["CACHE_CA_FILE": file])
        #expect(run.exitCode == 78 && run.output.isEmpty, "\(run)")
        #expect(run.error.hasPrefix("Error: CACHE_CA_FILE=\(file) is not allowed: use \(allowed)"), "\(run.error)")
        #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
    }
}

/// A real redis-server with a TLS port beside its plain one.
private struct EncryptedRedis {
    let plain: RedisProcess
    let port: Int

    /// Starts it.
    ///
    /// - Parameter clients: redis-server's `tls-auth-clients`.
    init(_ flags: [String], clients: String = "no") throws {
        port = try RedisProcess.freePort()
        plain = try RedisProcess(["--tls-port", "\(port)", "--tls-auth-clients", clients] + flags)
    }
}

extension ServerProcess {
    /// Ends the server as Ctrl-C does, without the delay that a cluster needs.
    ///
    /// - Returns: its exit code.
    func interrupt() throws -> Int32 {
        signal(SIGINT)
        return try waitForExit()
    }

    /// Repeats a request until `X-Cache` has the value: the server does not await its stores, so the test has to.
    func wait(for cache: String, _ body: String = ServerProcess.sample) throws -> Response {
        let deadline = Date().addingTimeInterval(30)
        while true {
            let response = try predict(body)
            try #require(response.status == 200)
            if response["X-Cache"] == cache { return response }
            try #require(Date() < deadline, "no \(cache) in 30 s: \(messages)")
        }
    }
}
