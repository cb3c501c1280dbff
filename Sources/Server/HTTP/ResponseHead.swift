import Bytes
import NIOCore
import PredictionCache
import ScoringLog

/// A response's status line and headers, written as bytes in one go.
struct ResponseHead {
    /// The statuses that the service sends (RFC 9110 names them).
    enum Status: Int, CaseIterable {
        case ok = 200
        case noContent = 204
        case notModified = 304
        case badRequest = 400
        case unauthorized = 401
        case notFound = 404
        case methodNotAllowed = 405
        case requestTimeout = 408
        case contentTooLarge = 413
        case unsupportedMediaType = 415
        case unprocessable = 422
        case headTooLarge = 431
        case serviceUnavailable = 503

        /// Its place among all statuses, for tables.
        var index: Int {
            switch self {
            case .ok: 0
            case .noContent: 1
            case .notModified: 2
            case .badRequest: 3
            case .unauthorized: 4
            case .notFound: 5
            case .methodNotAllowed: 6
            case .requestTimeout: 7
            case .contentTooLarge: 8
            case .unsupportedMediaType: 9
            case .unprocessable: 10
            case .headTooLarge: 11
            case .serviceUnavailable: 12
            }
        }

        fileprivate var line: StaticString {
            switch self {
            case .ok: "HTTP/1.1 200 OK\r\n"
            case .noContent: "HTTP/1.1 204 No Content\r\n"
            case .notModified: "HTTP/1.1 304 Not Modified\r\n"
            case .badRequest: "HTTP/1.1 400 Bad Request\r\n"
            case .unauthorized: "HTTP/1.1 401 Unauthorized\r\n"
            case .notFound: "HTTP/1.1 404 Not Found\r\n"
            case .methodNotAllowed: "HTTP/1.1 405 Method Not Allowed\r\n"
            case .requestTimeout: "HTTP/1.1 408 Request Timeout\r\n"
            case .contentTooLarge: "HTTP/1.1 413 Content Too Large\r\n"
            case .unsupportedMediaType: "HTTP/1.1 415 Unsupported Media Type\r\n"
            case .unprocessable: "HTTP/1.1 422 Unprocessable Content\r\n"
            case .headTooLarge: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
            case .serviceUnavailable: "HTTP/1.1 503 Service Unavailable\r\n"
            }
        }
    }

    let status: Status
    var allow: StaticString?
    var retryAfter: StaticString?
    var authenticate: StaticString?
    var acceptEncoding: StaticString?
    /// Speaks of this moment, so nobody may keep it; it is also never taken for another type.
    var isMomentary = false
    var contentType: StaticString = "application/json"
    /// Stands in answers of scoring routes only.
    var scoring: Scoring?
    /// Of which this is the answer; it brings header fields of its own.
    var page: Page?

    /// What a scoring answer says of itself.
    struct Scoring {
        /// nil where no look-up belongs to the route.
        var cache: CacheResult?
        let modelVersion: String
        let timing: ServerTiming
    }

    init(_ status: Status, scoring: Scoring? = nil) {
        self.status = status
        self.scoring = scoring
    }

    /// A good answer that holds for this moment only.
    static let momentary = {
        var head = ResponseHead(.ok)
        head.isMomentary = true
        return head
    }()

    /// More than `write` writes, in bytes.
    ///
    /// - Parameter date: as in `write`.
    func maximumBytes(date: String) -> Int {
        let scoringBytes = scoring.map { $0.modelVersion.utf8.count + ServerTiming.maximumBytes } ?? 0
        return 512 + 2 * RequestID.maximumCount + date.utf8.count + contentType.utf8CodeUnitCount + scoringBytes
            + (allow?.utf8CodeUnitCount ?? 0) + (page?.fields.utf8.count ?? 0)
    }

    /// Writes the head of the answer to a call, up to and with the empty line.
    ///
    /// - Parameters:
    ///   - date: an IMF-fixdate (RFC 9110, section 5.6.7).
    ///   - length: the body's bytes, also where HEAD leaves the body out.
    func write(for call: Call, date: String, length: Int, to output: inout ByteWriter) {
        output.put(status.line)
        output.put("Date: ")
        output.put(date)
        if status != .noContent, status != .notModified {
            output.put("\r\nContent-Type: ")
            output.put(contentType)
            output.put("\r\nContent-Length: ")
            output.put(length)
        }
        call.requestID.withUnsafeBytes { id in
            output.put("\r\nX-Ms-Request-Id: ")
            output.put(id)
            output.put("\r\nX-Request-Id: ")
            output.put(id)
        }
        if let scoring { write(scoring, to: &output) }
        if let page { output.put(page.fields) }
        if let allow {
            output.put("\r\nAllow: ")
            output.put(allow)
        }
        if let retryAfter {
            output.put("\r\nRetry-After: ")
            output.put(retryAfter)
        }
        if let authenticate {
            output.put("\r\nWWW-Authenticate: ")
            output.put(authenticate)
        }
        if let acceptEncoding {
            output.put("\r\nAccept-Encoding: ")
            output.put(acceptEncoding)
        }
        if isMomentary { output.put("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff") }
        if !call.keepAlive {
            output.put("\r\nConnection: close")
        } else if call.minorVersion == 0 {
            output.put("\r\nConnection: keep-alive")
        }
        output.put("\r\n\r\n")
    }

    private func write(_ scoring: Scoring, to output: inout ByteWriter) {
        if let cache = scoring.cache {
            output.put("\r\nX-Cache: ")
            output.put(cache.words.header)
        }
        output.put("\r\nX-Model-Version: ")
        output.put(scoring.modelVersion)
        scoring.timing.write(to: &output)
    }
}
