import Bytes
import NIOCore
import NIOSSL
import Platform
import Redis

/// A file of CA certificates (`CACHE_CA_FILE`) that cannot be used.
package struct CacheTLSError: Error {
    /// The file's path; empty if none was named.
    package let file: String
    /// What to use instead.
    package let allowed: String
}

/// TLS 1.2 or later to a cache at `rediss://`, whose certificate must be signed by a trusted CA and carry its host.
package struct CacheTLS: Sendable {
    static let maximumBundleBytes = 4 << 20

    private let context: NIOSSLContext
    /// The same, without verification of the name in the certificate.
    private let contextForNames: NIOSSLContext
    /// The CAs that are trusted, in words for messages.
    private let authorities: StaticString

    /// Loads the trusted CAs: those of a PEM file, else the system's.
    ///
    /// - Throws: if there are none, or none can be read; the error says so.
    init(authoritiesFile path: String?) throws(CacheTLSError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // The peer's close-notify would contain nothing that is not known, and a frozen peer never sends it.
        configuration.shutdownTimeout = .zero
        authorities = path == nil ? "this system's CAs" : "a CA in CACHE_CA_FILE"
        if let path { configuration.trustRoots = .certificates(try Self.certificates(path)) }
        do {
            context = try NIOSSLContext(configuration: configuration)
            configuration.certificateVerification = .noHostnameVerification
            contextForNames = try NIOSSLContext(configuration: configuration)
        } catch {
            throw path.map { CacheTLSError(file: $0, allowed: "PEM certificates of CAs") }
                ?? CacheTLSError(
                    file: "", allowed: "a PEM file with CAs' certificates, since those of this system cannot be loaded")
        }
    }

    private static func certificates(_ path: String) throws(CacheTLSError) -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: maximumBundleBytes)
        } catch {
            throw CacheTLSError(file: path, allowed: "a PEM file that can be read (\(error))")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes) else {
            throw CacheTLSError(
                file: path, allowed: "a PEM file with one or more CAs' certificates and nothing damaged")
        }
        return certificates
    }

    /// The layer that the Redis client puts under its connections.
    var security: RedisTransportSecurity {
        RedisTransportSecurity { channel, names in
            // An address is never sent as the server's name; the certificate must carry the address that is connected
            // to.
            let name = names.first.flatMap { CacheTLSPeerHandler.isAddress($0) ? nil : $0 }
            // NIOSSL verifies a certificate against one name only. If there are several, ours is the check.
            let tls = try NIOSSLClientHandler(
                context: names.count == 1 ? context : contextForNames, serverHostname: name)
            let peer = CacheTLSPeerHandler(names: names, authorities: authorities)
            try channel.pipeline.syncOperations.addHandlers([tls, peer])
        }
    }
}

extension CacheTLS {
    /// The TLS settings of a cache; nil if its location uses none.
    ///
    /// - Throws: if the PEM file cannot be used, or is named although the connection would not be encrypted.
    package static func of(_ cache: CacheLocation, authoritiesFile path: String?) throws(CacheTLSError) -> CacheTLS? {
        guard case .redis(let redis) = cache else { return nil }
        if redis.usesTLS { return try CacheTLS(authoritiesFile: path) }
        guard let path else { return nil }
        throw CacheTLSError(file: path, allowed: "it with rediss://, since redis:// has no TLS")
    }
}
