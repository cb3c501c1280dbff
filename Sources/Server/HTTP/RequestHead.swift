/// What a request says before its body.
struct RequestHead {
    var method = HTTPMethod.get
    /// As sent.
    var target = ""
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    var minorVersion = 1
    var fields = RequestFields()

    /// Whether another request may follow on the connection, for all that this one says (RFC 9112, section 9.3).
    var allowsAnother: Bool {
        guard !fields.asksForClose, method != .connect else { return false }
        // HTTP/1.0 knows no transfer codings, so their framing is not to be trusted there (RFC 9112, section 6.1).
        return minorVersion >= 1 || (fields.asksForKeepAlive && fields.transferCoding == .none)
    }

    /// What makes it no request of HTTP, whatever it asks for.
    var fault: HTTPError? { fields.fault(minorVersion: minorVersion) }
}
