/// The statuses that are sent (RFC 9110 names them): one row each.
package enum ResponseStatus: Int, CaseIterable, Sendable {
    case ok, noContent, notModified, badRequest, unauthorized, notFound, methodNotAllowed, requestTimeout
    case contentTooLarge, unsupportedMediaType, unprocessable, headTooLarge, serviceUnavailable

    private var row: (code: Int, line: StaticString) {
        switch self {
        case .ok: (200, "HTTP/1.1 200 OK\r\n")
        case .noContent: (204, "HTTP/1.1 204 No Content\r\n")
        case .notModified: (304, "HTTP/1.1 304 Not Modified\r\n")
        case .badRequest: (400, "HTTP/1.1 400 Bad Request\r\n")
        case .unauthorized: (401, "HTTP/1.1 401 Unauthorized\r\n")
        case .notFound: (404, "HTTP/1.1 404 Not Found\r\n")
        case .methodNotAllowed: (405, "HTTP/1.1 405 Method Not Allowed\r\n")
        case .requestTimeout: (408, "HTTP/1.1 408 Request Timeout\r\n")
        case .contentTooLarge: (413, "HTTP/1.1 413 Content Too Large\r\n")
        case .unsupportedMediaType: (415, "HTTP/1.1 415 Unsupported Media Type\r\n")
        case .unprocessable: (422, "HTTP/1.1 422 Unprocessable Content\r\n")
        case .headTooLarge: (431, "HTTP/1.1 431 Request Header Fields Too Large\r\n")
        case .serviceUnavailable: (503, "HTTP/1.1 503 Service Unavailable\r\n")
        }
    }

    /// Its index among all statuses, for tables.
    package var index: Int { rawValue }

    /// The three digits.
    package var code: Int { row.code }

    /// The status line with its line ending.
    var line: StaticString { row.line }
}
