import Bytes

/// What was received instead of an HTTP/1.1 request, in words for its sender; determined only after parsing has failed.
struct MalformedRequest: Equatable {
    /// Plain ASCII without quotes or backslashes, to follow a colon.
    let text: String

    private init(_ text: String) { self.text = text }

    static let lineEnd = MalformedRequest("a line ends with CR or LF alone, where CR LF is needed")
    static let contentLength = MalformedRequest("Content-Length is not one number of bytes")
    static let bothLengths = MalformedRequest("the request has both Content-Length and Transfer-Encoding")
    static let chunkEnd = MalformedRequest("a chunk is longer than its size says")

    /// The client has ended its side within a request.
    ///
    /// - Parameters:
    ///   - line: the line that was due; nil for the body.
    ///   - bytes: how many bytes of the body, or of its chunk, were missing.
    static func cut(in line: LineKind?, missing bytes: Int) -> MalformedRequest {
        let isHead = line == .request || line == .field
        let missing = !isHead && bytes > 0 ? ", at least \(bytes) bytes too early" : ""
        return MalformedRequest("the connection ended within the \(isHead ? "head" : "body")\(missing)")
    }

    /// Why a line is malformed, or the beginning of a line that holds a control character.
    ///
    /// - Parameter hasEnd: false if it ends with LF alone.
    static func line(
        _ kind: LineKind, _ line: UnsafeRawBufferPointer, hasEnd: Bool = true
    ) -> MalformedRequest {
        if kind == .request, let text = otherProtocol(line) { return MalformedRequest(text) }
        guard hasEnd else { return lineEnd }
        switch kind {
        case .request: return MalformedRequest(requestLine(line))
        case .field: return MalformedRequest(field(line))
        case .chunkSize:
            return MalformedRequest(
                "a chunk does not begin with its size in hexadecimal digits, or has a bad extension")
        case .trailer where RequestFields.split(line) != nil:
            return MalformedRequest("Content-Length or Transfer-Encoding is among the trailers, after the body")
        case .trailer: return MalformedRequest(field(line))
        }
    }

    // MARK: The request line

    private static let protocols: [(prefix: StaticString, text: String)] = [
        ("\u{16}\u{3}", "a TLS hello came, and this port speaks HTTP without TLS (use http:// instead of https://)"),
        ("PROXY ", proxyHeader),
        ("PRI * HTTP/2", "HTTP/2 came without negotiation, and this port speaks HTTP/1.1"),
        ("SSH-", "an SSH client came, and this port speaks HTTP"),
        ("{", strayJSON), ("[", strayJSON), ("}", strayJSON), ("]", strayJSON),
    ]
    private static let proxyHeader =
        "a PROXY protocol header came, which this server does not read (switch it off in the load balancer)"
    private static let strayJSON =
        "JSON came where a request line is due (the Content-Length of the request before it may be too small)"

    private static func otherProtocol(_ line: UnsafeRawBufferPointer) -> String? {
        // Version 2's signature is CR LF CR LF NUL CR LF QUIT LF; its two empty lines have been read.
        if line.equals("\0") { return proxyHeader }
        return protocols.first { line.hasPrefix($0.prefix) }?.text
    }

    private static func requestLine(_ line: UnsafeRawBufferPointer) -> String {
        if let byte = controlCharacter(in: line) { return "the request line holds \(byte)" }
        let method = line.countWhile { $0 != .space }
        guard HTTPMethod(line.part(0..<method)) != nil else {
            return "the request line does not begin with a method in capital letters"
        }
        let rest = line.dropping(min(method + 1, line.count))
        guard let first = rest.first else { return "the request line has no target" }
        guard first != .space else { return "two blanks follow the method" }
        let target = rest.countWhile { $0 != .space }
        let valid = rest.countWhile(HTTPGrammar.isTargetChar)
        guard valid == target else { return "the target holds \(shown(rest[valid])), which is to be percent-encoded" }
        let version = rest.dropping(target)
        if version.isEmpty { return "no HTTP version follows the target" }
        guard version.equals(" HTTP/1.0") || version.equals(" HTTP/1.1") else {
            if version.hasPrefix(" HTTP/") { return "the HTTP version is neither 1.1 nor 1.0" }
            let hasVersion = version.dropping(max(0, version.count - 9)).equals(" HTTP/1.1")
            return hasVersion
                ? "the target holds a blank, which is to be percent-encoded"
                : "the target is not followed by one blank and HTTP/1.1"
        }
        return "the target is neither a path, which begins with a slash, nor a URL with a host"
    }

    // MARK: Fields

    private static func field(_ line: UnsafeRawBufferPointer) -> String {
        if line.first?.isBlank == true { return "a header line begins with a blank" }
        let name = line.countWhile(HTTPGrammar.isTokenChar)
        let isShort = (1...64).contains(name)
        let header = isShort ? "the header \(String(decoding: line.part(0..<name), as: UTF8.self))" : "a header"
        guard let colon = line.position(of: UInt8(ascii: ":")) else { return "\(header) has no colon" }
        guard colon > 0 else { return "a header has no name" }
        guard name < colon else {
            return "\(header) holds \(controlCharacter(in: line) ?? "a control character")"
        }
        let areBlanks = line.part(name..<colon).countWhile(\.isBlank) == colon - name
        return areBlanks
            ? "a blank precedes the colon of \(header)" : "the name of a header holds \(shown(line[name]))"
    }

    // MARK: Bytes

    private static func controlCharacter(in text: UnsafeRawBufferPointer) -> String? {
        let valid = text.countWhile(HTTPGrammar.isFieldChar)
        return valid < text.count ? shown(text[valid]) : nil
    }

    private static func shown(_ byte: UInt8) -> String {
        let isPlain = byte.isVisible && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        guard !isPlain else { return String(decoding: [byte], as: UTF8.self) }
        return byte == .space
            ? "a blank" : "the byte \(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
    }
}
