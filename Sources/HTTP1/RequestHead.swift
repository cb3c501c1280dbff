import Bytes

/// The part of a request before its body.
package struct RequestHead {
    package let method: HTTPMethod
    /// As sent.
    package let target: String
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    package let minorVersion: Int
    package internal(set) var fields: RequestFields

    /// Reads `method SP request-target SP HTTP-version` (RFC 9112, section 3); nil if the line is malformed.
    init?(line: UnsafeRawBufferPointer) {
        let space = line.countWhile { $0 != .space }
        let targetEnd = space + 1 + line.countWhile(HTTPGrammar.isTargetChar, from: min(space + 1, line.count))
        guard targetEnd < line.count, let method = HTTPMethod(line.part(0..<space)) else { return nil }
        let target = line.part((space + 1)..<targetEnd)
        let version = line.part(targetEnd..<line.count)
        let isOlder = version.equals(" HTTP/1.0")
        guard isOlder || version.equals(" HTTP/1.1"), Self.isTarget(target, of: method) else { return nil }
        self.method = method
        fields = RequestFields(keepsAccept: method == .get || method == .head)
        self.target = String(decoding: target, as: UTF8.self)
        minorVersion = isOlder ? 0 : 1
    }

    /// Whether it has one of the four forms of RFC 9112, section 3.2.
    private static func isTarget(_ target: UnsafeRawBufferPointer, of method: HTTPMethod) -> Bool {
        guard !target.isEmpty else { return false }
        guard method != .connect else { return HostField.isValid(target) }
        guard target[0] != UInt8(ascii: "/"), !target.equals("*") else { return true }
        let scheme = target.countWhile(\.isLetter)
        let start = min(scheme + "://".utf8.count, target.count)
        guard scheme > 0, target.part(scheme..<start).equals("://") else { return false }
        let authority = target.countWhile({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }, from: start)
        return authority > 0 && HostField.isValid(target.part(start..<(start + authority)))
    }

    /// Whether another request may follow on the connection, according to this head (RFC 9112, section 9.3).
    var allowsAnother: Bool {
        guard !fields.asksForClose, method != .connect else { return false }
        // HTTP/1.0 has no transfer codings, so their framing cannot be trusted there (RFC 9112, section 6.1).
        return minorVersion >= 1 || (fields.asksForKeepAlive && fields.transferCoding == .none)
    }

    /// Why HTTP does not allow the request although its lines are well-formed; nil if it does.
    var defect: Defect? {
        guard fields.hosts == 1 || (minorVersion == 0 && fields.hosts == 0) else {
            return .hostCount(fields.hosts)
        }
        guard fields.areHostsValid else { return .invalidHost }
        return fields.transferCoding == .other ? .unknownTransferCoding : nil
    }

    /// What can be wrong with a well-formed head.
    enum Defect {
        /// The number of `Host` headers, where exactly one is required.
        case hostCount(Int)
        case invalidHost, unknownTransferCoding
    }
}
