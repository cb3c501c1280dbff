import NIOCore
import NIOSSL
import NIOTLS
import Platform
import Redis

/// Checks a peer's certificate against the names that it may carry, and turns the TLS layer's errors into lines for
/// people.
final class CacheTLSPeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let names: [String]
    private let authorities: StaticString

    /// An error whose description is its text.
    struct TLSError: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - names: host names or IP addresses; the certificate must carry one of them.
    ///   - authorities: the CAs that are trusted, in words for messages.
    init(names: [String], authorities: StaticString) {
        self.names = names
        self.authorities = authorities
    }

    static func isAddress(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // NIOSSL also accepts a certificate for the address that the name has resolved to, or whose common name is the
        // host. An attacker who controls DNS could present the former.
        if case .handshakeCompleted? = event as? TLSUserEvent, !carriesName(context) {
            return fire(wrongHost, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func carriesName(_ context: ChannelHandlerContext) -> Bool {
        guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return false }
        // The only access to a certificate's names in NIOSSL, whose version is pinned.
        return certificate._subjectAlternativeNames().contains { name in
            name.contents.withUnsafeBufferPointer { contents in
                names.contains { host in
                    switch name.nameType {
                    case .dnsName:
                        !Self.isAddress(host)
                            && CertificateName(String(decoding: contents, as: UTF8.self)).matches(host)
                    case .ipAddress:
                        (try? SocketAddress(ipAddress: host, port: 0)).map { contents.elementsEqual($0.addressBytes) }
                            ?? false
                    default: false
                    }
                }
            }
        }
    }

    private var wrongHost: String {
        "the certificate is not valid for the host \(names.joined(separator: " or "))"
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown:
            // Redis ends connections without TLS's close-notify; the channel reports that it closes.
            break
        case NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])):
            fire("the server closed the connection during the handshake", context)
        case NIOSSLError.handshakeFailed(let error): fire(text(of: error, context), context)
        case let error as BoringSSLError: fire(text(of: error, context), context)
        case is NIOSSLExtraError: fire(wrongHost, context)
        default: context.fireErrorCaught(error)
        }
    }

    private func fire(_ text: String, _ context: ChannelHandlerContext) {
        context.fireErrorCaught(TLSError(description: "TLS: \(text)"))
    }

    private func text(of error: BoringSSLError, _ context: ChannelHandlerContext) -> String {
        // Only BoringSSL's own text says what went wrong; NIOSSL exposes nothing else.
        guard let match = "\(error)".firstMatch(of: /OPENSSL_internal:([A-Z0-9_]+)/) else { return "\(error)" }
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
