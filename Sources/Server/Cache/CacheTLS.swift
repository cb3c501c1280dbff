import Foundation
import NIOCore
import NIOSSL
import Redis

/// TLS 1.2 or later to a cache at `rediss://`, whose certificate must be signed by a trusted CA and carry its host.
struct CacheTLS: Sendable {
    static let maximumBundleBytes = 4 << 20

    private let context: NIOSSLContext
    /// Whose certificates are trusted, for messages.
    private let authorities: StaticString

    /// Loads the CAs that are trusted: those of a PEM file, else the system's.
    ///
    /// - Throws: if there are none, or none can be read; the error says so.
    init(authoritiesFile path: String?) throws(ConfigurationError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // A peer's goodbye would say nothing that is not known, and one that is frozen never sends it.
        configuration.shutdownTimeout = .zero
        authorities = path == nil ? "this system's CAs" : "a CA in CACHE_CA_FILE"
        if let path { configuration.trustRoots = .certificates(try Self.certificates(path)) }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw path.map { Self.refusal($0, "PEM certificates of CAs") }
                ?? Self.refusal("", "a PEM file with CAs' certificates, since those of this system cannot be loaded")
        }
    }

    private static func certificates(_ path: String) throws(ConfigurationError) -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: maximumBundleBytes)
        } catch {
            throw refusal(path, "a PEM file that can be read (\(error))")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes) else {
            throw refusal(path, "a PEM file with one or more CAs' certificates and nothing damaged")
        }
        return certificates
    }

    private static func refusal(_ value: String, _ allowed: String) -> ConfigurationError {
        ConfigurationError(variable: "CACHE_CA_FILE", value: value, allowed: allowed)
    }

    /// What the Redis client puts under its connections.
    var security: RedisTransportSecurity {
        RedisTransportSecurity { channel, host in
            // An address is never sent as the server's name; the certificate must name the one that is connected to.
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            let tls = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
            let faults = CacheTLSFaultHandler(host: host, authorities: authorities)
            try channel.pipeline.syncOperations.addHandlers([tls, faults])
        }
    }
}

extension CacheTLS {
    /// The TLS of a cache; nil where its location has none.
    ///
    /// - Throws: if the PEM file cannot be used, or is named though the connection would not be encrypted.
    static func of(_ cache: CacheLocation, authoritiesFile path: String?) throws(ConfigurationError) -> CacheTLS? {
        guard case .redis(_, _, _, _, _, let usesTLS) = cache else { return nil }
        if usesTLS { return try CacheTLS(authoritiesFile: path) }
        guard let path else { return nil }
        throw refusal(path, "it with rediss://, since redis:// has no TLS")
    }
}

/// Turns what the TLS layer complains of into a line for people.
private final class CacheTLSFaultHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let host: String
    private let authorities: StaticString

    /// A fault that prints as it is to be read.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    init(host: String, authorities: StaticString) {
        self.host = host
        self.authorities = authorities
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown:
            // Redis ends connections without TLS's goodbye; that the channel closes is told by the channel.
            break
        case NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])):
            fire("the server closed the connection during the handshake", context)
        case NIOSSLError.handshakeFailed(let fault): fire(text(of: fault, context), context)
        case let fault as BoringSSLError: fire(text(of: fault, context), context)
        case is NIOSSLExtraError: fire("the certificate is not valid for the host \(host)", context)
        default: context.fireErrorCaught(error)
        }
    }

    private func fire(_ text: String, _ context: ChannelHandlerContext) {
        context.fireErrorCaught(Fault(description: "TLS: \(text)"))
    }

    private func text(of fault: BoringSSLError, _ context: ChannelHandlerContext) -> String {
        // NIOSSL has no other way to tell what went wrong than BoringSSL's own text.
        guard let match = "\(fault)".firstMatch(of: /OPENSSL_internal:([A-Z0-9_]+)/) else { return "\(fault)" }
        let reason = String(match.output.1)
        switch reason {
        case "CERTIFICATE_VERIFY_FAILED": return certificateText(context)
        case "WRONG_VERSION_NUMBER": return "the server does not speak TLS on this port"
        case "TLSV1_ALERT_CERTIFICATE_REQUIRED":
            return "the server asks for a client certificate (tls-auth-clients no ends that)"
        case "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION": return "the server has no TLS 1.2 or later"
        default: return reason.lowercased().replacing("_", with: " ")
        }
    }

    private func certificateText(_ context: ChannelHandlerContext) -> String {
        if let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() {
            let now = time(nil)
            if certificate.notValidAfter < now { return "the certificate has expired" }
            if certificate.notValidBefore > now { return "the certificate is not valid yet" }
        }
        return "the certificate is not signed by \(authorities)"
    }
}
