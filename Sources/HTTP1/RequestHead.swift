/// What a request says before its body.
struct RequestHead {
    let method: HTTPMethod
    /// As sent.
    let target: String
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    let minorVersion: Int
    var fields = RequestFields()

    /// Reads `method SP request-target SP HTTP-version` (RFC 9112, section 3); nil if the line is not that.
    init?(line: UnsafeRawBufferPointer) {
        let space = line.countWhile { $0 != Byte.space }
        let targetEnd = space + 1 + line.countWhile(Byte.isOfTarget, from: min(space + 1, line.count))
        guard targetEnd < line.count, let method = HTTPMethod(line.part(0..<space)) else { return nil }
        let target = line.part((space + 1)..<targetEnd)
        let version = line.part(targetEnd..<line.count)
        let isOlder = version.equals(" HTTP/1.0")
        guard isOlder || version.equals(" HTTP/1.1"), Self.isTarget(target, of: method) else { return nil }
        self.method = method
        self.target = String(decoding: target, as: UTF8.self)
        minorVersion = isOlder ? 0 : 1
    }

    /// Whether it has one of the four forms of RFC 9112, section 3.2.
    private static func isTarget(_ target: UnsafeRawBufferPointer, of method: HTTPMethod) -> Bool {
        guard !target.isEmpty else { return false }
        guard method != .connect else { return HostField.isValid(target) }
        guard target[0] != UInt8(ascii: "/"), !target.equals("*") else { return true }
        let scheme = target.countWhile(Byte.isLetter)
        let start = min(scheme + "://".utf8.count, target.count)
        guard scheme > 0, target.part(scheme..<start).equals("://") else { return false }
        let authority = target.countWhile({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }, from: start)
        return authority > 0 && HostField.isValid(target.part(start..<(start + authority)))
    }

    /// Whether another request may follow on the connection, for all that this one says (RFC 9112, section 9.3).
    var allowsAnother: Bool {
        guard !fields.asksForClose, method != .connect else { return false }
        // HTTP/1.0 knows no transfer codings, so their framing is not to be trusted there (RFC 9112, section 6.1).
        return minorVersion >= 1 || (fields.asksForKeepAlive && fields.transferCoding == .none)
    }

    /// What makes it no request of HTTP, whatever it asks for.
    var fault: HTTPError? {
        guard fields.hosts == 1 || (minorVersion == 0 && fields.hosts == 0) else { return .oneHostNeeded }
        guard fields.areHostsValid else { return .invalidHost }
        return fields.transferCoding == .other ? .unknownTransferCoding : nil
    }
}
