import Foundation
import TestSupport
import Testing

/// A test's own certificate authority, made with `openssl` in a folder that is removed when the test releases it.
final class PrivateAuthority {
    private let folder: URL

    /// Makes the authority's key and its certificate, which is `certificate`.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try writeConfiguration(names: "DNS:unused")
        try makeKey("authority.key")
        try openssl(
            "req", "-new", "-x509", "-config", path("openssl.cnf"), "-extensions", "authority", "-days", "2",
            "-key", path("authority.key"), "-out", certificate)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The PEM file for `CACHE_CA_FILE`.
    var certificate: String { path("authority.pem") }

    /// A server's certificate that this authority has signed.
    ///
    /// - Parameters:
    ///   - names: its subject alternative names, as openssl writes them.
    ///   - days: how long it is valid.
    ///   - file: the name of its files.
    /// - Returns: the flags that make redis-server use it.
    func redisFlags(
        names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 2, file: String = "server"
    ) throws -> [String] {
        try writeConfiguration(names: names)
        try makeKey("\(file).key")
        try openssl(
            "req", "-new", "-config", path("openssl.cnf"), "-key", path("\(file).key"), "-out", path("\(file).csr"))
        try openssl(
            "x509", "-req", "-in", path("\(file).csr"), "-CA", certificate, "-CAkey", path("authority.key"),
            "-set_serial", "2", "-days", "\(days)", "-extfile", path("openssl.cnf"), "-extensions", "server",
            "-out", path("\(file).pem"))
        return [
            "--tls-cert-file", path("\(file).pem"), "--tls-key-file", path("\(file).key"),
            "--tls-ca-cert-file", certificate,
        ]
    }

    /// A file in the authority's folder.
    func path(_ name: String) -> String { folder.appending(path: name).path }

    private func makeKey(_ name: String) throws {
        try openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path(name))
    }

    private func writeConfiguration(names: String) throws {
        let text = """
            [req]
            distinguished_name = subject
            prompt = no
            [subject]
            CN = Bungalow's tests
            [authority]
            basicConstraints = critical,CA:TRUE
            keyUsage = critical,keyCertSign
            [server]
            basicConstraints = CA:FALSE
            subjectAltName = \(names)

            """
        try text.write(toFile: path("openssl.cnf"), atomically: true, encoding: .utf8)
    }

    private func openssl(_ arguments: String...) throws {
        let openssl = try ChildProcess.run("openssl", arguments)
        try #require(openssl.exitCode == 0, "openssl \(arguments): \(openssl.error)")
    }
}
